import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex } from '@pinless-gate/protocol/bytes';
import { type FeedHolder, isRenewed } from './feed-holders.ts';
import type { Card } from './issuer.ts';
import type { Revocation } from './revocation.ts';

/** What happened to a purchase's holder (変更確認): this and no more is told to whoever sold the ticket. */
export interface Change {
  readonly purchaseId: string;
  readonly kind: 'revoked' | 'renewed';
}

/** What was told before: conversion value of the card in the feed -> what happened to it. */
export type Known = ReadonlyMap<string, string>;

export interface Watched {
  readonly changes: readonly Change[];
  readonly known: Known;
  /** Holders of whom nothing is proven: no news of them is no good news. */
  readonly unproven: number;
  readonly holders: number;
}

const BATCH = 512;

/** What is new about the holders of a feed. What is over again, as a suspension, is forgotten. */
export async function watchFeed(
  holders: AsyncIterable<FeedHolder>,
  source: Revocation,
  converter: Converter,
  before: Known,
): Promise<Watched> {
  const after = new Map<string, string>();
  const changes = new Map<string, Change>();
  let [unproven, count] = [0, 0];
  for await (const batch of batches(holders)) {
    count += batch.length;
    const found = batch.flatMap((holder) => findingOf(holder, source) ?? []);
    unproven += found.filter(({ kind }) => kind === 'unproven').length;
    const known = found.filter(({ holder }) => holder.named && holder.card);
    const named = await converter.convertAll(known.map(({ holder }) => holder.named!));
    const current = await converter.convertAll(known.map(({ holder }) => holder.card!));
    for (const [i, { holder, kind }] of known.entries()) {
      const key = toHex(named[i]!.conversionValue);
      const told = before.get(key);
      if (kind === 'unproven') {
        // What was told of it still holds, as far as anybody knows.
        if (told !== undefined) after.set(key, told);
        continue;
      }
      // Renewed once more is another renewal.
      const state = `${kind} ${toHex(current[i]!.conversionValue)}`;
      after.set(key, state);
      const { purchaseId } = holder.purchase;
      if (told !== state) changes.set(`${kind} ${purchaseId}`, { purchaseId, kind });
    }
  }
  return { changes: [...changes.values()], known: after, unproven, holders: count };
}

async function* batches(holders: AsyncIterable<FeedHolder>): AsyncGenerator<FeedHolder[]> {
  let batch: FeedHolder[] = [];
  for await (const holder of holders) {
    batch.push(holder);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

interface Finding {
  readonly holder: FeedHolder;
  readonly kind: Change['kind'] | 'unproven';
}

function findingOf(holder: FeedHolder, source: Revocation): Finding | undefined {
  const { card } = holder;
  if (!card) return { holder, kind: 'unproven' };
  if (withoutLink(card)) return { holder, kind: 'renewed' };
  const { status } = source.of(card);
  if (status === 'revoked') return { holder, kind: 'revoked' };
  if (isRenewed(holder)) return { holder, kind: 'renewed' };
  return status === 'unknown' ? { holder, kind: 'unproven' } : undefined;
}

const withoutLink = ({ issuer, serial }: Card) => issuer.renewals?.isReplaced(serial) === true;
