import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type BucketEntry, contentName, sha256 } from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { cannotCarry } from './carried.ts';
import { Scratch } from './cipher-chunks.ts';

const KEY_LENGTH = 16;
const HEADER_LENGTH = KEY_LENGTH + 2;

/**
 * Buckets of the last list, with what changed, one after the other: in memory that is used again, since what is new for each
 * of hundreds is collected at the price of making it.
 */
export class CarriedBuckets {
  readonly #directory: string;
  readonly #old = new Scratch();
  readonly #new = new Scratch();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Measured; a view that lives until the next is read. Synchronous: waiting for a turn costs more than the read. */
  read(wanted: Uint8Array): { readonly octets: Buffer; readonly hash: Uint8Array } {
    const path = join(this.#directory, contentName(wanted));
    try {
      const octets = this.#readWhole(path);
      const hash = sha256(octets);
      if (equal(hash, wanted)) return { octets, hash };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    }
    throw cannotCarry(`${path} is not there, or not whole`);
  }

  /** A view that lives until the next is patched. */
  patch(
    bucket: Buffer,
    removed: readonly Buffer[],
    added: readonly BucketEntry[],
  ): { readonly octets: Buffer; readonly count: number } {
    const more = added.reduce((sum, { sealed }) => sum + HEADER_LENGTH + sealed.length, 0);
    return patchBucket(bucket, removed, added, this.#new.take(bucket.length + more));
  }

  #readWhole(path: string): Buffer {
    const file = openSync(path, 'r');
    try {
      const octets = this.#old.take(fstatSync(file).size);
      return octets.subarray(0, readSync(file, octets, 0, octets.length, 0));
    } finally {
      closeSync(file);
    }
  }
}

export function countEntries(bucket: Buffer): number {
  let count = 0;
  for (let at = 0; at < bucket.length; at += entryLength(bucket, at)) count++;
  return count;
}

/**
 * A bucket without the entries of some conversion values, and with others; all of them in order. What stays is copied a run
 * at a time.
 */
function patchBucket(
  bucket: Buffer,
  removed: readonly Buffer[],
  added: readonly BucketEntry[],
  octets: Buffer,
): { readonly octets: Buffer; readonly count: number } {
  let [length, count, run, nextRemoved, nextAdded] = [0, 0, 0, 0, 0];
  const flush = (to: number) => {
    length += bucket.copy(octets, length, run, to);
    run = to;
  };
  const addBefore = (at: number, goes: boolean) => {
    for (; nextAdded < added.length; nextAdded++, count++) {
      const entry = added[nextAdded]!;
      const order = at < bucket.length ? compareKey(bucket, at, entry.conversionValue) : 1;
      if (order < 0) return;
      if (order === 0 && !goes) throw new RangeError('a card that is listed already');
      flush(at);
      length = writeEntry(octets, length, entry);
    }
  };
  for (let at = 0; at < bucket.length; at += entryLength(bucket, at)) {
    while (nextRemoved < removed.length && compareKey(bucket, at, removed[nextRemoved]!) > 0) {
      nextRemoved++;
    }
    const goes =
      nextRemoved < removed.length && compareKey(bucket, at, removed[nextRemoved]!) === 0;
    addBefore(at, goes);
    if (!goes) {
      count++;
      continue;
    }
    flush(at);
    run = at + entryLength(bucket, at);
  }
  addBefore(bucket.length, false);
  flush(bucket.length);
  return { octets: octets.subarray(0, length), count };
}

function entryLength(bucket: Buffer, at: number): number {
  return HEADER_LENGTH + bucket.readUInt16BE(at + KEY_LENGTH);
}

function writeEntry(octets: Buffer, at: number, { conversionValue, sealed }: BucketEntry): number {
  octets.set(conversionValue, at);
  octets.writeUInt16BE(sealed.length, at + KEY_LENGTH);
  octets.set(sealed, at + HEADER_LENGTH);
  return at + HEADER_LENGTH + sealed.length;
}

/** Octet by octet: nearly always the first ones differ. */
function compareKey(bucket: Buffer, at: number, key: Uint8Array): number {
  for (let i = 0; i < KEY_LENGTH; i++) {
    const difference = bucket[at + i]! - key[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
