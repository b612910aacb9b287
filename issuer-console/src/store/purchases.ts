import { and, eq } from 'drizzle-orm';
import type { PurchaseState, PurchaseStore } from '../domain/purchase.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { exportRows } from './feed-export.ts';
import { putPurchase } from './purchase-rows.ts';
import { events, purchaseHistory, purchases } from './purchase-schema.ts';
import { within } from './scope.ts';

export function purchaseStore(db: Database): PurchaseStore {
  return {
    find: (scope, eventId, purchaseId) =>
      guarded('look up a purchase', async () => {
        const [found] = await db
          .select({ row: purchases, exportedNo: events.exportedNo })
          .from(purchases)
          .innerJoin(events, eq(events.id, purchases.eventId))
          .where(
            and(
              within(scope, purchases.vendorId),
              eq(purchases.eventId, eventId),
              eq(purchases.purchaseId, purchaseId),
            ),
          );
        if (!found) return undefined;
        const past = await db
          .select()
          .from(purchaseHistory)
          .where(
            and(eq(purchaseHistory.eventId, eventId), eq(purchaseHistory.purchaseId, purchaseId)),
          )
          .orderBy(purchaseHistory.changeNo);
        const { row, exportedNo } = found;
        return {
          purchaseId,
          eventId,
          vendorId: row.vendorId,
          state: row.state as PurchaseState,
          tickets: row.tickets,
          createdAt: row.createdAt.getTime(),
          changedAt: row.changedAt.getTime(),
          exported: row.changeNo <= exportedNo,
          history: past.map(({ state, until }) => ({
            state: state as PurchaseState,
            until: until.getTime(),
          })),
        };
      }),

    sealed: ({ id }, purchaseId) =>
      guarded('look up a purchase', async () => {
        const { sealed, changeNo } = purchases;
        const [found] = await db
          .select({ purchaseId: purchases.purchaseId, sealed, changeNo })
          .from(purchases)
          .where(and(eq(purchases.eventId, id), eq(purchases.purchaseId, purchaseId)));
        return found;
      }),

    put: (event, { notes, ...put }, origin) =>
      change(db, 'put a purchase', origin, async (tx, note) => {
        const outcome = await putPurchase(tx, event, put, new Date(origin.at));
        if (outcome !== 'conflict' && outcome.written) {
          for (const one of notes) note({ vendorId: event.vendorId, ...one });
        }
        return outcome;
      }),

    exportFeed: (event, since, take, origin) =>
      change(db, 'export the feed', origin, (tx, note) =>
        exportRows(tx, event, { since, take, note }),
      ),
  };
}
