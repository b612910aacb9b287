import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equal } from '@pinless-gate/protocol/bytes';
import type { Ticket } from '@pinless-gate/protocol/record';
import { type Standing, standingRows } from '../build/standing.ts';
import { cardsOf } from '../purchase/cards.ts';
import { Feed, type FeedPlace } from '../purchase/feed.ts';
import { resolveHolder } from '../purchase/holder.ts';
import type { ListingRules } from '../purchase/listing.ts';
import type { Purchase } from '../purchase/schema.ts';
import type { Card } from './issuer.ts';

/** A holder of a purchase that is paid for: the card as it is now, or why there is none. */
export interface FeedHolder {
  readonly purchase: Purchase;
  readonly place: FeedPlace;
  /** `holder` or `companions[0].holder`. */
  readonly field: string;
  /** Which the card opens. */
  readonly tickets: readonly Ticket[];
  readonly card: Card | undefined;
  /** What the feed names, before any renewal. */
  readonly named: Card | undefined;
  /** Why there is no card: of this holder, or of another in the same purchase. */
  readonly refused: 'certificate-refused' | 'purchase-refused' | undefined;
}

/** Whether another certificate took the place of the one that the feed names. */
export function isRenewed({ card, named }: FeedHolder): boolean {
  return card !== undefined && named !== undefined && !equal(card.serial, named.serial);
}

/**
 * Every holder with tickets of every paid purchase that stands: rows that a build would pass over, because a later
 * file replaces them or they are there twice, are passed over here. Other rows that a build turns away are for it
 * to tell, and counted here, so that nobody takes them for good.
 */
export async function* feedHolders(
  path: string,
  rules: ListingRules,
  onUnread: () => void = () => {},
): AsyncGenerator<FeedHolder> {
  const scratch = await mkdtemp(join(tmpdir(), 'feed-'));
  try {
    const feed = await Feed.open(path, scratch);
    try {
      const standing = await standingRows(feed, rules, scratch);
      yield* holdersOf(feed, standing, rules, onUnread);
      await feed.checkUnchanged();
    } finally {
      await feed.close();
    }
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function* holdersOf(
  feed: Feed,
  { passedOver, clashing, refused }: Standing,
  rules: ListingRules,
  onUnread: () => void,
): AsyncGenerator<FeedHolder> {
  for await (const rows of feed.rows()) {
    for (const { line, bytes } of rows) {
      if (passedOver.has(line)) continue;
      const purchase = bytes && feed.parse(line, bytes).purchase;
      const bad = !purchase || clashing.has(line);
      if (!bad && purchase.status !== 'paid') continue;
      const plan = bad ? undefined : cardsOf(purchase, rules);
      if (bad || !plan || plan.problem) {
        onUnread();
        continue;
      }
      const place = feed.placeOf(line);
      for (const { holder, field, tickets } of plan.cards) {
        const cards = cardsNamed(holder, field, rules, refused.has(line));
        yield { purchase, place, field, tickets, ...cards };
      }
    }
  }
}

function cardsNamed(
  holder: Purchase['holder'],
  field: string,
  { issuers, now }: ListingRules,
  refused: boolean,
): Pick<FeedHolder, 'card' | 'named' | 'refused'> {
  const { card, problem } = { card: undefined, ...resolveHolder(holder, field, issuers, now) };
  if (problem) return { card: undefined, named: undefined, refused: 'certificate-refused' };
  if (refused) return { card: undefined, named: undefined, refused: 'purchase-refused' };
  if (!card?.renewedFrom) return { card, named: card, refused: undefined };
  const bare = issuers.map((issuer) => ({ ...issuer, renewals: undefined }));
  const named = { card: undefined, ...resolveHolder(holder, field, bare, now) }.card;
  return { card, named, refused: undefined };
}
