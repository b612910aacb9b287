import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { DEFAULT_LABELS, type KeyStore } from '@pinless-gate/hsm/key-store';
import {
  BundleError,
  encodeSignatures,
  formatFingerprint,
  passportOf,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { Progress } from '@pinless-gate/runtime/progress';
import type { Publisher } from '../build/publication.ts';
import { readSignatures } from '../bundle/directory.ts';
import { withSignature } from '../bundle/signing.ts';
import { verifyBundle } from '../bundle/verify.ts';
import { bundleArgument, required } from './options.ts';
import { passportJson, passportLine } from './passport.ts';
import { expectationsOf } from './publisher-options.ts';

/** `whitelist sign`: one more publisher puts its name to the newest list, after it was verified whole. */
export const signCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      publisher: { type: 'string', default: DEFAULT_LABELS.publisher },
      event: { type: 'string' },
      'signed-by': { type: 'string', multiple: true },
      fingerprint: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const bundle = bundleArgument(positionals);
  const config = required(values.config, '--config');
  const heard = values.fingerprint === undefined ? undefined : parseHeard(values.fingerprint);
  const { event, 'signed-by': signedBy } = values;
  const expectations = await expectationsOf({ event, keys: signedBy }, '--signed-by');
  const progress = new Progress(io, 'entries', () => performance.now());
  const latest = await verifyBundle(bundle, expectations, (entries, fraction) =>
    progress.update(entries, fraction),
  );
  const passport = passportOf(latest.manifest, latest.hash);
  if (heard !== undefined && heard !== passport.fingerprint) {
    throw new BundleError(
      'ERR_BUNDLE_FINGERPRINT',
      `the list is ${formatFingerprint(passport.fingerprint)}, not ${formatFingerprint(heard)}`,
      { hint: 'ask whoever read it to you: one of you has another list' },
    );
  }
  const there = await readSignatures(bundle, latest.hash);
  const signatures = await withPublisher(config, values.publisher, (keys, publisher) =>
    withSignature(latest.bytes, there, keys, publisher),
  );
  if (signatures) {
    await writeFileDurably(join(bundle, signaturesName(latest.hash)), encodeSignatures(signatures));
  }
  const result = { signed: signatures !== undefined, signatures: (signatures ?? there).length };
  if (values.json) io.out(JSON.stringify({ ...result, ...passportJson(passport) }));
  else io.out(`${signatures ? 'signed' : 'signed already'}: ${passportLine(passport)}`);
  return EXIT_OK;
};

/** The publisher key of this label in the token that the file's `[hsm]` names. */
export async function withPublisher<T>(
  config: string,
  label: string,
  use: (keys: KeyStore, publisher: Publisher) => Promise<T>,
): Promise<T> {
  const keys = await openKeyStore(await readHsmConfig(config));
  try {
    await keys.require({ [label]: 'publisher' });
    return await use(keys, { label, publicKey: await keys.publicKey(label) });
  } finally {
    await keys.close();
  }
}

/** `K7F-2QD` or `k7f2qd`. */
function parseHeard(text: string): string {
  const letters = text.replace('-', '').toUpperCase();
  if (!/^[2-9A-HJ-NP-Z]{6}$/.test(letters)) {
    throw new UsageError(`--fingerprint ${text}: not six letters and digits of a list`);
  }
  return letters;
}
