import { randomBytes } from 'node:crypto';
import type { BucketEntry } from '@pinless-gate/protocol/bundle';
import type { ListContent } from './list.ts';

const KEY = 16;
export const SEALED = 1 + 12 + 256 + 16; // a record of one ticket, two padding units long
const STRIDE = KEY + SEALED;

export interface Size {
  readonly bucketBits: number;
  readonly perBucket: number;
}

/** Lists of millions, in buckets of 64 to 72 KiB as `whitelist build` makes them. */
export const SIZES = {
  '1m': { bucketBits: 12, perBucket: 245 }, // 1,003,520
  '10m': { bucketBits: 15, perBucket: 306 }, // 10,027,008
  '30m': { bucketBits: 17, perBucket: 229 }, // 30,015,488
} as const satisfies Record<string, Size>;

export function entriesOf({ bucketBits, perBucket }: Size): number {
  return perBucket * 2 ** bucketBits;
}

/** Random entries of one length, bucket after bucket. */
export function randomList(size: Size): ListContent {
  const { bucketBits } = size;
  function* buckets(): Generator<BucketEntry[]> {
    for (let bucket = 0; bucket < 2 ** bucketBits; bucket++) yield randomBucket(size, bucket);
  }
  return {
    eventId: randomBytes(16),
    eventKeyId: randomBytes(16),
    bucketBits,
    buckets: buckets(),
  };
}

export function randomBucket({ bucketBits, perBucket }: Size, bucket: number): BucketEntry[] {
  const octets = randomBytes(perBucket * STRIDE);
  return Array.from({ length: perBucket }, (_, i) => {
    const entry = octets.subarray(i * STRIDE, (i + 1) * STRIDE);
    begin(entry, bucket, bucketBits);
    return { conversionValue: entry.subarray(0, KEY), sealed: entry.subarray(KEY) };
  }).sort((a, b) => Buffer.compare(a.conversionValue, b.conversionValue));
}

/** The first bits of a conversion value say which bucket it belongs to. */
function begin(entry: Buffer, bucket: number, bucketBits: number): void {
  const shift = 24 - bucketBits;
  const below = entry.readUIntBE(0, 3) & (2 ** shift - 1);
  entry.writeUIntBE(bucket * 2 ** shift + below, 0, 3);
}
