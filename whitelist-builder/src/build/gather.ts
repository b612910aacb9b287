import type { FileHandle } from 'node:fs/promises';
import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { GateError } from '@pinless-gate/protocol/errors';
import { parseLine } from '../purchase/line.ts';
import { type ListedCard, type ListingRules, listPurchase } from '../purchase/listing.ts';
import { MAX_LINE_LENGTH, readLines } from '../purchase/ndjson.ts';
import type { RejectFile } from '../purchase/rejects.ts';
import { encodeEntry, freshNonces, type Place, sealOnce } from './entries.ts';
import { LineSet } from './line-set.ts';
import type { Partitions } from './partitions.ts';
import { useOfCard, useOfPurchaseId, usesOfTickets } from './uses.ts';

/** Cards in one crossing to the HSM. */
const BATCH = 1024;

export interface GatherJob {
  readonly feed: FileHandle;
  readonly feedLength: number;
  readonly rules: ListingRules;
  readonly converter: Converter;
  readonly rejects: RejectFile;
  /** Where sealed entries go, and what must not be used twice. */
  readonly entries: Partitions;
  readonly uses: Partitions;
  readonly signal: AbortSignal;
  readonly progress: (lines: number, fraction: number) => void;
}

/** What the first pass learned. */
export interface Gathered {
  lines: number;
  paid: number;
  pending: number;
  cancelled: number;
  /** Octets of all entries as they will stand in buckets. */
  entriesLength: number;
  /** Cards that no CRL speaks of; all of them where none was given. */
  unchecked: number;
  /** The oldest answer of a CRL for a card, Unix seconds. */
  revocationCheckedAt: number;
  /** Cards left out or doomed, and the lines they stand in. */
  revoked: number;
  expiring: number;
  readonly revokedLines: LineSet;
  readonly expiringLines: LineSet;
  readonly rejectedLines: LineSet;
}

interface PlacedCard extends ListedCard {
  readonly place: Place;
}

/** First pass: every line checked, converted and sealed. While the HSM computes, the next lines are read. */
export async function gather(job: GatherJob): Promise<Gathered> {
  const gathered: Gathered = {
    lines: 0,
    paid: 0,
    pending: 0,
    cancelled: 0,
    entriesLength: 0,
    unchecked: 0,
    revocationCheckedAt: Number.POSITIVE_INFINITY,
    revoked: 0,
    expiring: 0,
    revokedLines: new LineSet(),
    expiringLines: new LineSet(),
    rejectedLines: new LineSet(),
  };
  const batches = readBatches(job, gathered);
  let current = await batches.next();
  while (!current.done) {
    if (job.signal.aborted) throw new GateError('ERR_INTERRUPTED', 'interrupted');
    // Both end before a failure of one is told: the caller then removes what they write to.
    const [spooled, next] = await Promise.allSettled([
      spool(job, gathered, current.value),
      batches.next(),
    ]);
    if (spooled.status === 'rejected') throw spooled.reason;
    if (next.status === 'rejected') throw next.reason;
    current = next.value;
  }
  job.progress(gathered.lines, 1);
  return gathered;
}

async function* readBatches(job: GatherJob, gathered: Gathered): AsyncGenerator<PlacedCard[]> {
  let batch: PlacedCard[] = [];
  for await (const lines of readLines(job.feed)) {
    for (const { line, offset, bytes } of lines) {
      const cards = await checkLine(job, gathered, line, bytes);
      gathered.lines = line;
      const place = { line, offset, length: bytes?.length ?? 0 };
      for (const card of cards) batch.push({ ...card, place });
      if (batch.length < BATCH) continue;
      job.progress(line, offset / job.feedLength);
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function checkLine(
  { rules, rejects, uses }: GatherJob,
  gathered: Gathered,
  line: number,
  bytes: Uint8Array | undefined,
): Promise<readonly ListedCard[]> {
  const parsed = bytes
    ? parseLine(bytes)
    : { problem: { field: '', reason: `longer than ${MAX_LINE_LENGTH} octets` } };
  let { problem } = parsed;
  if (parsed.purchase) {
    const { purchase } = parsed;
    if (purchase.status !== 'paid') {
      gathered[purchase.status]++;
      uses.append(useOfPurchaseId(purchase, line));
      return [];
    }
    const result = listPurchase(purchase, rules);
    if (result.listing) {
      uses.append(useOfPurchaseId(purchase, line));
      for (const use of usesOfTickets(purchase, line)) uses.append(use);
      const { cards, revoked, expiring } = result.listing;
      gathered.paid++;
      gathered.revoked += revoked;
      gathered.expiring += expiring;
      if (revoked > 0) gathered.revokedLines.add(line);
      if (expiring > 0) gathered.expiringLines.add(line);
      return cards;
    }
    problem = result.problem;
  }
  gathered.rejectedLines.add(line);
  await rejects.add(line, problem!);
  return [];
}

const ENTRY_HEADER_LENGTH = 18; // in a bucket: conversion value 16, length 2

async function spool(
  job: GatherJob,
  gathered: Gathered,
  batch: readonly PlacedCard[],
): Promise<void> {
  const conversions = await job.converter.convertAll(batch);
  const nonce = freshNonces(batch.length);
  for (const [i, { place, record }] of batch.entries()) {
    const conversion = conversions[i]!;
    const { conversionValue } = conversion;
    const sealed = sealOnce(record, conversion, nonce(i), job.rules.eventId);
    noteCheck(gathered, record.revocationCheckedAt);
    gathered.entriesLength += ENTRY_HEADER_LENGTH + sealed.length;
    job.entries.append(encodeEntry({ ...place, conversionValue, sealed }));
    job.uses.append(useOfCard(conversionValue, place.line, record.tickets.length));
  }
  await job.entries.drain();
  await job.uses.drain();
}

function noteCheck(gathered: Gathered, checkedAt: number | undefined): void {
  if (checkedAt === undefined) gathered.unchecked++;
  else gathered.revocationCheckedAt = Math.min(gathered.revocationCheckedAt, checkedAt);
}
