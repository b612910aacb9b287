import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { bucketOf } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Feed } from '../purchase/feed.ts';
import type { LineProblem } from '../purchase/line.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { feedChanged } from '../purchase/ndjson.ts';
import type { CannotEnter } from '../validity/report.ts';
import { BucketFiles, bucketBitsFor } from './bucket-files.ts';
import type { CacheFile } from './cache-file.ts';
import { type Carried, cannotCarry } from './carried.ts';
import { CarriedBuckets, countEntries } from './carried-buckets.ts';
import { bucketLength, type SpooledEntry, sortedEntries } from './entries.ts';
import type { Finding, Findings } from './findings.ts';
import { LineSet } from './line-set.ts';
import { type MergedEntry, mergeCards } from './merge.ts';
import type { Partitions } from './partitions.ts';
import { LateRefusalError } from './refusals.ts';
import type { TicketIndexWriter } from './ticket-index.ts';
import { KEY_LENGTH } from './uses.ts';

export interface AssembleJob {
  readonly staging: string;
  readonly out: string;
  readonly feed: Feed;
  readonly rules: ListingRules;
  readonly converter: Converter;
  readonly cache: CacheFile;
  readonly entries: Partitions;
  /** Octets of all entries that were set down, as they stand in buckets. */
  readonly entriesLength: number;
  /** The list whose other entries are taken over. */
  readonly carried: Carried | undefined;
  /** Rows that do not count; undefined where all do. */
  readonly left: ((line: number) => boolean) | undefined;
  readonly findings: Findings;
  readonly tickets: TicketIndexWriter | undefined;
  /** Something to do while buckets are made. */
  readonly meanwhile: () => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly progress: (entries: number, fraction: number) => void;
}

/** What is to be said of the cards in the list. */
export interface Tally {
  /** Cards that no list speaks of; all of them where none was given. */
  unchecked: number;
  /** The oldest answer of a list for a card, Unix seconds. */
  revocationCheckedAt: number;
  /** Cards with a certificate that ends before their tickets are admitted, and the rows they stand in. */
  expiring: number;
  readonly expiringLines: LineSet;
}

export interface Assembled {
  readonly buckets: BucketFiles;
  readonly hashes: readonly Uint8Array[];
  readonly tally: Tally;
}

