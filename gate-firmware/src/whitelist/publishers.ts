import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BundleError, type Publishers } from '@pinless-gate/protocol/bundle';
import { FormatError } from '@pinless-gate/protocol/errors';
import {
  MAX_PUBLISHERS_LENGTH,
  type PublisherSet,
  type PublishersInForce,
  publishersName,
  verifyPublisherSet,
} from '@pinless-gate/protocol/publishers';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import type { BundleSource } from './source.ts';

/** Sets that are taken one after the other in one go. */
const MAX_STEPS = 64;

export interface PublisherChain extends PublishersInForce {
  /** Those that follow the configuration, oldest first. */
  readonly sets: readonly PublisherSet[];
}

/**
 * Who may publish now: the configuration's publishers, or the last of the sets that follow them on the disk. Every
 * set is verified again, since somebody may have put one there. Throws ERR_LIST_PUBLISHERS where one does not hold.
 */
export async function readPublishers(
  directory: string,
  configured: Publishers,
  eventId: Uint8Array,
): Promise<PublisherChain> {
  let chain: PublisherChain = { number: 0, publishers: configured, sets: [] };
  for (;;) {
    const name = publishersName(chain.number + 1);
    const bytes = await readIfThere(join(directory, name));
    if (!bytes) return chain;
    chain = following(bytes, chain, eventId);
  }
}

/** Takes the sets that the source has beyond those on the disk, each durably, oldest first. */
export async function fetchPublishers(
  source: BundleSource,
  directory: string,
  present: PublisherChain,
  eventId: Uint8Array,
): Promise<PublisherChain> {
  let chain = present;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const name = publishersName(chain.number + 1);
    const bytes = await source.read(name, MAX_PUBLISHERS_LENGTH).catch((error: unknown) => {
      if (error instanceof BundleError && error.code === 'ERR_BUNDLE_MISSING') return undefined;
      throw error;
    });
    if (!bytes) return chain;
    const next = following(bytes, chain, eventId);
    await mkdir(directory, { recursive: true });
    await writeFileDurably(join(directory, name), bytes);
    chain = next;
  }
  return chain;
}

/** What the journal noted must be there: a set that somebody deletes brings back those who were rotated away. */
export function requireTaken({ number }: PublisherChain, taken: number): void {
  if (number >= taken) return;
  throw new BundleError(
    'ERR_LIST_PUBLISHERS',
    `publishers ${taken} were in force, and publishers ${number} are the newest there`,
    { hint: 'the gate fetches them again from where it gets its lists' },
  );
}

function following(bytes: Uint8Array, before: PublisherChain, eventId: Uint8Array): PublisherChain {
  try {
    const next = verifyPublisherSet(bytes, before, eventId);
    const { number, publishers } = next;
    return { number, publishers, sets: [...before.sets, next] };
  } catch (cause) {
    if (!(cause instanceof BundleError || cause instanceof FormatError)) throw cause;
    throw new BundleError(
      'ERR_LIST_PUBLISHERS',
      `publishers ${before.number + 1} cannot follow: ${cause.message} [${cause.code}]`,
      { cause, hint: 'the publishers in force stay; ask who signed the new ones' },
    );
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
