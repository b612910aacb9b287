import { and, eq, sql } from 'drizzle-orm';
import type { Event, EventStore } from '../domain/event.ts';
import type { PurchaseState } from '../domain/purchase.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { events, purchases } from './purchase-schema.ts';
import { within } from './scope.ts';

export function eventStore(db: Database): EventStore {
  return {
    list: (scope) =>
      guarded('read the events', async () => {
        const rows = await db
          .select()
          .from(events)
          .where(within(scope, events.vendorId))
          .orderBy(events.startsAt, events.id);
        return rows.map(eventOf);
      }),

    find: (scope, id) =>
      guarded('look up an event', async () => {
        const [row] = await db
          .select()
          .from(events)
          .where(and(within(scope, events.vendorId), eq(events.id, id)));
        return row && eventOf(row);
      }),

    counts: ({ id }) =>
      guarded('count purchases', async () => {
        const rows = await db
          .select({
            state: purchases.state,
            all: sql<string>`count(*)`,
            waiting: sql<string>`count(*) filter (where ${purchases.changeNo} > ${events.exportedNo})`,
          })
          .from(purchases)
          .innerJoin(events, eq(events.id, purchases.eventId))
          .where(eq(purchases.eventId, id))
          .groupBy(purchases.state);
        const of = (state: PurchaseState) =>
          Number(rows.find((row) => row.state === state)?.all ?? 0);
        return {
          paid: of('paid'),
          pending: of('pending'),
          cancelled: of('cancelled'),
          waiting: rows.reduce((sum, { waiting }) => sum + Number(waiting), 0),
        };
      }),

    hashKey: ({ id }) =>
      guarded('look up an event', async () => {
        const [row] = await db
          .select({ hashKey: events.hashKey })
          .from(events)
          .where(eq(events.id, id));
        return row?.hashKey;
      }),

    add: ({ admission, gates, issuers, startsAt, ...event }, origin) =>
      change(db, 'add an event', origin, async (tx, note) => {
        const { id, vendorId } = event;
        const added = await tx
          .insert(events)
          .values({
            ...event,
            startsAt: new Date(startsAt),
            admissionFrom: new Date(admission.from),
            admissionUntil: new Date(admission.until),
            gates: [...gates],
            issuers: [...issuers],
            createdAt: new Date(origin.at),
          })
          .onConflictDoNothing()
          .returning({ id: events.id });
        if (added.length === 0) return false;
        note({ action: 'event.added', subjects: [id], vendorId });
        return true;
      }),
  };
}

function eventOf(row: typeof events.$inferSelect): Event {
  const { id, vendorId, name, gates, issuers } = row;
  return {
    id,
    vendorId,
    name,
    gates,
    issuers,
    startsAt: row.startsAt.getTime(),
    admission: { from: row.admissionFrom.getTime(), until: row.admissionUntil.getTime() },
    createdAt: row.createdAt.getTime(),
  };
}
