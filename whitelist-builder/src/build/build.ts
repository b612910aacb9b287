import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { BundleError } from '@pinless-gate/protocol/bundle';
import type { ManifestFile } from '../bundle/directory.ts';
import { rulesOf } from '../event-rules.ts';
import { Feed, type FeedPlace } from '../purchase/feed.ts';
import type { Revocation } from '../validity/revocation.ts';
import { CarryError } from './carried.ts';
import { Findings } from './findings.ts';
import { LeftOutCards } from './left-out.ts';
import { type Listed, type ListJob, list, type Materials } from './passes.ts';
import {
  nextVersion,
  type Publisher,
  publishManifest,
  readPrevious,
  signManifest,
} from './publication.ts';
import { LateRefusalError, type LateRefusals } from './refusals.ts';
import { withStaging } from './staging.ts';
import { TicketIndexWriter } from './ticket-index.ts';

export interface BuildJob extends ListJob {
  /** Where the index of tickets goes, for who sold them. */
  readonly tickets?: string | undefined;
  readonly keys: KeyStore;
  readonly revocation?: Revocation | undefined;
  /** Default: one more than the version in `out`, or 1. */
  readonly version?: number | undefined;
  /** Unix seconds: the time of issue. */
  readonly now: number;
  /** Is handed everything that there is to say of single rows, before it is forgotten. */
  readonly report?: ((built: Built, findings: Findings) => Promise<void>) | undefined;
}

export interface Built extends ManifestFile, Omit<Listed, 'buckets' | 'hashes'> {
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
    const previous = await readPrevious(job.out, event.eventId, publisher);
    const opened = { job, publisher, previous };
    let way: Way = { carry: previous, refused: new Map() };
    for (;;) {
      try {
        return await attempt(opened, staging, way);
      } catch (error) {
        way = otherWay(way, error);
        for (const name of await readdir(staging)) await rm(join(staging, name));
      }
    }
  });
}

/** How a list is made. */
interface Way {
  /** The list whose entries are taken over where nothing changed; a `CarryError` where they cannot be. */
  readonly carry: ManifestFile | undefined;
  /** Rows that are bad whatever is found; a `LateRefusalError` tells of more. */
  readonly refused: LateRefusals;
}

/** Each way ends: nothing is carried twice in vain, and of a card that rows contradict one another on none is left. */
function otherWay(way: Way, error: unknown): Way {
  if (error instanceof CarryError) return { ...way, carry: undefined };
  if (!(error instanceof LateRefusalError)) throw error;
  return { ...way, refused: new Map([...way.refused, ...error.rows]) };
}

interface Opened {
  readonly job: BuildJob;
  readonly publisher: Publisher;
  readonly previous: ManifestFile | undefined;
}

async function attempt(opened: Opened, staging: string, way: Way): Promise<Built> {
  const { job } = opened;
  const { event, keys } = job;
  const feed = await Feed.open(job.feed, staging);
  const tickets =
    job.tickets === undefined ? undefined : await TicketIndexWriter.create(job.tickets);
  const findings = new Findings(staging);
  const leftOut = new LeftOutCards(staging);
  try {
    const converter = new Converter(keys, event.keys.event);
    const rules = rulesOf(event, job.now, job.revocation);
    const materials = { feed, staging, findings, leftOut, tickets, converter, rules, ...way };
    return await build(opened, materials);
  } finally {
    await findings.close();
    await leftOut.close();
    await tickets?.discard();
    await feed.close();
  }
}

async function build({ job, publisher, previous }: Opened, materials: Materials): Promise<Built> {
  const { event, keys } = job;
  const { feed, converter } = materials;
  const version = nextVersion(job.version, previous);
  const eventKeyId = await converter.eventKeyId(event.eventId);
  const { bavail, bsize } = await statfs(job.out);
  job.progress.space(DISK_PER_OCTET * feed.length, bavail * bsize);
  const listed = await list(job, materials);
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
  buckets.publish();
  await publishManifest(job.out, signed);
  return built;
}

/**
 * Entries set down, the cache's old and new files and the buckets, for each octet of the feed. Measured with short rows,
 * which weigh most.
 */
const DISK_PER_OCTET = 6;
