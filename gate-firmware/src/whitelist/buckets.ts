import { encodeBucket } from '@pinless-gate/protocol/bundle';
import type { Environment } from '../storage/lmdb.ts';

/** One bucket of the gate's copy, octet for octet as it was published. */
export function readBucket(
  environment: Environment,
  index: number,
  bucketBits: number,
): Uint8Array {
  const shift = 24 - bucketBits;
  const start = prefix(index << shift);
  const next = (index + 1) << shift;
  const end = next <= 0xff_ffff ? { end: prefix(next) } : {};
  const entries = environment.getRange({ start, ...end });
  return encodeBucket(
    Array.from(entries, ({ key, value }) => ({ conversionValue: key, sealed: value })),
  );
}

function prefix(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}
