import { type Place, writeEntry } from './entries.ts';
import { cardsIn, usesIn } from './outcome.ts';
import type { Partitions } from './partitions.ts';
import { USE_LENGTH, writeUse } from './uses.ts';

/** In a bucket, before what is sealed: conversion value 16, length 2. */
export const BUCKET_HEADER_LENGTH = 18;

/** A row as it is known: where it stands, and by what. */
export interface KnownRow {
  readonly place: Place;
  readonly key: Buffer;
}

export interface CheckedOutcome {
  /** As `encodeOutcome` made them. */
  readonly octets: Buffer;
  /** Of each card, Unix seconds; 0 where no list speaks of it. */
  readonly checkedAt: readonly number[];
}

interface Spools {
  readonly entries: Partitions;
  readonly uses: Partitions;
}

/** Sets down what a row uses and opens. Gives how many octets its entries take in buckets. */
export function spool(
  { entries, uses }: Spools,
  { place, key }: KnownRow,
  { octets, checkedAt }: CheckedOutcome,
): number {
  const { from, to } = usesIn(octets);
  spoolUses(uses, { place, key }, octets, from, to);
  let length = 0;
  let i = 0;
  for (const card of cardsIn(octets)) {
    writeEntry(entries, { place, rowKey: key, checkedAt: checkedAt[i++]!, octets, card });
    length += BUCKET_HEADER_LENGTH + card.end - card.tail - card.ticketNosLength;
  }
  return length;
}

/** Uses that stand in `octets`. */
export function spoolUses(
  uses: Partitions,
  { place, key }: KnownRow,
  octets: Buffer,
  from: number,
  to: number,
): void {
  const row = { line: place.line, rowKey: key };
  for (let at = from; at < to; at += USE_LENGTH) writeUse(uses, octets, at, row);
}
