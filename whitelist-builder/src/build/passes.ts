import type { Converter } from '@pinless-gate/hsm/conversion-value';
import type { ManifestFile } from '../bundle/directory.ts';
import type { EventPlan } from '../event-file.ts';
import type { Feed } from '../purchase/feed.ts';
import type { ListingRules } from '../purchase/listing.ts';
import { type Assembled, assemble } from './assemble.ts';
import { type BuildCache, SECTIONS, withCache } from './cache.ts';
import { type Carried, carriedFrom, keepLast } from './carried.ts';
import type { Findings } from './findings.ts';
import { type Gathered, gather, keepGathered } from './gather.ts';
import type { LeftOutCards, LeftOutTally } from './left-out.ts';
import { Partitions, partitionBitsFor } from './partitions.ts';
import { type LateRefusals, nothingToList, notProven, type RejectsAllowed } from './refusals.ts';
import { RememberedHolders } from './remembered-holders.ts';
import { RowVerdicts } from './row-verdicts.ts';
import type { CacheError } from './sealed-sections.ts';
import type { TicketIndexWriter } from './ticket-index.ts';
import { findConflicts } from './uses.ts';

export interface ListJob extends RejectsAllowed {
  readonly event: EventPlan;
  /** Paths. The feed must be a file, or a directory of them: its rows may be read twice. */
  readonly feed: string;
  readonly out: string;
  /** A directory: what is kept for the next build. Without one every row is converted anew. */
  readonly cache?: string | undefined;
  readonly signal: AbortSignal;
  readonly progress: BuildProgress;
}

export interface BuildProgress {
  /** Before anything is written: octets that this build will need on the disk at most, and has. */
  readonly space: (needed: number, free: number) => void;
  /** A cache that is not used, and why. */
  readonly cacheLost: (error: CacheError) => void;
  readonly gathered: (lines: number, fraction: number) => void;
  readonly written: (entries: number, fraction: number) => void;
}

/** What a build has opened. */
export interface Materials {
  readonly feed: Feed;
  readonly staging: string;
  readonly findings: Findings;
  readonly leftOut: LeftOutCards;
  readonly tickets: TicketIndexWriter | undefined;
  readonly converter: Converter;
  readonly rules: ListingRules;
  /** The list before this one, where what stays the same of it may be taken over. */
  readonly carry: ManifestFile | undefined;
  /** Rows that an attempt before found bad. */
  readonly refused: LateRefusals;
}

export interface Listed extends Assembled {
  readonly gathered: Gathered;
  readonly rejects: number;
  /** Purchases that are not listed. */
  readonly pending: number;
  readonly cancelled: number;
  readonly leftOut: LeftOutTally;
}

/** Both passes: afterwards every bucket is on the disk, beside the bundle. */
export async function list(job: ListJob, materials: Materials): Promise<Listed> {
  const { cache: directory, progress } = job;
  const { converter, rules, staging, feed } = materials;
  const cacheJob = { directory, converter, rules, warn: progress.cacheLost };
  return withCache(cacheJob, async (cache) => {
    const { length } = feed;
    const bits = partitionBitsFor(length);
    const inMemory = ENTRIES_IN_MEMORY;
    // Of a list that is carried on, mostly.
    const anew = cache.last.filled ? 0 : length;
    const spools = {
      candidates: new Partitions(staging, 'candidates', 8, { expected: length / 8 }),
      entries: new Partitions(staging, 'entries', bits, { inMemory, expected: 1.3 * anew }),
      uses: new Partitions(staging, 'uses', bits, { expected: anew / 3 }),
      removed: new Partitions(staging, 'removed', bits, { inMemory: REMOVED_IN_MEMORY }),
    };
    try {
      const carried = carriedWith(materials, { cache, spools });
      return await runPasses(job, materials, { cache, spools, carried });
    } finally {
      for (const spool of Object.values(spools)) await spool.close();
    }
  });
}

const ENTRIES_IN_MEMORY = 32 * 1024 * 1024;
const REMOVED_IN_MEMORY = 4 * 1024 * 1024;

interface Stores {
  readonly cache: BuildCache;
  readonly spools: Readonly<Record<'candidates' | 'entries' | 'uses' | 'removed', Partitions>>;
  readonly carried: Carried | undefined;
}

