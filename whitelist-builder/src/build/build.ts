import { type FileHandle, open } from 'node:fs/promises';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { BundleError } from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import type { ManifestFile } from '../bundle/directory.ts';
import type { EventPlan } from '../event-file.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { FeedError, feedChanged } from '../purchase/ndjson.ts';
import { RejectFile } from '../purchase/rejects.ts';
import type { Revocation } from '../validity/revocation.ts';
import { BucketFiles, bucketBitsFor } from './bucket-files.ts';
import { sortedEntries } from './entries.ts';
import { type Gathered, gather } from './gather.ts';
import { mergeCards } from './merge.ts';
import { Partitions, partitionBitsFor } from './partitions.ts';
import {
  nextVersion,
  type Publisher,
  publishManifest,
  readPrevious,
  signManifest,
} from './publication.ts';
import { withStaging } from './staging.ts';
import { findConflicts } from './uses.ts';

export interface BuildJob {
  /** Paths. The feed must be a file: its lines may be read twice. */
  readonly feed: string;
  readonly out: string;
  readonly rejects: string;
  readonly event: EventPlan;
  readonly keys: KeyStore;
  readonly revocation?: Revocation | undefined;
  /** Default: one more than the version in `out`, or 1. */
  readonly version?: number | undefined;
  /** How many lines may be bad without stopping the build. */
  readonly allowRejects: number;
  /** Unix seconds: the time of issue. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly progress: BuildProgress;
}

export interface BuildProgress {
  readonly gathered: (lines: number, fraction: number) => void;
  readonly written: (entries: number, fraction: number) => void;
}

export interface Built extends ManifestFile {
  readonly gathered: Gathered;
  readonly rejects: number;
}

/**
 * Feed to bundle (protocol.md 5) with memory that does not grow with the feed: lines are sealed and set
 * down by the leading bits of their conversion value, then sorted a partition at a time. `latest` is
 * replaced last; until then the bundle in `out` is as it was.
 */
export async function buildBundle(job: BuildJob): Promise<Built> {
  const { event, keys } = job;
  if (event.expiresAt <= job.now) {
    throw new BundleError(
      'ERR_BUNDLE_EXPIRED',
      'the list would have expired before it is published',
      {
        hint: 'see list.expires_at and admission.until in event.toml, and the clock of this machine',
      },
    );
  }
  const { event: eventLabel, publisher: label } = event.keys;
  const needed = { [eventLabel]: 'event', [label]: 'publisher' } as const;
  // Here a key may be one that is sent to gates; at a gate it may not be able to leave.
  await keys.require(needed, { transportable: true });
  const publisher = { label, publicKey: await keys.publicKey(label) };
  const feed = await openFeed(job.feed);
  try {
    return await withStaging(job.out, async (staging) => {
      const rejects = new RejectFile(job.rejects);
      try {
        return await build(job, { feed, staging, rejects, publisher });
      } finally {
        await rejects.discard();
      }
    });
  } finally {
    await feed.close();
  }
}

interface Materials {
  readonly feed: FileHandle;
  readonly staging: string;
  readonly rejects: RejectFile;
  readonly publisher: Publisher;
}

async function build(job: BuildJob, materials: Materials): Promise<Built> {
  const { event, keys } = job;
  const { feed, rejects, publisher } = materials;
  const previous = await readPrevious(job.out, event.eventId, publisher);
  const version = nextVersion(job.version, previous);
  const converter = new Converter(keys, event.keys.event);
  const eventKeyId = await converter.eventKeyId(event.eventId);
  const before = await feed.stat();
  const { gathered, buckets, hashes } = await writeBuckets(job, materials, converter, before.size);
  const after = await feed.stat();
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw feedChanged();
  const signed = await signManifest(keys, publisher, {
    eventId: event.eventId,
    event: { name: event.name, place: event.place, startsAt: event.startsAt },
    version,
    issuedAt: job.now,
    notBefore: job.now,
    expiresAt: event.expiresAt,
    revocationCheckedAt: gathered.unchecked === 0 ? gathered.revocationCheckedAt : undefined,
    entryCount: buckets.entryCount,
    bucketBits: Math.log2(hashes.length),
    buckets: hashes,
    policy: event.policy,
    previous: previous?.hash,
    eventKeyId,
  });
  await buckets.publish();
  await publishManifest(job.out, signed);
  return { ...signed, gathered, rejects: rejects.count };
}

/** Both passes: afterwards every bucket is on the disk, beside the bundle. */
async function writeBuckets(
  job: BuildJob,
  { feed, staging, rejects }: Materials,
  converter: Converter,
  feedLength: number,
) {
  const { signal, progress } = job;
  const rules = rulesOf(job);
  const bits = partitionBitsFor(feedLength);
  const entries = await Partitions.create(staging, 'entries', bits);
  const uses = await Partitions.create(staging, 'uses', bits);
  try {
    const gathered = await gather({
      feed,
      feedLength,
      rules,
      converter,
      rejects,
      entries,
      uses,
      signal,
      progress: progress.gathered,
    });
    const { rejectedLines } = gathered;
    await findConflicts(uses, rejectedLines, (line, problem) => rejects.add(line, problem));
    await rejects.finish();
    checkRejects(job, gathered, rejects.count);
    const buckets = new BucketFiles(staging, job.out, bucketBitsFor(gathered.entriesLength));
    for (let i = 0; i < entries.count; i++) {
      if (signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      const sorted = sortedEntries(await entries.read(i), (line) => !rejectedLines.has(line));
      const merged = await mergeCards({ feed, rules, converter }, sorted);
      for (const entry of merged) await buckets.add(entry);
      progress.written(buckets.entryCount, (i + 1) / entries.count);
    }
    if (buckets.entryCount === 0) throw nothingToList(job, gathered);
    return { gathered, buckets, hashes: await buckets.end() };
  } finally {
    await entries.close();
    await uses.close();
  }
}

function rulesOf({ event, revocation, now }: BuildJob): ListingRules {
  return {
    eventId: event.eventId,
    gates: new Set(event.policy.gates),
    admission: event.admission,
    startsAt: event.startsAt,
    now,
    issuers: event.issuers,
    revocation,
  };
}

async function openFeed(path: string): Promise<FileHandle> {
  const feed = await open(path);
  const stat = await feed.stat();
  if (stat.isFile()) return feed;
  await feed.close();
  throw new FeedError('ERR_FEED_FILE', `${path}: not a regular file`);
}

function checkRejects(job: BuildJob, gathered: Gathered, rejects: number): void {
  if (rejects > job.allowRejects) {
    const allowed = job.allowRejects > 0 ? `, ${job.allowRejects} allowed` : '';
    throw new FeedError(
      'ERR_FEED_REJECTS',
      `${rejects} of ${gathered.lines} lines rejected${allowed}`,
      {
        hint: `see ${job.rejects}; --allow-rejects ${rejects} builds without them`,
      },
    );
  }
}

function nothingToList({ feed }: BuildJob, { lines }: Gathered): FeedError {
  return new FeedError('ERR_FEED_EMPTY', `${feed}: nothing to list in ${lines} lines`);
}
