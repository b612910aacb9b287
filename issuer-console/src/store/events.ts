import { and, eq } from 'drizzle-orm';
import type { Event, EventStore } from '../domain/event.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { events } from './purchase-schema.ts';
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
        const { paid, pending, cancelled, waiting } = events;
        const [row] = await db
          .select({ paid, pending, cancelled, waiting })
          .from(events)
          .where(eq(events.id, id));
        return row!;
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

/** Whoever puts it into the archive waits until the transaction ends; sales and counts do not. */
export async function isArchived(tx: Transaction, id: string): Promise<boolean> {
  const [row] = await tx
    .select({ archivedAt: events.archivedAt })
    .from(events)
    .where(eq(events.id, id))
    .for('key share');
  return row !== undefined && row.archivedAt !== null;
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
    revision: row.revision,
    archivedAt: row.archivedAt?.getTime(),
  };
}
