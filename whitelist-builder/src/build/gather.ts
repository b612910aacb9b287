import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Feed } from '../purchase/feed.ts';
import type { LineProblem } from '../purchase/line.ts';
import {
  type LeftOutCard,
  type ListedCard,
  type ListingRules,
  listPurchase,
} from '../purchase/listing.ts';
import { MAX_LINE_LENGTH } from '../purchase/ndjson.ts';
import { type BuildCache, SECTIONS } from './cache.ts';
import { freshNonces, type Place, sealOnce, writeEntry } from './entries.ts';
import {
  cardsIn,
  encodeOutcome,
  rowKeyOf,
  STATUSES,
  type Status,
  usesIn,
  writeRowKey,
} from './outcome.ts';
import type { Partitions } from './partitions.ts';
import type { RememberedHolders } from './remembered-holders.ts';
import {
  USE_LENGTH,
  type Use,
  useOfCard,
  useOfPurchaseId,
  usesOfTickets,
  writeUse,
} from './uses.ts';

/** Cards in one crossing to the HSM. */
const BATCH = 1024;

export interface GatherJob {
  readonly feed: Feed;
  readonly rules: ListingRules;
  readonly converter: Converter;
  readonly cache: BuildCache;
  readonly holders: RememberedHolders;
  readonly reject: (line: number, problem: LineProblem) => void;
  readonly leftOut: (line: number, purchaseId: string, card: LeftOutCard) => void;
  /** Writes what has gathered in entries, uses, cache and findings. Awaited often: memory stays bounded. */
  readonly drain: () => Promise<void>;
  /** Rows to be looked up in the cache, sealed entries, and what must not be used twice. */
  readonly candidates: Partitions;
  readonly entries: Partitions;
  readonly uses: Partitions;
  readonly signal: AbortSignal;
  readonly progress: (rows: number, fraction: number) => void;
}

/** What the first pass learned. */
export interface Gathered {
  lines: number;
  /** Rows that the cache knew. */
  cached: number;
  /** Octets of all entries as they stand in buckets. */
  entriesLength: number;
}

interface Row {
  readonly place: Place;
  readonly key: Buffer;
  /** Undefined when too long. */
  readonly bytes: Uint8Array | undefined;
}

/** A row that is checked, with its cards still to be converted. */
interface CheckedRow {
  readonly place: Place;
  readonly key: Buffer;
  readonly status: Status;
  readonly uses: readonly Use[];
  readonly cards: readonly ListedCard[];
  /** False where the next build must look at it again. */
  readonly lasting: boolean;
}

/**
 * First pass: every row is looked up in the cache, or else checked, converted and sealed. While the HSM
 * computes, the next rows are read.
 */
export async function gather(job: GatherJob): Promise<Gathered> {
  const gathered: Gathered = { lines: 0, cached: 0, entriesLength: 0 };
  const batches = checkedBatches(job, gathered);
  let current = await batches.next();
  while (!current.done) {
    if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    // Both end before a failure of one is told: the caller then removes what they write to.
    const [settled, next] = await Promise.allSettled([
      settle(job, gathered, current.value),
      batches.next(),
    ]);
    if (settled.status === 'rejected') throw settled.reason;
    if (next.status === 'rejected') throw next.reason;
    current = next.value;
  }
  for (const sample of job.holders.samples()) {
    job.cache.holders.put(sample.subarray(0, 16), sample);
  }
  await job.cache.holders.commit();
  await job.cache.rows.commit();
  job.progress(gathered.lines, 1);
  return gathered;
}

async function* checkedBatches(job: GatherJob, gathered: Gathered): AsyncGenerator<CheckedRow[]> {
  let batch: CheckedRow[] = [];
  let cards = 0;
  const rows = job.cache.rows.filled ? unknownRows(job, gathered) : allRows(job, gathered);
  for await (const row of rows) {
    const checked = checkRow(job, row);
    if (!checked) continue;
    batch.push(checked);
    cards += checked.cards.length;
    if (cards < BATCH && batch.length < BATCH) continue;
    yield batch;
    batch = [];
    cards = 0;
  }
  if (batch.length > 0) yield batch;
}

async function* allRows({ feed, progress }: GatherJob, gathered: Gathered): AsyncGenerator<Row> {
  for await (const lines of feed.rows()) {
    for (const { line, offset, bytes } of lines) {
      const place = { line, offset, length: bytes?.length ?? 0 };
      gathered.lines = line;
      yield { place, key: rowKeyOf(bytes ?? new Uint8Array(0)), bytes };
    }
    progress(gathered.lines, (0.99 * lines.at(-1)!.offset) / feed.length);
  }
}

/** Candidates are set down by row key, so that a section of the cache is read once for all of them. */
async function* unknownRows(job: GatherJob, gathered: Gathered): AsyncGenerator<Row> {
  yield* scan(job, gathered);
  for (let section = 0; section < SECTIONS; section++) {
    if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    const kept = job.cache.rows.section(section);
    const candidates = await job.candidates.read(section);
    for (let at = 0; at < candidates.length; at += CANDIDATE_LENGTH) {
      const key = candidates.subarray(at, at + 16);
      const place = {
        line: candidates.readUIntBE(at + 16, 6),
        offset: candidates.readUIntBE(at + 22, 6),
        length: candidates.readUInt32BE(at + 28),
      };
      const octets = kept.find(key);
      if (octets && reuse(job, gathered, { place, key }, octets)) gathered.cached++;
      else
        yield { place, key: Buffer.from(key), bytes: job.feed.readAt(place.offset, place.length) };
    }
    await job.drain();
    job.progress(gathered.lines, 0.5 + (0.49 * section) / SECTIONS);
  }
}

