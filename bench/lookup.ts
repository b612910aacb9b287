import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import type { BucketEntry } from '@pinless-gate/protocol/bundle';
import type { Bench, BenchContext } from './bench.ts';
import { applyPublished, publishList } from './list.ts';
import { entriesOf, randomList, SEALED, SIZES, type Size } from './million.ts';
import { distribution, resultOf } from './result.ts';
import { alternate } from './rounds.ts';

const KEY = 16;
const ROUNDS = 20;
const LOOKUPS = 10_000;

/** How long the gate's list takes to find the record of a card among so many. */
function lookup(name: keyof typeof SIZES, p99: number): Bench {
  const size = SIZES[name];
  return {
    target: { text: `p99 ${p99} µs or less`, met: ({ ours }) => ours.p99 <= p99 },
    async measure(context) {
      const { log, defer } = context;
      const { flat, list } = await makeBoth(size, context);
      defer(() => flat.close());
      const cards = () => Array.from({ length: LOOKUPS }, (_, i) => card(flat, i));
      log('reading every bucket once, as the scrub does');
      for (let bucket = 0; bucket < 2 ** size.bucketBits; bucket++) list.find(flat.first(bucket));
      for (const key of cards()) {
        const [ours, theirs] = [list.find(key), flat.find(key)];
        if (!(ours && theirs ? theirs.equals(ours) : ours === theirs)) {
          throw new Error('the list and the flat file disagree');
        }
      }
      log(`${ROUNDS} rounds of ${LOOKUPS.toLocaleString('en')} look-ups each`);
      const { ours, baseline } = await alternate(
        ROUNDS,
        async () => times(cards(), (key) => list.find(key)),
        async () => times(cards(), (key) => flat.find(key)),
      );
      log(`hits p99 ${p99Of(ours, true)} µs, misses p99 ${p99Of(ours, false)} µs`);
      return resultOf({
        bench: name === '1m' ? 'lookup' : `lookup-${name}`,
        unit: 'µs',
        better: 'lower',
        ours: ours.flat(),
        baselineName: 'flat sorted file: keys in memory, binary search, one pread of the record',
        baseline: baseline.flat(),
      });
    },
  };
}

export const lookup1m = lookup('1m', 20);
export const lookup10m = lookup('10m', 50);
export const lookup30m = lookup('30m', 100);

async function makeBoth(
  size: Size,
  { directory, log, defer }: BenchContext,
): Promise<{ flat: FlatFile; list: Whitelist }> {
  log(`making a list of ${entriesOf(size).toLocaleString('en')} entries`);
  const flat = new FlatFile(join(directory, 'flat'), size);
  const content = randomList(size);
  const buckets = flat.writing(content.buckets);
  const published = publishList({ ...content, buckets }, join(directory, 'bundle'));
  log('applying it as a gate does');
  const start = performance.now();
  const list = await applyPublished(published, join(directory, 'lists'));
  log(`applied in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  // Its pages would keep those of the list out of memory.
  rmSync(published.directory, { recursive: true });
  defer(() => list.close());
  return { flat, list };
}

/** One card in ten is not on the list. */
const MISS_EVERY = 10;

function card(flat: FlatFile, i: number): Uint8Array {
  return i % MISS_EVERY === 0 ? randomBytes(KEY) : flat.any();
}

function p99Of(rounds: readonly (readonly number[])[], hits: boolean): number {
  const samples = rounds.flatMap((round) =>
    round.filter((_, i) => (i % MISS_EVERY !== 0) === hits),
  );
  return distribution(samples, 'lower').p99;
}

/** Microseconds of each. */
function times(keys: readonly Uint8Array[], search: (key: Uint8Array) => unknown): number[] {
  return keys.map((key) => {
    const start = performance.now();
    search(key);
    return (performance.now() - start) * 1000;
  });
}

/** Sorted entries of one length in one file, their keys in memory. */
class FlatFile {
  readonly #file: number;
  readonly #keys: Buffer;
  readonly #entries: number;
  readonly #perBucket: number;

  constructor(path: string, size: Size) {
    this.#file = openSync(path, 'w+');
    this.#entries = entriesOf(size);
    this.#perBucket = size.perBucket;
    this.#keys = Buffer.alloc(KEY * this.#entries);
  }

  /** Passes buckets on, and writes their records. */
  *writing(buckets: Iterable<readonly BucketEntry[]>): Generator<readonly BucketEntry[]> {
    let at = 0;
    for (const entries of buckets) {
      for (const { conversionValue } of entries) {
        this.#keys.set(conversionValue, at);
        at += KEY;
      }
      writeSync(this.#file, Buffer.concat(entries.map(({ sealed }) => sealed)));
      yield entries;
    }
  }

  first(bucket: number): Uint8Array {
    return this.#key(bucket * this.#perBucket);
  }

  any(): Uint8Array {
    return this.#key(Math.floor(Math.random() * this.#entries));
  }

  find(key: Uint8Array): Buffer | undefined {
    let low = 0;
    let high = this.#entries;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = middle * KEY;
      const order = this.#keys.compare(key, 0, KEY, start, start + KEY);
      if (order === 0) return this.#record(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  close(): void {
    closeSync(this.#file);
  }

  #key(index: number): Uint8Array {
    return new Uint8Array(this.#keys.subarray(index * KEY, (index + 1) * KEY));
  }

  #record(index: number): Buffer {
    const record = Buffer.allocUnsafe(SEALED);
    readSync(this.#file, record, 0, SEALED, index * SEALED);
    return record;
  }
}
