import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { Publishers } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import { UsageError } from '@pinless-gate/runtime/program';
import type { Expectations } from '../bundle/verify.ts';
import { readEventFile } from '../event-file.ts';
import { wholeNumber } from './options.ts';

/** Who must have signed: the publisher of event.toml, or public keys. */
export interface PublisherValues {
  readonly event?: string | undefined;
  /** Paths of public keys. */
  readonly keys?: readonly string[] | undefined;
  readonly threshold?: string | undefined;
}

/** `option` is what the keys are called on the command line. */
export async function expectationsOf(
  { event, keys, threshold }: PublisherValues,
  option = '--publisher',
): Promise<Expectations> {
  if ((event === undefined) === (keys === undefined)) {
    throw new UsageError(`give either --event or ${option}`, 'see whitelist --help');
  }
  if (keys) return { publishers: await readPublishers(keys, threshold, option) };
  if (threshold !== undefined) throw new UsageError(`--threshold goes with ${option}`);
  return expectEvent(event!);
}

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
export async function readPublishers(
  paths: readonly string[],
  threshold: string | undefined,
  option = '--publisher',
): Promise<Publishers> {
  const keys = new Map<string, Uint8Array>();
  for (const path of paths) {
    const spki = await readPublicKey(path);
    keys.set(Buffer.from(spki).toString('hex'), spki);
  }
  if (keys.size < paths.length) throw new UsageError(`${option} names one key twice`);
  const enough =
    threshold === undefined ? keys.size : wholeNumber(threshold, '--threshold', 1, keys.size);
  return { keys: [...keys.values()], threshold: enough };
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
