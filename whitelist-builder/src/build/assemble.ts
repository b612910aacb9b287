import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Feed } from '../purchase/feed.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { feedChanged } from '../purchase/ndjson.ts';
import type { CannotEnter } from '../validity/report.ts';
import { BucketFiles, bucketBitsFor } from './bucket-files.ts';
import type { CacheFile } from './cache-file.ts';
import { bucketLength, type SpooledEntry, sortedEntries } from './entries.ts';
import type { Finding, Findings } from './findings.ts';
import { LineSet } from './line-set.ts';
import { type MergedEntry, mergeCards } from './merge.ts';
import type { Partitions } from './partitions.ts';
import type { TicketIndexWriter } from './ticket-index.ts';

export interface AssembleJob {
  readonly staging: string;
  readonly out: string;
  readonly feed: Feed;
  readonly rules: ListingRules;
  readonly converter: Converter;
  readonly cache: CacheFile;
  readonly entries: Partitions;
  /** Octets of all entries as they stand in buckets. */
  readonly entriesLength: number;
  /** Rows that do not count; undefined where all do. */
  readonly left: ((line: number) => boolean) | undefined;
  readonly findings: Findings;
  readonly tickets: TicketIndexWriter | undefined;
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
  const { entries, signal, cache } = job;
  const buckets = new BucketFiles(job.staging, job.out, bucketBitsFor(await listLength(job)));
  const tally: Tally = {
    unchecked: 0,
    revocationCheckedAt: Number.POSITIVE_INFINITY,
    expiring: 0,
    expiringLines: new LineSet(),
  };
  const keep = (line: number) => !job.left?.(line);
  try {
    for (let i = 0; i < entries.count; i++) {
      if (signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      for (const entry of await mergeCards(job, sortedEntries(await entries.read(i), keep))) {
        note(job, tally, entry);
        buckets.add(entry);
      }
      await buckets.drain();
      await job.findings.drain();
      await job.tickets?.drain();
      job.progress(buckets.entryCount, (i + 1) / entries.count);
    }
    await cache.commit();
    return { buckets, hashes: await buckets.end(), tally };
  } finally {
    await buckets.settled();
  }
}

async function listLength({ entries, left, entriesLength }: AssembleJob): Promise<number> {
  if (!left) return entriesLength;
  let length = 0;
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
