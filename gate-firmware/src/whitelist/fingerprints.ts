import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatAll, uint64 } from '@pinless-gate/protocol/bytes';
import xxhash from 'xxhash-wasm';
import { FINGERPRINTS_FILE } from './copy.ts';

// xxHash64 finds what a disk does to a list; it is cheap on boards without SHA instructions. Collisions can be
// made on purpose: what somebody may choose is measured by SHA-256.

const LENGTH = 8;

/** xxHash64 of octets, as 8 octets. */
export type Fingerprint = (octets: Uint8Array) => Uint8Array;

export async function openFingerprint(): Promise<Fingerprint> {
  const { h64Raw } = await xxhash();
  return (octets) => uint64(h64Raw(octets));
}

/** One after the other, in the order of the buckets. */
export function encodeFingerprints(fingerprints: readonly Uint8Array[]): Uint8Array {
  return concatAll(fingerprints);
}

/** Undefined where the file cannot be read, or holds another number of them. */
export async function readFingerprints(
  directory: string,
  buckets: number,
): Promise<Uint8Array[] | undefined> {
  const octets = await readFile(join(directory, FINGERPRINTS_FILE)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === undefined) throw error;
      return undefined;
    },
  );
  if (octets?.length !== buckets * LENGTH) return undefined;
  return Array.from({ length: buckets }, (_, i) => octets.subarray(LENGTH * i, LENGTH * (i + 1)));
}
