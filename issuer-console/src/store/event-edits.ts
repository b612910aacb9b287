import { and, count, eq, gt, ne, notInArray } from 'drizzle-orm';
import type { Event } from '../domain/event.ts';
import type { EventEditStore, WantedEdit } from '../domain/event-edit.ts';
import { IMPORT_SILENT_MS } from '../domain/purchase.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { events, imports, purchases } from './purchase-schema.ts';
import { offerSeats, offers } from './shop-schema.ts';

export function eventEditStore(db: Database): EventEditStore {
  return {
    edit: ({ id, vendorId }, wanted, origin) =>
      change(db, 'edit an event', origin, async (tx, note) => {
        // The lock that each import takes when it begins.
        const [held] = await tx.select().from(events).where(eq(events.id, id)).for('update');
        if (!held) return 'unknown';
        if (held.revision !== wanted.revision) return 'conflict';
        const alive = gt(imports.updatedAt, new Date(origin.at - IMPORT_SILENT_MS));
        const running = await tx
          .select({ id: imports.id })
          .from(imports)
          .where(and(eq(imports.eventId, id), eq(imports.state, 'running'), alive));
        if (wanted.narrower && running.length > 0) return 'importing';
        const at = new Date(origin.at);
        const archivedAt = wanted.archived ? (held.archivedAt ?? at) : null;
        const revision = held.revision + 1;
        await tx
          .update(events)
          .set({ ...rowOf(wanted), archivedAt, revision })
          .where(eq(events.id, id));
        note({ action: actionOf(held.archivedAt !== null, wanted), subjects: [id], vendorId });
        return 'changed';
      }),

    rows: ({ id }, after, limit) =>
      guarded('read purchases', () =>
        db
          .select({ purchaseId: purchases.purchaseId, sealed: purchases.sealed })
          .from(purchases)
          .where(
            and(
              eq(purchases.eventId, id),
              gt(purchases.purchaseId, after),
              ne(purchases.state, 'cancelled'),
            ),
          )
          .orderBy(purchases.purchaseId)
          .limit(limit),
      ),

    placesElsewhere: ({ id }: Event, gates) =>
      guarded('count places', async () => {
        const [row] = await db
          .select({ all: count() })
          .from(offerSeats)
          .innerJoin(offers, eq(offers.id, offerSeats.offerId))
          .where(and(eq(offers.eventId, id), notInArray(offerSeats.gate, [...gates])));
        return row!.all;
      }),
  };
}

function rowOf({ terms: { startsAt, admission, gates, issuers, name } }: WantedEdit) {
  return {
    name,
    startsAt: new Date(startsAt),
    admissionFrom: new Date(admission.from),
    admissionUntil: new Date(admission.until),
    gates: [...gates],
    issuers: [...issuers],
  };
}

function actionOf(wasArchived: boolean, { archived }: WantedEdit): string {
  if (archived === wasArchived) return 'event.changed';
  return archived ? 'event.archived' : 'event.restored';
}