/** The index of tickets names those of every entry: where one is wanted, all of them are put together anew. */
function carriedWith(
  { carry, tickets }: Materials,
  { cache, spools }: Pick<Stores, 'cache' | 'spools'>,
): Carried | undefined {
  if (!carry || tickets || carry.manifest.buckets.length < spools.entries.count) return undefined;
  return carriedFrom(carry, cache, spools.removed);
}

async function runPasses(job: ListJob, materials: Materials, stores: Stores): Promise<Listed> {
  const { cache } = stores;
  const verdicts = new RowVerdicts(job, materials.feed, materials.findings);
  const holders = new RememberedHolders(materials.rules.issuers, materials.rules.now);
  const gathered = await firstPass(job, materials, { ...stores, holders }, verdicts);
  let kept: Promise<Uint8Array | undefined> | undefined;
  const keep = () => {
    kept ??= keepGathered({ cache, holders });
    return kept;
  };
  try {
    const rows = { gathered, verdicts, keep };
    const { listed, shared } = await judgeAndAssemble(job, materials, stores, rows);
    const footprints = await keep();
    if (footprints) await keepLast(cache.last, footprints, listed.hashes, shared);
    return listed;
  } finally {
    // Also of a feed that is turned away, or a build that is interrupted.
    await keep();
  }
}

interface GatheredRows {
  readonly gathered: Gathered;
  readonly verdicts: RowVerdicts;
  /** Keeps what was gathered for the next build, once. */
  readonly keep: () => Promise<unknown>;
}

async function judgeAndAssemble(
  job: ListJob,
  materials: Materials,
  { spools, cache, carried }: Stores,
  { gathered, verdicts, keep }: GatheredRows,
): Promise<{ readonly listed: Listed; readonly shared: readonly ReadonlySet<number>[] }> {
  const { feed, findings } = materials;
  for (const [line, problem] of materials.refused) verdicts.reject(line, problem);
  const shared = await findConflicts(spools.uses, verdicts.onConflict());
  await verdicts.finish(gathered.lines);
  const { left } = verdicts;
  const counts = (row: number) => !left?.(row);
  const leftOut = await materials.leftOut.settle(counts, findings, (row) => feed.placeOf(row));
  const unproven = leftOut.counts['not-proven'] ?? 0;
  if (unproven > 0 && job.event.validity?.unproven === 'fail') throw notProven(unproven);
  const assembled = await assemble({
    ...materials,
    out: job.out,
    cache: cache.merged,
    entries: spools.entries,
    entriesLength: gathered.entriesLength,
    carried,
    left,
    meanwhile: keep,
    signal: job.signal,
    progress: job.progress.written,
  });
  if (assembled.buckets.entryCount === 0) {
    throw nothingToList(job.feed, gathered.lines, leftOut);
  }
  const listed = {
    gathered,
    ...assembled,
    rejects: verdicts.rejects,
    pending: findings.count('pending'),
    cancelled: findings.count('cancelled'),
    leftOut,
  };
  return { listed, shared };
}

async function firstPass(
  job: ListJob,
  { feed, rules, converter, findings, leftOut }: Materials,
  { spools, cache, carried, holders }: Stores & { readonly holders: RememberedHolders },
  verdicts: RowVerdicts,
): Promise<Gathered> {
  for (let i = 0; i < SECTIONS; i++) {
    for (const sample of cache.holders.section(i).values()) holders.load(sample);
  }
  return gather({
    ...spools,
    feed,
    rules,
    converter,
    cache,
    holders,
    carried,
    reject: verdicts.reject,
    leftOut: (row, purchaseId, card) => leftOut.add(row, purchaseId, card),
    drain: inTurn(async () => {
      await spools.entries.drain();
      await spools.uses.drain();
      await cache.rows.drain();
      await cache.footprints.drain();
      await findings.drain();
      await leftOut.drain();
      await verdicts.stopEarly();
    }),
    signal: job.signal,
    progress: job.progress.gathered,
  });
}

/** Calls of one action, each after the one before has ended. */
function inTurn(action: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return () => {
    last = last.then(action);
    return last;
  };
}
