import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  BundleError,
  contentName,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type Manifest,
  sha256,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { GateError } from '@pinless-gate/protocol/errors';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import type { ManifestFile } from '../bundle/directory.ts';
import { readVerifiedManifest } from '../bundle/verify.ts';
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
  await keys.require({ [event.keys.event]: 'event', [event.keys.publisher]: 'publisher' });
  const publisher = await keys.publicKey(event.keys.publisher);
  const previous = await readPrevious(job, publisher);
  const version = nextVersion(job.version, previous);
  const feed = await openFeed(job.feed);
  try {
    return await withStaging(job.out, async (staging) => {
      const rejects = new RejectFile(job.rejects);
      try {
        return await build(job, { feed, staging, rejects, publisher, previous, version });
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
  readonly publisher: Uint8Array;
  readonly previous: ManifestFile | undefined;
  readonly version: number;
}

async function build(job: BuildJob, materials: Materials): Promise<Built> {
  const { event } = job;
  const { feed, staging, rejects, previous, version } = materials;
  const converter = new Converter(job.keys, event.keys.event);
  const eventKeyId = await converter.eventKeyId(event.eventId);
  const rules = rulesOf(job);
  const before = await feed.stat();
  const bits = partitionBitsFor(before.size);
  const entries = await Partitions.create(staging, 'entries', bits);
  const uses = await Partitions.create(staging, 'uses', bits);
  try {
    const gathered = await gather({
      feed,
      feedLength: before.size,
      rules,
      converter,
      rejects,
      entries,
      uses,
      signal: job.signal,
      progress: job.progress.gathered,
    });
    await findConflicts(uses, gathered.rejectedLines, (line, problem) =>
      rejects.add(line, problem),
    );
    await rejects.finish();
    checkRejects(job, gathered, rejects.count);
    const buckets = new BucketFiles(staging, job.out, bucketBitsFor(gathered.entriesLength));
    const keep = (line: number) => !gathered.rejectedLines.has(line);
    for (let i = 0; i < entries.count; i++) {
      if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      const sorted = sortedEntries(await entries.read(i), keep);
      for (const entry of await mergeCards({ feed, rules, converter }, sorted))
        await buckets.add(entry);
      job.progress.written(buckets.entryCount, (i + 1) / entries.count);
    }
    if (buckets.entryCount === 0) throw nothingToList(job, gathered);
    const hashes = await buckets.end();
    const after = await feed.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) throw feedChanged();

    const manifest: Manifest = {
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
    };
    const signed = await sign(job, manifest, materials.publisher);
    await buckets.publish();
    const name = contentName(signed.hash);
    await writeFileDurably(join(job.out, signaturesName(signed.hash)), signed.signatures);
    await writeFileDurably(join(job.out, name), signed.bytes);
    await writeFileDurably(join(job.out, LATEST_NAME), formatLatest(signed.hash));
    return { hash: signed.hash, bytes: signed.bytes, manifest, gathered, rejects: rejects.count };
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

/** The bundle that this one follows. It must be ours: its version decides the next one. */
async function readPrevious(
  { out, event }: BuildJob,
  publisher: Uint8Array,
): Promise<ManifestFile | undefined> {
  try {
    return await readVerifiedManifest(out, {
      publishers: { keys: [publisher], threshold: 1 },
      eventId: event.eventId,
    });
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    if (cause.code === 'ERR_BUNDLE_LATEST_MISSING') return undefined;
    throw new BundleError(cause.code, `${out}: the bundle before this one: ${cause.message}`, {
      cause,
      hint: 'build into another directory, with --version above the last one published',
    });
  }
}

function nextVersion(wanted: number | undefined, previous: ManifestFile | undefined): number {
  const last = previous?.manifest.version ?? 0;
  if (wanted !== undefined && wanted <= last) {
    throw new BundleError(
      'ERR_BUNDLE_VERSION',
      `version ${wanted} does not follow version ${last}`,
    );
  }
  return wanted ?? last + 1;
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

/** Signs with the publisher key and verifies the signature before anything is written. */
async function sign({ keys, event }: BuildJob, manifest: Manifest, publisher: Uint8Array) {
  const bytes = encodeManifest(manifest);
  const signature = await keys.sign(event.keys.publisher, bytes);
  const signatures = [{ keyId: sha256(publisher), signature }];
  verifyManifestSignatures(bytes, signatures, { keys: [publisher], threshold: 1 });
  return { hash: sha256(bytes), bytes, signatures: encodeSignatures(signatures) };
}