const CANDIDATE_LENGTH = 32; // row key 16, line 6, offset 6, length 4

/** Gives rows that are too long to be looked up. */
async function* scan(job: GatherJob, gathered: Gathered): AsyncGenerator<Row> {
  const { feed, candidates, progress } = job;
  const reserve = (first: number) => candidates.reserve(first, CANDIDATE_LENGTH);
  for await (const lines of feed.rows()) {
    for (const { line, offset, bytes } of lines) {
      gathered.lines = line;
      if (!bytes) {
        yield { place: { line, offset, length: 0 }, key: Buffer.alloc(16), bytes };
        continue;
      }
      const { octets, at } = writeRowKey(bytes, reserve);
      octets.writeUIntBE(line, at + 16, 6);
      octets.writeUIntBE(offset, at + 22, 6);
      octets.writeUInt32BE(bytes.length, at + 28);
    }
    await candidates.drain();
    progress(gathered.lines, (0.5 * lines.at(-1)!.offset) / feed.length);
  }
}

/** False where what was kept no longer holds: a card is left out now or replaced, or nobody knows whose it is. */
function reuse(job: GatherJob, gathered: Gathered, row: KnownRow, octets: Buffer): boolean {
  const checkedAt: number[] = [];
  for (const { holder, tail } of cardsIn(octets)) {
    const subject = job.holders.recall(octets.subarray(holder, tail));
    const answer = subject && job.rules.revocation?.of(subject);
    if (!subject || answer?.status === 'revoked') return false;
    checkedAt.push(answer?.checkedAt ?? 0);
  }
  job.cache.rows.keep(row.key, octets);
  spool(job, gathered, row, { octets, checkedAt });
  return true;
}

function checkRow(job: GatherJob, row: Row): CheckedRow | undefined {
  const { place, key, bytes } = row;
  const parsed = bytes
    ? job.feed.parse(place.line, bytes)
    : { problem: { field: '', reason: `longer than ${MAX_LINE_LENGTH} octets` } };
  const { purchase } = parsed;
  if (!purchase) {
    job.reject(place.line, parsed.problem);
    return undefined;
  }
  const { status } = purchase;
  const uses = [useOfPurchaseId(purchase, STATUSES.indexOf(status))];
  if (status !== 'paid') return { place, key, status, uses, cards: [], lasting: true };
  const { listing, problem } = listPurchase(purchase, job.rules);
  if (!listing) {
    job.reject(place.line, problem);
    return undefined;
  }
  const { cards, left } = listing;
  for (const card of left) job.leftOut(place.line, purchase.purchaseId, card);
  uses.push(...usesOfTickets(purchase));
  return { place, key, status, uses, cards, lasting: left.length === 0 };
}

/** Converts and seals. */
async function settle(
  job: GatherJob,
  gathered: Gathered,
  batch: readonly CheckedRow[],
): Promise<void> {
  const cards = batch.flatMap((row) => row.cards);
  const conversions = await job.converter.convertAll(cards);
  const nonce = freshNonces(cards.length);
  let next = 0;
  for (const row of batch) {
    let { lasting } = row;
    const outcomes = row.cards.map(({ record, expiring, holder }) => {
      const conversion = conversions[next]!;
      const sealed = sealOnce(record, conversion, nonce(next), job.rules.eventId);
      const remembered = holder && job.holders.remember(holder);
      next++;
      if (!remembered) lasting = false;
      return {
        conversionValue: conversion.conversionValue,
        sealed,
        expiring,
        ticketNos: Buffer.from(record.tickets.map(({ ticketNo }) => ticketNo).join(' '), 'latin1'),
        holder: remembered ?? new Uint8Array(0),
      };
    });
    const uses = [...row.uses];
    for (const [i, { conversionValue }] of outcomes.entries()) {
      uses.push(useOfCard(conversionValue, row.cards[i]!.record.tickets.length));
    }
    const octets = encodeOutcome({ status: row.status, uses, cards: outcomes });
    if (lasting) job.cache.rows.put(row.key, octets);
    const checkedAt = row.cards.map(({ record }) => record.revocationCheckedAt ?? 0);
    spool(job, gathered, row, { octets, checkedAt });
  }
  await job.drain();
}

type KnownRow = Pick<Row, 'place' | 'key'>;

interface CheckedOutcome {
  /** As `encodeOutcome` made them. */
  readonly octets: Buffer;
  /** Of each card, Unix seconds; 0 where no list speaks of it. */
  readonly checkedAt: readonly number[];
}

const BUCKET_HEADER_LENGTH = 18; // in a bucket: conversion value 16, length 2

function spool(
  { entries, uses }: GatherJob,
  gathered: Gathered,
  { place, key }: KnownRow,
  { octets, checkedAt }: CheckedOutcome,
): void {
  const { from, to } = usesIn(octets);
  const row = { line: place.line, rowKey: key };
  for (let at = from; at < to; at += USE_LENGTH) writeUse(uses, octets, at, row);
  let i = 0;
  for (const card of cardsIn(octets)) {
    writeEntry(entries, { place, rowKey: key, checkedAt: checkedAt[i++]!, octets, card });
    gathered.entriesLength += BUCKET_HEADER_LENGTH + card.end - card.tail - card.ticketNosLength;
  }
}
