import { join } from 'node:path';
import {
  BundleError,
  contentName,
  decodeBucket,
  type Manifest,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { replaceFile } from '@pinless-gate/runtime/durable-file';
import { readBucket, sizeOf, wellFormed } from './directory.ts';

const AT_ONCE = 16;

export interface CopyJob {
  readonly from: string;
  readonly to: string;
  readonly signal: AbortSignal;
  readonly progress: (buckets: number, fraction: number) => void;
}

/**
 * Puts the buckets that the target has not into it, each verified and on the disk. What the list that is there shares
 * with the new one was verified when it was published. Throws ERR_BUNDLE_COUNT where the entries do not add up.
 */
export async function copyBuckets(
  job: CopyJob,
  manifest: Manifest,
  present: Manifest | undefined,
): Promise<{ buckets: number; octets: number }> {
  const shared = await unchanged(job.to, manifest, present);
  const copied = { buckets: 0, octets: 0 };
  let entries = shared.entries;
  for (let index = 0; index < manifest.buckets.length; index += AT_ONCE) {
    if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    const indices = manifest.buckets.slice(index, index + AT_ONCE).map((_, i) => index + i);
    const done = indices.map((one) => copyBucket(job, manifest, one, shared.buckets.has(one)));
    // All of them end before the first failure is told.
    for (const result of await Promise.allSettled(done)) {
      if (result.status === 'rejected') throw result.reason;
      copied.buckets += result.value.octets > 0 ? 1 : 0;
      copied.octets += result.value.octets;
      entries += result.value.entries;
    }
    job.progress(index + indices.length, (index + indices.length) / manifest.buckets.length);
  }
  if (entries !== manifest.entryCount) {
    throw new BundleError(
      'ERR_BUNDLE_COUNT',
      `${entries} entries in the buckets, ${manifest.entryCount} in the manifest`,
    );
  }
  return copied;
}

interface CopiedBucket {
  /** 0 where the target has it. */
  readonly octets: number;
  /** 0 where it is shared: counted already. */
  readonly entries: number;
}

async function copyBucket(
  { from, to }: CopyJob,
  manifest: Manifest,
  index: number,
  shared: boolean,
): Promise<CopiedBucket> {
  const name = contentName(manifest.buckets[index]!);
  const path = join(to, name);
  const there = await sizeOf(path);
  if (shared && there !== undefined && there === (await sizeOf(join(from, name))))
    return { octets: 0, entries: 0 };
  const bytes = await readBucket(from, manifest, index);
  const entries = shared ? 0 : entriesIn(bytes, index, manifest);
  if (there === bytes.length) return { octets: 0, entries };
  await replaceFile(path, bytes);
  return { octets: bytes.length, entries };
}

function entriesIn(bytes: Uint8Array, index: number, { bucketBits }: Manifest): number {
  return wellFormed('ERR_BUNDLE_BUCKET', `bucket ${index}`, () =>
    decodeBucket(bytes, index, bucketBits),
  ).length;
}

/**
 * The buckets that both lists have, and how many entries are in them: those of the list that is there, less what is in
 * its other buckets.
 */
async function unchanged(
  to: string,
  manifest: Manifest,
  present: Manifest | undefined,
): Promise<{ buckets: ReadonlySet<number>; entries: number }> {
  const none = { buckets: new Set<number>(), entries: 0 };
  if (present?.bucketBits !== manifest.bucketBits) return none;
  const buckets = new Set<number>();
  let entries = present.entryCount;
  for (const [index, hash] of manifest.buckets.entries()) {
    if (equal(hash, present.buckets[index]!)) buckets.add(index);
    else {
      try {
        entries -= entriesIn(await readBucket(to, present, index), index, present);
      } catch (error) {
        // What is damaged there is no measure for anything.
        if (error instanceof BundleError) return none;
        throw error;
      }
    }
  }
  return { buckets, entries };
}
