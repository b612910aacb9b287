import { tmpdir } from 'node:os';
import { equal } from '@pinless-gate/protocol/bytes';
import { Feed } from '../purchase/feed.ts';
import { resolveHolder } from '../purchase/holder.ts';
import type { HolderField, Purchase } from '../purchase/schema.ts';
import type { Card, Issuer } from './issuer.ts';

/** A holder of a purchase that is paid for: the card as it is now, or why there is none. */
export interface FeedHolder {
  readonly purchase: Purchase;
  /** From 1. */
  readonly line: number;
  /** `holder` or `companions[0].holder`. */
  readonly field: string;
  readonly card: Card | undefined;
  /** What the feed names, before any renewal. */
  readonly named: Card | undefined;
  readonly problem: string | undefined;
}

/** Whether another certificate took the place of the one that the feed names. */
export function isRenewed({ card, named }: FeedHolder): boolean {
  return card !== undefined && named !== undefined && !equal(card.serial, named.serial);
}

/**
 * Every holder of every paid purchase. Lines that do not read are for `whitelist build` to tell, and counted
 * here, so that nobody takes them for good. `now` in Unix seconds.
 */
export async function* feedHolders(
  path: string,
  issuers: readonly Issuer[],
  now: number,
  onUnread: () => void = () => {},
): AsyncGenerator<FeedHolder> {
  const bare = issuers.map((issuer) => ({ ...issuer, renewals: undefined }));
  for await (const { line, purchase } of paidPurchases(path, onUnread)) {
    for (const [field, holder] of holdersOf(purchase)) {
      const found = resolveHolder(holder, field, issuers, now);
      const named = resolveHolder(holder, field, bare, now);
      const problem = found.problem?.reason;
      const [card, before] = [found, named].map((one) => (one.problem ? undefined : one.card));
      yield { purchase, line, field, card, named: before, problem };
    }
  }
}

async function* paidPurchases(path: string, onUnread: () => void) {
  const feed = await Feed.open(path, tmpdir());
  try {
    for await (const rows of feed.rows()) {
      for (const { line, bytes } of rows) {
        const purchase = bytes && feed.parse(line, bytes).purchase;
        if (!purchase) onUnread();
        else if (purchase.status === 'paid') {
          yield { line: feed.placeOf(line).line, purchase };
        }
      }
    }
  } finally {
    await feed.close();
  }
}

function holdersOf({ holder, companions }: Purchase): [string, HolderField][] {
  const others = (companions ?? []).map((companion, i): [string, HolderField] => [
    `companions[${i}].holder`,
    companion.holder,
  ]);
  return [['holder', holder], ...others];
}
