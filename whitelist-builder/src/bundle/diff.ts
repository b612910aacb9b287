import {
  type BucketEntry,
  bucketOf,
  contentName,
  decodeBucket,
} from '@pinless-gate/protocol/bundle';
import { compare, equal } from '@pinless-gate/protocol/bytes';
import { type ManifestFile, readBucket, wellFormed } from './directory.ts';

/** A list that is compared: a bundle's directory, and the manifest that was chosen there. */
export interface DiffSide extends ManifestFile {
  readonly directory: string;
}

export const CHANGES = ['added', 'removed', 'changed'] as const;
export type Change = (typeof CHANGES)[number];
export type ChangeCounts = Readonly<Record<Change, number>>;

/** What differs between two lists, told from the sealed entries: no key is needed. */
export interface BundleDiff {
  readonly entries: ChangeCounts & { readonly same: number };
  /** By bucket of the second list, where anything differs. */
  readonly byBucket: ReadonlyMap<number, ChangeCounts>;
  /** Bucket files that only the second list has, and their octets: what a gate fetches. */
  readonly newBuckets: number;
  readonly newOctets: number;
}

/**
 * Both lists are read in order, a bucket at a time, so memory does not grow with them. `told` learns of every
 * entry that differs, by its conversion value.
 */
export async function diffBundles(
  before: DiffSide,
  after: DiffSide,
  told: (change: Change, conversionValue: Uint8Array) => void = () => {},
): Promise<BundleDiff> {
  const total = { added: 0, removed: 0, changed: 0 };
  const byBucket = new Map<number, { added: number; removed: number; changed: number }>();
  const note = (change: Change, { conversionValue }: BucketEntry) => {
    const bucket = bucketOf(conversionValue, after.manifest.bucketBits);
    const counts = byBucket.get(bucket) ?? { added: 0, removed: 0, changed: 0 };
    byBucket.set(bucket, counts);
    counts[change]++;
    total[change]++;
    told(change, conversionValue);
  };
  await walk(before, after, note);
  const same = after.manifest.entryCount - total.added - total.changed;
  return { entries: { ...total, same }, byBucket, ...(await newFiles(before, after)) };
}

async function walk(
  before: DiffSide,
  after: DiffSide,
  note: (change: Change, entry: BucketEntry) => void,
): Promise<void> {
  const [old, fresh] = [entriesOf(before, after), entriesOf(after, before)];
  let [a, b] = [(await old.next()).value, (await fresh.next()).value];
  while (a || b) {
    const order = !a ? 1 : !b ? -1 : compare(a.conversionValue, b.conversionValue);
    if (order < 0) note('removed', a!);
    else if (order > 0) note('added', b!);
    else if (!equal(a!.sealed, b!.sealed)) note('changed', b!);
    if (order <= 0) a = (await old.next()).value;
    if (order >= 0) b = (await fresh.next()).value;
  }
}

/** In order; without those of buckets that the other list has too. */
async function* entriesOf(
  { directory, manifest }: DiffSide,
  other: DiffSide,
): AsyncGenerator<BucketEntry, undefined> {
  const { bucketBits, buckets } = manifest;
  const shared = other.manifest.bucketBits === bucketBits ? other.manifest.buckets : [];
  for (const [bucket, hash] of buckets.entries()) {
    if (shared[bucket] && equal(shared[bucket], hash)) continue;
    const bytes = await readBucket(directory, manifest, bucket);
    yield* wellFormed('ERR_BUNDLE_BUCKET', `bucket ${bucket}`, () =>
      decodeBucket(bytes, bucket, bucketBits),
    );
  }
  return undefined;
}

async function newFiles(before: DiffSide, { directory, manifest }: DiffSide) {
  const known = new Set(before.manifest.buckets.map(contentName));
  let newBuckets = 0;
  let newOctets = 0;
  for (const [bucket, hash] of manifest.buckets.entries()) {
    if (known.has(contentName(hash))) continue;
    known.add(contentName(hash));
    newBuckets++;
    newOctets += (await readBucket(directory, manifest, bucket)).length;
  }
  return { newBuckets, newOctets };
}
