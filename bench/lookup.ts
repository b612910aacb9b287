import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BucketEntry } from '@pinless-gate/protocol/bundle';
import type { Bench } from './bench.ts';
import { applyList } from './list.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';

const BUCKET_BITS = 12;
const PER_BUCKET = 245; // 2^12 of them: 1 003 520 entries
const ENTRIES = PER_BUCKET * 2 ** BUCKET_BITS;
const KEY = 16;
const SEALED = 1 + 12 + 256 + 16; // a record of one ticket, two padding units long
const STRIDE = KEY + SEALED;
const ROUNDS = 20;
const LOOKUPS = 10_000;

/** How long the gate's list takes to find the record of a card among a million. */
export const lookup: Bench = {
  target: { text: 'p99 20 µs or less', met: ({ ours }) => ours.p99 <= 20 },
  async measure({ directory, log, defer }) {
    log(`making a list of ${ENTRIES.toLocaleString('en')} entries`);
    const path = join(directory, 'flat');
    writeFileSync(path, flatFile());
    const flat = readFileSync(path);
    log('applying it as a gate does');
    const list = await applyList(
      {
        eventId: randomBytes(16),
        eventKeyId: randomBytes(16),
        bucketBits: BUCKET_BITS,
        buckets: bucketsOf(flat),
      },
      join(directory, 'lists'),
    );
    defer(() => list.close());

    const cards = () => Array.from({ length: LOOKUPS }, (_, i) => card(flat, i));
    for (const key of cards()) {
      const [ours, theirs] = [list.find(key), find(flat, key)];
      if (!(ours && theirs ? theirs.equals(ours) : ours === theirs)) {
        throw new Error('the list and the flat file disagree');
      }
    }
    log(`${ROUNDS} rounds of ${LOOKUPS.toLocaleString('en')} look-ups each`);
    const { ours, baseline } = await alternate(
      ROUNDS,
      async () => times(cards(), (key) => list.find(key)),
      async () => times(cards(), (key) => find(flat, key)),
    );
    return resultOf({
      bench: 'lookup',
      unit: 'µs',
      better: 'lower',
      ours: ours.flat(),
      baselineName: 'flat sorted file in memory, binary search, same process',
      baseline: baseline.flat(),
    });
  },
};

/** One card in ten is not on the list. */
function card(flat: Buffer, i: number): Uint8Array {
  if (i % 10 === 0) return randomBytes(KEY);
  const start = Math.floor(Math.random() * ENTRIES) * STRIDE;
  return new Uint8Array(flat.subarray(start, start + KEY));
}

/** Microseconds of each. */
function times(keys: readonly Uint8Array[], search: (key: Uint8Array) => unknown): number[] {
  return keys.map((key) => {
    const start = performance.now();
    search(key);
    return (performance.now() - start) * 1000;
  });
}

/** Sorted entries of one length: a conversion value, then its sealed record. */
function flatFile(): Buffer {
  const flat = randomBytes(ENTRIES * STRIDE);
  for (let bucket = 0; bucket < 2 ** BUCKET_BITS; bucket++) {
    const keys = Array.from({ length: PER_BUCKET }, () => {
      const key = randomBytes(KEY);
      key.writeUInt16BE((bucket << (16 - BUCKET_BITS)) | (key[1]! & 0x0f));
      return key;
    }).sort(Buffer.compare);
    for (const [i, key] of keys.entries()) flat.set(key, (bucket * PER_BUCKET + i) * STRIDE);
  }
  return flat;
}

function find(flat: Buffer, key: Uint8Array): Buffer | undefined {
  let low = 0;
  let high = ENTRIES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = middle * STRIDE;
    const order = flat.compare(key, 0, KEY, start, start + KEY);
    if (order === 0) return Buffer.from(flat.subarray(start + KEY, start + STRIDE));
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function* bucketsOf(flat: Buffer): Generator<BucketEntry[]> {
  for (let bucket = 0; bucket < 2 ** BUCKET_BITS; bucket++) {
    yield Array.from({ length: PER_BUCKET }, (_, i) => {
      const start = (bucket * PER_BUCKET + i) * STRIDE;
      return {
        conversionValue: flat.subarray(start, start + KEY),
        sealed: flat.subarray(start + KEY, start + STRIDE),
      };
    });
  }
}
