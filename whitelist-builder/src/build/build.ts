import { statfs } from 'node:fs/promises';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { BundleError } from '@pinless-gate/protocol/bundle';
import type { ManifestFile } from '../bundle/directory.ts';
import type { EventPlan } from '../event-file.ts';
import { rulesOf } from '../event-rules.ts';
import { Feed, type FeedPlace } from '../purchase/feed.ts';
import type { LineProblem } from '../purchase/line.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { RejectFile } from '../purchase/rejects.ts';
import type { Revocation } from '../validity/revocation.ts';
import { assemble, type Tally } from './assemble.ts';
import { type BuildCache, withCache } from './cache.ts';
import { Findings } from './findings.ts';
import { type Gathered, gather } from './gather.ts';
import { LeftOutCards, type LeftOutTally } from './left-out.ts';
import { LineSet } from './line-set.ts';
import { STATUSES } from './outcome.ts';
import { Partitions, partitionBitsFor } from './partitions.ts';
import {
  nextVersion,
  type Publisher,
  publishManifest,
  readPrevious,
  signManifest,
} from './publication.ts';
import { MANY_REJECTS, nothingToList, notProven, tooManyRejects } from './refusals.ts';
import { RememberedHolders } from './remembered-holders.ts';
import type { CacheError } from './sealed-sections.ts';
import { withStaging } from './staging.ts';
import { TicketIndexWriter } from './ticket-index.ts';
import { findConflicts } from './uses.ts';

export interface BuildJob {
  /** Paths. The feed must be a file, or a directory of them: its rows may be read twice. */
  readonly feed: string;
  readonly out: string;
  readonly rejects: string;
  /** A directory: what is kept for the next build. Without one every row is converted anew. */
  readonly cache?: string | undefined;
  /** Where the index of tickets goes, for who sold them. */
  readonly tickets?: string | undefined;
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
  /** Is handed everything that there is to say of single rows, before it is forgotten. */
  readonly report?: ((built: Built, findings: Findings) => Promise<void>) | undefined;
}

export interface BuildProgress {
  /** Before anything is written: octets that this build will need on the disk at most, and has. */
  readonly space: (needed: number, free: number) => void;
  /** A cache that is not used, and why. */
  readonly cacheLost: (error: CacheError) => void;
  readonly gathered: (lines: number, fraction: number) => void;
  readonly written: (entries: number, fraction: number) => void;
}

export interface Built extends ManifestFile {
  readonly gathered: Gathered;
  readonly rejects: number;
  /** Purchases that are not listed. */
  readonly pending: number;
  readonly cancelled: number;
  readonly leftOut: LeftOutTally;
  readonly tally: Tally;
  /** Of a row: where people find it. */
  readonly placeOf: (row: number) => FeedPlace;
}

/**
 * Feed to bundle (protocol.md 5) with memory that does not grow with the feed: rows are sealed and set
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
  return withStaging(job.out, async (staging) => {
    const feed = await Feed.open(job.feed, staging);
    const tickets =
      job.tickets === undefined ? undefined : await TicketIndexWriter.create(job.tickets);
    const findings = new Findings(staging);
    const leftOut = new LeftOutCards(staging);
    try {
      return await build(job, { feed, staging, publisher, findings, leftOut, tickets });
    } finally {
      await findings.close();
      await leftOut.close();
      await tickets?.discard();
      await feed.close();
    }
  });
}

interface Materials {
  readonly feed: Feed;
  readonly staging: string;
  readonly publisher: Publisher;
  readonly findings: Findings;
  readonly leftOut: LeftOutCards;
  readonly tickets: TicketIndexWriter | undefined;
}

async function build(job: BuildJob, materials: Materials): Promise<Built> {
  const { event, keys } = job;
  const { feed, publisher } = materials;
  const previous = await readPrevious(job.out, event.eventId, publisher);
  const version = nextVersion(job.version, previous);
  const converter = new Converter(keys, event.keys.event);
  const eventKeyId = await converter.eventKeyId(event.eventId);
  const { bavail, bsize } = await statfs(job.out);
  job.progress.space(DISK_PER_OCTET * feed.length, bavail * bsize);
  const listed = await list(job, materials, converter);
  await feed.checkUnchanged();
  const { buckets, hashes, tally } = listed;
  const signed = await signManifest(keys, publisher, {
    eventId: event.eventId,
    event: { name: event.name, place: event.place, startsAt: event.startsAt },
    version,
    issuedAt: job.now,
    notBefore: job.now,
    expiresAt: event.expiresAt,
    revocationCheckedAt: tally.unchecked === 0 ? tally.revocationCheckedAt : undefined,
    entryCount: buckets.entryCount,
    bucketBits: Math.log2(hashes.length),
    buckets: hashes,
    policy: event.policy,
    previous: previous?.hash,
    eventKeyId,
  });
  const built = { ...signed, ...listed, placeOf: (row: number) => feed.placeOf(row) };
  await job.report?.(built, materials.findings);
  await materials.tickets?.finish();
  await buckets.publish();
  await publishManifest(job.out, signed);
  return built;
}

/**
 * Entries set down, the cache's old and new files and the buckets, for each octet of the feed. Measured with short rows,
 * which weigh most.
 */
