import { createHash, createPrivateKey } from 'node:crypto';
import { type CvcKind, cvcOctets, kindOf } from '@pinless-gate/hsm/cli/cvc-file';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeJpkiRequest, verifyJpkiRequest } from '@pinless-gate/protocol/cvc/jpki-request';
import { decodeCvRequest, verifyCvRequest } from '@pinless-gate/protocol/cvc/request';
import { GateError } from '@pinless-gate/protocol/errors';
import { GATE_KEY_FORMAT } from '@pinless-gate/protocol/gate-key';
import { DESTRUCTION_FORMAT, decodeDestruction } from '@pinless-gate/protocol/key-destruction';
import { decodeEnvelope, ENVELOPE_FORMAT } from '@pinless-gate/protocol/key-envelope';
import { keyHash } from '@pinless-gate/protocol/signed';
import {
  type DestructionRecord,
  type FileKind,
  type GivenFile,
  type KeyRequest,
  MAX_FILE_LENGTH,
  MAX_FILES,
  type Named,
  type ReadFiles,
} from '../domain/key-file.ts';
import { envelopeId, type PutEnvelope } from '../domain/keys.ts';
import { type RefusalCode, RefusedError } from '../domain/refusal.ts';
import { readCeremonyLog } from './ceremony-log.ts';
import { readCertificates } from './certificates.ts';

/**
 * Files of one kind, told by what is in them and never by their names. `wanted`: what the step asks for. Every other file is
 * refused, and nothing of it is kept: above all no private key and no PIN, whatever it is called. `at`: Unix seconds.
 */
export function readKeyFiles(
  files: readonly GivenFile[],
  at: number,
  wanted?: FileKind,
): ReadFiles {
  if (files.length === 0 || files.length > MAX_FILES) {
    throw refused('ERR_KEY_FILE_COUNT', `1 to ${MAX_FILES} files at once`);
  }
  const kinds = files.map((file) => requireKind(file, wanted));
  const kind = kinds[0]!;
  const other = files.find((_, i) => kinds[i] !== kind);
  if (other) throw wrongKind(other, kind);
  switch (kind) {
    case 'request':
      return { kind, requests: files.map((file) => named(file, () => readRequest(file))) };
    case 'certificates':
      return {
        kind,
        chain: readCertificates(
          files.map(({ octets }) => cvcOctets(octets)),
          at,
        ),
      };
    case 'log': {
      if (files.length > 1) throw refused('ERR_KEY_FILE_COUNT', 'one log at a time');
      return { kind, log: named(files[0]!, () => readCeremonyLog(files[0]!.octets)) };
    }
    case 'envelopes':
      return { kind, envelopes: files.map(readPutEnvelope) };
    case 'destruction':
      return { kind, records: files.map(readDestruction) };
  }
}

function requireKind(file: GivenFile, wanted: FileKind | undefined): FileKind {
  const { name, octets } = file;
  if (octets.length === 0 || octets.length > MAX_FILE_LENGTH) {
    const why = octets.length === 0 ? 'is empty' : `is longer than ${MAX_FILE_LENGTH} octets`;
    throw refused('ERR_KEY_FILE_SIZE', `${name} ${why}`);
  }
  if (isSecret(octets)) {
    throw refused('ERR_KEY_FILE_SECRET', `${name} is a private key or a PIN: it was not kept`);
  }
  const kind = kindOfFile(octets);
  if (kind === undefined) throw refused('ERR_KEY_FILE_UNKNOWN', `${name} is none of these files`);
  if (kind === 'gate-key' || (wanted !== undefined && kind !== wanted)) {
    throw wrongKind(file, wanted);
  }
  return kind;
}

const CVC_KINDS: Readonly<Record<CvcKind, FileKind | undefined>> = {
  jpki: 'certificates',
  certificate: 'certificates',
  'jpki-request': 'request',
  request: 'request',
  // Signed by a key that has a certificate already: nothing here asks for one.
  authentication: undefined,
};
const OPEN_BRACE = 0x7b;

function kindOfFile(octets: Uint8Array): FileKind | 'gate-key' | undefined {
  if (octets[0] === OPEN_BRACE) return 'log';
  const held = Buffer.from(octets);
  if (held.includes(ENVELOPE_FORMAT)) return 'envelopes';
  if (held.includes(DESTRUCTION_FORMAT)) return 'destruction';
  if (held.includes(GATE_KEY_FORMAT)) return 'gate-key';
  try {
    return CVC_KINDS[kindOf(cvcOctets(octets))];
  } catch (error) {
    if (error instanceof GateError) return undefined;
    throw error;
  }
}

const PEM_SECRET = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
/** What `so-pin` and files for `pin_file` hold. */
const PIN = /^\s*\d{4,16}\s*$/;
/** SEQUENCE { INTEGER 3, …: the beginning of PKCS #12. */
const PKCS12 = /^30(?:[0-7].|8[1-4](?:..){1,4})020103/;

function isSecret(octets: Uint8Array): boolean {
  const text = Buffer.from(octets).toString('latin1');
  if (PEM_SECRET.test(text) || PIN.test(text)) return true;
  if (PKCS12.test(Buffer.from(octets.subarray(0, 12)).toString('hex'))) return true;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => isPrivateKey(octets, type));
}

function isPrivateKey(octets: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): boolean {
  try {
    createPrivateKey({ key: Buffer.from(octets), format: 'der', type });
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // An encrypted one cannot be read, and is one all the same.
    return (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
  }
}

function readRequest({ octets }: GivenFile): KeyRequest {
  const raw = cvcOctets(octets);
  const id = createHash('sha256').update(raw).digest('hex');
  if (kindOf(raw) === 'jpki-request') {
    const request = formed('ERR_KEY_REQUEST', () => decodeJpkiRequest(raw));
    const { spki } = formed('ERR_KEY_REQUEST_SIGNATURE', () => verifyJpkiRequest(request));
    return { id, layout: 'jpki', keyHash: toHex(keyHash(spki)), holder: undefined, raw };
  }
  const request = formed('ERR_KEY_REQUEST', () => decodeCvRequest(raw));
  const { key } = formed('ERR_KEY_REQUEST_SIGNATURE', () => verifyCvRequest(request));
  const { holderReference: holder } = request;
  return { id, layout: 'tr03110', keyHash: toHex(keyHash(key.spki)), holder, raw };
}

function readPutEnvelope(file: GivenFile): Named<PutEnvelope> {
  const raw = file.octets;
  const { envelope, signed } = named(file, () =>
    formed('ERR_ENVELOPE_FORM', () => decodeEnvelope(raw)),
  );
  return { name: file.name, content: { id: envelopeId(raw), envelope, signed, raw } };
}

function readDestruction(file: GivenFile): Named<DestructionRecord> {
  const raw = file.octets;
  const received = named(file, () => formed('ERR_DESTRUCTION_FORM', () => decodeDestruction(raw)));
  return { name: file.name, content: { received, raw } };
}

function formed<T>(code: RefusalCode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    throw refused(code, error.message);
  }
}

/** Which of many it is. */
function named<T>({ name }: GivenFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw refused(error.code, `${name}: ${error.message}`);
  }
}

function wrongKind({ name }: GivenFile, wanted: FileKind | undefined): RefusedError {
  const what = wanted === undefined ? 'no file that is taken here' : `none of kind ${wanted}`;
  return refused('ERR_KEY_FILE_KIND', `${name} is ${what}`);
}

function refused(code: RefusalCode, why: string): RefusedError {
  return new RefusedError('invalid', code, why);
}