/** Second pass: entries in order, each card once, as bucket files beside the bundle. */
export async function assemble(job: AssembleJob): Promise<Assembled> {
  const { entries, signal, cache, carried } = job;
  const bits = bucketBitsFor(await listLength(job));
  if (carried && carried.list.manifest.bucketBits !== bits) {
    throw cannotCarry('another number of buckets');
  }
  const buckets = new BucketFiles(job.staging, job.out, bits);
  const old = new CarriedBuckets(job.out);
  const tally: Tally = {
    unchecked: carried?.unchecked ?? 0,
    revocationCheckedAt: carried?.revocationCheckedAt ?? Number.POSITIVE_INFINITY,
    expiring: 0,
    expiringLines: new LineSet(),
  };
  const keep = (line: number) => !job.left?.(line);
  const late = new Map<number, LineProblem>();
  const refuse = (line: number, problem: LineProblem) => late.set(line, problem);
  // Begun before the disk has buckets to settle, which it would wait for.
  const meanwhile = job.meanwhile();
  meanwhile.catch(() => {}); // told when it is awaited
  try {
    for (let i = 0; i < entries.count; i++) {
      if (signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      const merged = await mergeCards(
        { ...job, refuse },
        sortedEntries(await entries.read(i), keep),
      );
      for (const entry of merged) note(job, tally, entry);
      if (carried)
        await patchBuckets(job, carried, buckets, { old, partition: i, entries: merged });
      else for (const entry of merged) buckets.add(entry);
      await buckets.drain();
      await job.findings.drain();
      await job.tickets?.drain();
      job.progress(buckets.entryCount, (i + 1) / entries.count);
    }
    await meanwhile;
    await cache.commit();
    if (late.size > 0) throw new LateRefusalError(late);
    return { buckets, hashes: await buckets.end(), tally };
  } finally {
    await buckets.settled();
  }
}

interface MergedPartition {
  readonly old: CarriedBuckets;
  readonly partition: number;
  readonly entries: readonly MergedEntry[];
}

/** The buckets of one partition: those of the last list, with what changed. */
async function patchBuckets(
  { entries: { count } }: AssembleJob,
  { list: { manifest }, removed }: Carried,
  files: BucketFiles,
  { old, partition, entries }: MergedPartition,
): Promise<void> {
  const { buckets, bucketBits } = manifest;
  const gone = inBuckets(sortedKeys(await removed.read(partition)), bucketBits, (key) => key);
  const come = inBuckets(entries, bucketBits, ({ conversionValue }) => conversionValue);
  const perPartition = buckets.length / count;
  for (let i = partition * perPartition; i < (partition + 1) * perPartition; i++) {
    const bucket = old.read(buckets[i]!);
    const [removed, added] = [gone.get(i) ?? [], come.get(i) ?? []];
    if (removed.length + added.length === 0)
      files.addStored(bucket.hash, countEntries(bucket.octets));
    else {
      const { octets, count } = old.patch(bucket.octets, removed, added);
      files.addBucket(octets, count);
    }
    if (i % BUCKETS_AT_ONCE === 0) await files.drain();
  }
}

/** Each takes the memory of a bucket until it is written. */
const BUCKETS_AT_ONCE = 64;

function inBuckets<T>(
  items: readonly T[],
  bits: number,
  keyOf: (item: T) => Uint8Array,
): Map<number, T[]> {
  const buckets = new Map<number, T[]>();
  for (const item of items) {
    const bucket = bucketOf(keyOf(item), bits);
    const others = buckets.get(bucket);
    if (others) others.push(item);
    else buckets.set(bucket, [item]);
  }
  return buckets;
}

function sortedKeys(keys: Buffer): Buffer[] {
  const views = Array.from({ length: keys.length / KEY_LENGTH }, (_, i) => {
    return keys.subarray(KEY_LENGTH * i, KEY_LENGTH * (i + 1));
  });
  return views.sort(Buffer.compare);
}

async function listLength(job: AssembleJob): Promise<number> {
  const { entries, left, entriesLength, carried } = job;
  let length = carried?.length ?? 0;
  if (!left) return length + entriesLength;
  for (let i = 0; i < entries.count; i++) {
    length += bucketLength(await entries.read(i), (line) => !left(line));
  }
  return length;
}

/** Few: their rows are read again. */
function expiringFinding(feed: Feed, { line, offset, length }: SpooledEntry): Finding {
  const { purchase } = feed.parse(line, feed.readAt(offset, length));
  if (!purchase) throw feedChanged();
  const { purchaseId } = purchase;
  return {
    kind: 'expiring',
    ...feed.placeOf(line),
    purchaseId,
    reason: 'expires-before-admission' satisfies CannotEnter,
  };
}

function note(job: AssembleJob, tally: Tally, entry: MergedEntry): void {
  const { parts } = entry;
  for (const part of parts) {
    const { checkedAt } = part;
    if (checkedAt === 0) tally.unchecked++;
    else tally.revocationCheckedAt = Math.min(tally.revocationCheckedAt, checkedAt);
    if (!part.expiring) continue;
    tally.expiring++;
    tally.expiringLines.add(part.line);
    job.findings.add(expiringFinding(job.feed, part));
  }
  for (let i = 1; i < parts.length; i++) {
    const { line } = parts[i]!;
    const by = job.feed.placeOf(parts[0]!.line);
    job.findings.add({ kind: 'merged', ...job.feed.placeOf(line), by });
  }
  job.tickets?.add(entry.conversionValue, parts);
}
