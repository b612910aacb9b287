import type { Feed } from '../purchase/feed.ts';
import { type ListingRules, listPurchase } from '../purchase/listing.ts';
import { LineSet } from './line-set.ts';
import { rowKeyOf, STATUSES } from './outcome.ts';
import { Partitions, partitionBitsFor } from './partitions.ts';
import { appendUse, findConflicts, useOfPurchaseId, usesOfTickets } from './uses.ts';

/** What becomes of the rows of a feed that are not simply good, without an HSM. */
export interface Standing {
  /** Replaced by a later file, or there twice. */
  readonly passedOver: LineSet;
  /** Bad lines, because of other rows. */
  readonly clashing: LineSet;
  /** Bad lines, because of their holders. */
  readonly refused: LineSet;
}

/**
 * The rules of `gather` and `findConflicts`, without cards: that one opens more than it may is found by a build alone.
 * `scratch`: an empty directory.
 */
export async function standingRows(
  feed: Feed,
  rules: ListingRules,
  scratch: string,
): Promise<Standing> {
  const uses = new Partitions(scratch, 'uses', partitionBitsFor(feed.length));
  const [passedOver, clashing, refused] = [new LineSet(), new LineSet(), new LineSet()];
  const unchecked = { ...rules, revocation: undefined };
  try {
    for await (const rows of feed.rows()) {
      for (const { line, bytes } of rows) {
        const purchase = bytes && feed.parse(line, bytes).purchase;
        if (!purchase) continue;
        const { status } = purchase;
        if (status === 'paid' && listPurchase(purchase, unchecked).problem) {
          refused.add(line);
          continue;
        }
        const row = { line, rowKey: rowKeyOf(bytes) };
        const tickets = status === 'paid' ? usesOfTickets(purchase) : [];
        for (const use of [useOfPurchaseId(purchase, STATUSES.indexOf(status)), ...tickets]) {
          appendUse(uses, use, row);
        }
      }
      await uses.drain();
    }
    await findConflicts(uses, {
      rejected: clashing,
      dropped: passedOver,
      reject: () => {},
      replaced: () => {},
      repeated: () => {},
      unlisted: () => {},
      fileNumber: (line) => feed.fileNumber(line),
      where: (line) => feed.where(line),
    });
  } finally {
    await uses.close();
  }
  return { passedOver, clashing, refused };
}
