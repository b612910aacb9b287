import { createHash } from 'node:crypto';
import { basename, dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { FormatError } from '@pinless-gate/protocol/errors';
import type { RsaPublicKey } from '@pinless-gate/protocol/public-key';
import { readTlv } from '@pinless-gate/protocol/tlv';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { readInputFile } from '@pinless-gate/runtime/input-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { readCeremonyConfig } from '../ceremony/config.ts';
import { withApproval } from '../ceremony/dual-control.ts';
import {
  checkJpkiChain,
  checkTr03110Chain,
  type HandedCvc,
  type InstitutionChain,
} from '../ceremony/institution-chain.ts';
import { CVC_DIRECTORY, digestOf, storeInstitutionChain } from '../ceremony/institution-files.ts';
import {
  type CvcLayout,
  institutionPublicKey,
  institutionRequest,
} from '../ceremony/institution-request.ts';
import { DEFAULT_LABELS, HsmError } from '../key-store.ts';
import { type CvcAnchors, readCvcAnchors } from './cvc-anchor.ts';
import { type CvcKind, cvcOctets, MAX_FILE_LENGTH, readCvcFile } from './cvc-file.ts';
import { COMMON_OPTIONS, withKeyStore } from './options.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  layout: { type: 'string' },
  label: { type: 'string', default: DEFAULT_LABELS.institution },
} as const;

/** `hsm institution request --layout jpki|tr03110 --out FILE` */
export const institutionRequestCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...OPTIONS,
      out: { type: 'string' },
      'holder-reference': { type: 'string' },
      'authority-reference': { type: 'string' },
    },
  });
  const layout = parseLayout(values.layout);
  const { label, out, 'holder-reference': holderReference } = values;
  if (!out) throw new UsageError('--out FILE is wanted');
  if ((layout === 'tr03110') !== (holderReference !== undefined)) {
    throw new UsageError(
      'a request of TR-03110 names its holder, one of JPKI does not',
      '--holder-reference JPGATE00001 goes with --layout tr03110',
    );
  }
  const authorityReference = values['authority-reference'];
  const wanted = { layout, label, holderReference, authorityReference };
  const request = await withKeyStore(values.config, (store) => institutionRequest(store, wanted));
  await writeFileDurably(out, request);
  const digest = sha256(request);
  if (values.json) io.out(JSON.stringify({ layout, label, out, sha256: digest }));
  else io.out(`${out}: SHA-256 ${digest}`);
  return EXIT_OK;
};

/** `hsm institution import --layout … --anchor FILE CVC…` */
export const institutionImportCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { ...OPTIONS, anchor: { type: 'string', multiple: true, default: [] } },
  });
  const layout = parseLayout(values.layout);
  const { config, label, anchor: anchorPaths } = values;
  if (!config) throw new UsageError('--config FILE is needed', 'hsm init makes one');
  if (anchorPaths.length === 0 || positionals.length === 0) {
    throw new UsageError('--anchor FILE and the CV certificates are wanted, from it downwards');
  }
  const anchors = await readCvcAnchors(anchorPaths);
  const files = await Promise.all(positionals.map((path) => readHanded(path, layout)));
  const { publicKey, id } = await withKeyStore(config, async (store) => ({
    publicKey: await institutionPublicKey(store, label),
    id: (await store.keys()).find((key) => key.label === label)!.id,
  }));
  const proven = check(layout, anchors, files, publicKey);
  const details = {
    layout,
    institution: proven.holder,
    'last day': lastDay(proven),
    key: label,
    'key id': id,
    'public key': sha256(publicKey.spki),
    anchor: await Promise.all(anchorPaths.map(describeFile)),
    certificates: files.map(({ name, encoded }) => `${name} ${sha256(encoded)}`),
  };
  const chain = files.map(({ encoded }) => encoded);
  const stored = await withApproval(
    await readCeremonyConfig(config),
    { action: 'institution-import', details, facts: () => ({ chain: digestOf(chain) }) },
    () => storeInstitutionChain(join(dirname(config), CVC_DIRECTORY), layout, chain),
  );
  const paths = stored.map((path) => relative(dirname(config), path));
  if (values.json) {
    io.out(
      JSON.stringify({
        layout,
        institution: proven.holder,
        lastDay: lastDay(proven),
        files: stored,
      }),
    );
    return EXIT_OK;
  }
  io.out(`institution ${proven.holder}, ${lastDay(proven)}`);
  const profile = layout === 'jpki' ? 'jpki' : 'iso';
  io.out(
    `${profile} = { certificates = [${paths.map((path) => JSON.stringify(path)).join(', ')}] }`,
  );
  return EXIT_OK;
};

function check(
  layout: CvcLayout,
  { jpki, tr03110 }: CvcAnchors,
  files: readonly HandedCvc[],
  publicKey: RsaPublicKey,
): InstitutionChain {
  const [own, other] = layout === 'jpki' ? [jpki, tr03110] : [tr03110, jpki];
  if (other.length > 0 || own.length === 0) {
    throw new HsmError('ERR_INSTITUTION_LAYOUT', `an anchor is not of the layout ${layout}`);
  }
  if (layout === 'jpki') return checkJpkiChain(jpki, files, publicKey);
  return checkTr03110Chain(tr03110, files, publicKey, Math.floor(Date.now() / 1000));
}

const WANTED: Readonly<Record<CvcLayout, CvcKind>> = { jpki: 'jpki', tr03110: 'certificate' };

async function readHanded(path: string, layout: CvcLayout): Promise<HandedCvc> {
  const file = await readCvcFile(path);
  const name = basename(path);
  if ('reason' in file) throw await unreadable(path, name, file.reason);
  if (file.kind === WANTED[layout]) return { name, encoded: file.encoded };
  throw new HsmError(
    'ERR_INSTITUTION_LAYOUT',
    `${name} is not a CV certificate of the layout ${layout}`,
    { hint: 'hsm cvc show tells what it is' },
  );
}

async function unreadable(path: string, name: string, reason: string): Promise<HsmError> {
  const input = await readInputFile(path, MAX_FILE_LENGTH);
  if ('bytes' in input && hasTrailing(input.bytes)) {
    return new HsmError('ERR_INSTITUTION_TRAILING', `${name}: octets after the certificate`, {
      hint: 'one file, one certificate: take it from J-LIS again',
    });
  }
  return new HsmError('ERR_INSTITUTION_FILE', `${name}: ${reason}`);
}

function hasTrailing(bytes: Uint8Array): boolean {
  try {
    const octets = cvcOctets(bytes);
    return readTlv(octets, 0).end < octets.length;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

async function describeFile(path: string): Promise<string> {
  const input = await readInputFile(path, MAX_FILE_LENGTH);
  if ('reason' in input) throw new HsmError('ERR_INSTITUTION_FILE', `${path}: ${input.reason}`);
  return `${basename(path)} ${sha256(input.bytes)}`;
}

function lastDay({ expiry }: InstitutionChain): string {
  if (expiry === undefined) return 'no dates in this layout';
  return new Date(1000 * expiry).toISOString().slice(0, 10);
}

function parseLayout(text: string | undefined): CvcLayout {
  if (text === 'jpki' || text === 'tr03110') return text;
  throw new UsageError('--layout is jpki or tr03110');
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
