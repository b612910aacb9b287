import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { GateError } from '@pinless-gate/protocol/errors';
import type { LineProblem } from '../purchase/line.ts';
import {
  type LeftOutCard,
  type ListedCard,
  type ListingRules,
  listPurchase,
} from '../purchase/listing.ts';
import { MAX_LINE_LENGTH } from '../purchase/ndjson.ts';
import { SECTIONS } from './cache.ts';
import { cannotCarry } from './carried.ts';
import { freshNonces, type Place, sealOnce } from './entries.ts';
import { footprintOf } from './footprint.ts';
import {
  CANDIDATE_LENGTH,
  KnownRows,
  type KnownRowsJob,
  type Row,
  writeCandidate,
} from './known-rows.ts';
import { encodeOutcome, rowKeyOf, STATUSES, type Status, usesIn, writeRowKey } from './outcome.ts';
import { spool } from './spool.ts';
import { USE_LENGTH, type Use, useOfCard, useOfPurchaseId, usesOfTickets } from './uses.ts';

/** Cards in one crossing to the HSM. */
const BATCH = 1024;
/** The same where few rows are new: the first of them are converted while the others are looked for. */
const SMALL_BATCH = 128;

export interface GatherJob extends Omit<KnownRowsJob, 'revocation'> {
  readonly rules: ListingRules;
  readonly converter: Converter;
  readonly reject: (line: number, problem: LineProblem) => void;
  readonly leftOut: (line: number, purchaseId: string, card: LeftOutCard) => void;
  /** Writes what has gathered in entries, uses, cache and findings. Awaited often: memory stays bounded. */
  readonly drain: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly progress: (rows: number, fraction: number) => void;
}

/** What the first pass learned. */
export interface Gathered {
  lines: number;
  /** Rows that the cache knew. */
  cached: number;
  /** Those of them whose entries were taken over from the last list without a look. */
  carried: number;
  /** Octets of all entries that were set down, as they stand in buckets. */
  entriesLength: number;
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
  const { rows, footprints } = job.cache;
  const gathered: Gathered = { lines: 0, cached: 0, carried: 0, entriesLength: 0 };
  if (rows.filled && footprints.filled) await gatherKnown(job, gathered);
  else await settleAll(job, gathered, allRows(job, gathered), BATCH);
  job.progress(gathered.lines, 1);
  return gathered;
}

/** Keeps what was gathered for the next build. Gives what the footprints can be told by. */
export async function keepGathered({
  cache: { rows, footprints, holders },
  holders: remembered,
}: Pick<GatherJob, 'cache' | 'holders'>): Promise<Uint8Array | undefined> {
  for (const sample of remembered.samples()) holders.put(sample.subarray(0, 16), sample);
  await holders.commit();
  await rows.commit();
  return footprints.commit();
}

/** Rows are set down by row key, so that a section of the cache is read once for all of them. */
async function gatherKnown(job: GatherJob, gathered: Gathered): Promise<void> {
  const known = new KnownRows({ ...job, revocation: job.rules.revocation });
  await settleAll(job, gathered, scan(job, gathered));
  const sections = async function* (
    rowsOf: (section: number) => AsyncGenerator<Row>,
    from: number,
  ) {
    for (let section = 0; section < SECTIONS; section++) {
      if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
      yield* rowsOf(section);
      await job.drain();
      await job.carried?.removed.drain();
      job.progress(gathered.lines, from + (0.24 * section) / SECTIONS);
    }
  };
  await settleAll(
    job,
    gathered,
    sections((section) => known.unknown(section), 0.5),
  );
  // Entries of rows that were not read would stay in the list.
  if (job.carried && job.cache.footprints.damaged) throw cannotCarry('the cache is damaged');
  await settleAll(
    job,
    gathered,
    sections((section) => known.touched(section), 0.75),
  );
  gathered.cached = known.count;
  gathered.carried = known.carriedCount;
  gathered.entriesLength += known.entriesLength;
}

/** Checks, converts and seals; all of it has ended when this has. */
async function settleAll(
  job: GatherJob,
  gathered: Gathered,
  rows: AsyncGenerator<Row>,
  size = SMALL_BATCH,
): Promise<void> {
  const batches = checkedBatches(job, rows, size);
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
}

async function* checkedBatches(
  job: GatherJob,
  rows: AsyncGenerator<Row>,
  size: number,
): AsyncGenerator<CheckedRow[]> {
  let batch: CheckedRow[] = [];
  let cards = 0;
  for await (const row of rows) {
    const checked = checkRow(job, row);
    if (!checked) continue;
    batch.push(checked);
    cards += checked.cards.length;
    if (cards < size && batch.length < size) continue;
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
    progress(gathered.lines, (0.99 * lines.end) / feed.length);
  }
}

/** Sets rows down to be looked up. Gives those that are too long for it. */
async function* scan(job: GatherJob, gathered: Gathered): AsyncGenerator<Row> {
  const { feed, candidates, progress } = job;
  const reserve = (first: number) => candidates.reserve(first, CANDIDATE_LENGTH);
  for await (const lines of feed.rows()) {
    const tooLong: Row[] = [];
    lines.each((line, offset, bytes) => {
      const place = { line, offset, length: bytes?.length ?? 0 };
      if (bytes) {
        const { octets, at } = writeRowKey(bytes, reserve);
        writeCandidate(octets, at, place);
      } else tooLong.push({ place, key: Buffer.alloc(16), bytes });
    });
    gathered.lines = lines.lastLine;
    yield* tooLong;
    await candidates.drain();
    progress(gathered.lines, (0.5 * lines.end) / feed.length);
  }
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
    job.cache.footprints.put(row.key, footprintOf(octets, lasting));
    const { from, to } = usesIn(octets);
    for (let at = from; at < to; at += USE_LENGTH) job.carried?.clashing.add(octets, at);
    const checkedAt = row.cards.map(({ record }) => record.revocationCheckedAt ?? 0);
    gathered.entriesLength += spool(job, row, { octets, checkedAt });
  }
  await job.drain();
}
