import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { passportOf } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { Progress } from '@pinless-gate/runtime/progress';
import { type Expectations, verifyBundle } from '../bundle/verify.ts';
import { readEventFile } from '../event-file.ts';
import { bundleArgument, wholeNumber } from './options.ts';
import { passportJson, passportLine } from './passport.ts';

/** `whitelist verify` */
export const verifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      event: { type: 'string' },
      publisher: { type: 'string', multiple: true },
      threshold: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const bundle = bundleArgument(positionals);
  const { event, publisher } = values;
  if ((event === undefined) === (publisher === undefined)) {
    throw new UsageError('give either --event or --publisher', 'see whitelist --help');
  }
  if (event !== undefined && values.threshold !== undefined) {
    throw new UsageError('--threshold goes with --publisher');
  }
  const expectations =
    event === undefined
      ? await expectPublishers(publisher ?? [], values.threshold)
      : await expectEvent(event);
  const progress = new Progress(io, 'entries', () => performance.now());
  const { manifest, hash } = await verifyBundle(bundle, expectations, (entries, fraction) =>
    progress.update(entries, fraction),
  );
  const passport = passportOf(manifest, hash);
  const expired = manifest.expiresAt * 1000 < Date.now();
  if (values.json) io.out(JSON.stringify({ verified: true, expired, ...passportJson(passport) }));
  else io.out(`verified: ${passportLine(passport)}`);
  if (expired) io.err('the list has expired: gates refuse it');
  return EXIT_OK;
};

/** The publisher key of event.toml's HSM. */
async function expectEvent(path: string): Promise<Expectations> {
  const event = await readEventFile(path);
  const keys = await openKeyStore(event.hsm);
  try {
    const publisher = await keys.publicKey(event.keys.publisher);
    return { publishers: { keys: [publisher], threshold: 1 }, eventId: event.eventId };
  } finally {
    await keys.close();
  }
}

/** All of them must have signed, unless a threshold says how many. */
async function expectPublishers(
  paths: readonly string[],
  threshold?: string,
): Promise<Expectations> {
  const keys = new Map<string, Uint8Array>();
  for (const path of paths) {
    const spki = await readPublicKey(path);
    keys.set(Buffer.from(spki).toString('hex'), spki);
  }
  if (keys.size < paths.length) throw new UsageError('--publisher names one key twice');
  const enough =
    threshold === undefined ? keys.size : wholeNumber(threshold, '--threshold', 1, keys.size);
  return { publishers: { keys: [...keys.values()], threshold: enough } };
}

async function readPublicKey(path: string): Promise<Uint8Array> {
  const pem = await readFile(path);
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
      return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
    }
  } catch (cause) {
    throw new GateError('ERR_PUBLISHER_KEY', `${path}: not a public key in PEM`, { cause });
  }
  throw new GateError('ERR_PUBLISHER_KEY', `${path}: not an EC P-256 key`);
}
