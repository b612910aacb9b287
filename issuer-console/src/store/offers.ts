import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Offer, OfferMethod, OfferStore } from '../domain/offer.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';
import { offerSeats, offers } from './shop-schema.ts';

const CHUNK = 1000;

export function offerStore(db: Database): OfferStore {
  return {
    list: ({ id }) =>
      guarded('read the offers', async () => {
        const rows = await db
          .select({
            offer: offers,
            places: sql<string>`count(*)`,
            free: sql<string>`count(*) filter (where ${isNull(offerSeats.applicationId)})`,
          })
          .from(offers)
          .innerJoin(offerSeats, eq(offerSeats.offerId, offers.id))
          .where(eq(offers.eventId, id))
          .groupBy(offers.id)
          .orderBy(offers.createdAt, offers.id);
        return rows.map(({ offer, places, free }) => ({
          ...offerOf(offer),
          places: Number(places),
          free: Number(free),
        }));
      }),

    add: ({ sale, createdAt, ...offer }, seats, origin) =>
      change(db, 'add an offer', origin, async (tx, note) => {
        await tx.insert(offers).values({
          ...offer,
          saleFrom: new Date(sale.from),
          saleUntil: new Date(sale.until),
          createdAt: new Date(createdAt),
        });
        const rows = seats.map((seat, place) => ({ ...seat, offerId: offer.id, place }));
        for (let from = 0; from < rows.length; from += CHUNK) {
          await tx.insert(offerSeats).values(rows.slice(from, from + CHUNK));
        }
        const { id, eventId, vendorId, priceYen } = offer;
        const facts = { places: seats.length, yen: priceYen };
        note({ action: 'offer.added', subjects: [id, eventId], vendorId, facts });
      }),

    close: (scope, id, origin) =>
      change(db, 'close an offer', origin, async (tx, note) => {
        const [row] = await tx
          .update(offers)
          .set({ saleUntil: new Date(origin.at) })
          .where(and(within(scope, offers.vendorId), eq(offers.id, id)))
          .returning();
        if (!row) return false;
        const { eventId, vendorId } = row;
        note({ action: 'offer.closed', subjects: [id, eventId], vendorId });
        return true;
      }),
  };
}

export function offerOf(row: typeof offers.$inferSelect): Offer {
  const { saleFrom, saleUntil, createdAt, method, ...offer } = row;
  return {
    ...offer,
    method: method as OfferMethod,
    sale: { from: saleFrom.getTime(), until: saleUntil.getTime() },
    createdAt: createdAt.getTime(),
  };
}
