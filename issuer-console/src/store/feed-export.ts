import { and, eq, gt } from 'drizzle-orm';
import type { Event } from '../domain/event.ts';
import type { FeedPart, SealedPurchase } from '../domain/purchase.ts';
import type { Note, Transaction } from './audit.ts';
import { events, purchases } from './purchase-schema.ts';

const PAGE = 1000;

export interface Exporting {
  /** Rows that were changed after this change; 0: all of them. */
  readonly since: number;
  readonly take: (rows: readonly SealedPurchase[]) => Promise<void>;
  readonly note: Note;
}

/** The lock that every batch takes: what is read is of one moment. */
export async function exportRows(
  tx: Transaction,
  { id, vendorId }: Event,
  { since, take, note }: Exporting,
): Promise<FeedPart> {
  const [event] = await tx.select().from(events).where(eq(events.id, id)).for('update');
  const { changeNo } = event!;
  let rows = 0;
  for (let after = ''; since === 0 || since < changeNo; ) {
    const page = await tx
      .select({ purchaseId: purchases.purchaseId, sealed: purchases.sealed })
      .from(purchases)
      .where(
        and(
          eq(purchases.eventId, id),
          gt(purchases.purchaseId, after),
          since === 0 ? undefined : gt(purchases.changeNo, since),
        ),
      )
      .orderBy(purchases.purchaseId)
      .limit(PAGE);
    await take(page);
    rows += page.length;
    if (page.length < PAGE) break;
    after = page.at(-1)!.purchaseId;
  }
  if (rows > 0 || since === 0) {
    await tx.update(events).set({ exportedNo: changeNo, waiting: 0 }).where(eq(events.id, id));
    note({ action: 'feed.exported', subjects: [id], vendorId, facts: { rows } });
  }
  return { rows, changeNo };
}