const DISK_PER_OCTET = 6;

/** Both passes: afterwards every bucket is on the disk, beside the bundle. */
async function list(job: BuildJob, materials: Materials, converter: Converter) {
  const rules = rulesOf(job.event, job.now, job.revocation);
  const { cache: directory, progress } = job;
  const cacheJob = { directory, converter, rules, warn: progress.cacheLost };
  return withCache(cacheJob, async (cache) => {
    const { staging, feed } = materials;
    const { length } = feed;
    const bits = partitionBitsFor(length);
    const inMemory = ENTRIES_IN_MEMORY;
    const spools = {
      candidates: new Partitions(staging, 'candidates', 8, { expected: length / 8 }),
      entries: new Partitions(staging, 'entries', bits, { inMemory, expected: 1.3 * length }),
      uses: new Partitions(staging, 'uses', bits, { expected: length / 3 }),
    };
    try {
      return await runPasses(job, materials, { converter, rules, cache, spools });
    } finally {
      for (const spool of Object.values(spools)) await spool.close();
    }
  });
}

const ENTRIES_IN_MEMORY = 48 * 1024 * 1024;

interface Passes {
  readonly converter: Converter;
  readonly rules: ListingRules;
  readonly cache: BuildCache;
  readonly spools: Readonly<Record<'candidates' | 'entries' | 'uses', Partitions>>;
}

async function runPasses(job: BuildJob, materials: Materials, passes: Passes) {
  const { feed, findings, leftOut } = materials;
  const { spools, rules, cache, converter } = passes;
  const { signal, progress } = job;
  const rejects = new RejectFile(job.rejects);
  const rejected = new LineSet();
  const dropped = new LineSet();
  const reject = (line: number, problem: LineProblem) => {
    rejected.add(line);
    const place = feed.placeOf(line);
    rejects.add(line, place, problem);
    findings.add({ kind: 'rejected', ...place, ...problem });
  };
  const holders = new RememberedHolders(rules.issuers, rules.now);
  for (let i = 0; i < 256; i++) {
    for (const sample of cache.holders.section(i).values()) holders.load(sample);
  }
  const drain = inTurn(async () => {
    await spools.entries.drain();
    await spools.uses.drain();
    await cache.rows.drain();
    await findings.drain();
    await leftOut.drain();
    if (rejects.count > Math.max(job.allowRejects, MANY_REJECTS)) {
      await rejects.finish();
      throw tooManyRejects(job, rejects.count);
    }
  });
  const gathered = await gather({
    ...spools,
    feed,
    rules,
    converter,
    cache,
    holders,
    reject,
    leftOut: (row, purchaseId, card) => leftOut.add(row, purchaseId, card),
    drain,
    signal,
    progress: progress.gathered,
  });
  await findConflicts(spools.uses, {
    rejected,
    dropped,
    reject,
    replaced: (line, by) => {
      findings.add({ kind: 'replaced', ...feed.placeOf(line), by: feed.placeOf(by) });
    },
    repeated: (line, first) => {
      findings.add({ kind: 'repeated', ...feed.placeOf(line), by: feed.placeOf(first) });
    },
    unlisted: (line, status) => {
      const kind = STATUSES[status];
      if (kind === 'pending' || kind === 'cancelled') {
        findings.add({ kind, ...feed.placeOf(line) });
      }
    },
    fileNumber: (line) => feed.fileNumber(line),
    where: (line) => feed.where(line),
  });
  await rejects.finish();
  if (rejects.count > job.allowRejects) throw tooManyRejects(job, rejects.count, gathered.lines);
  const left = (line: number) => rejected.has(line) || dropped.has(line);
  const leftOutTally = await leftOut.settle(
    (row) => !left(row),
    findings,
    (row) => feed.placeOf(row),
  );
  const unproven = leftOutTally.counts['not-proven'] ?? 0;
  if (unproven > 0 && job.event.validity?.unproven === 'fail') throw notProven(unproven);
  const assembled = await assemble({
    ...materials,
    out: job.out,
    rules,
    converter,
    cache: cache.merged,
    entries: spools.entries,
    entriesLength: gathered.entriesLength,
    left: rejected.size + dropped.size > 0 ? left : undefined,
    signal,
    progress: progress.written,
  });
  if (assembled.buckets.entryCount === 0)
    throw nothingToList(job.feed, gathered.lines, leftOutTally);
  const [pending, cancelled] = [findings.count('pending'), findings.count('cancelled')];
  const unlisted = { rejects: rejects.count, pending, cancelled, leftOut: leftOutTally };
  return { gathered, ...assembled, ...unlisted };
}

/** Calls of one action, each after the one before has ended. */
function inTurn(action: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(action);
    return last;
  };
}
