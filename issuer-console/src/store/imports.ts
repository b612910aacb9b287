import { equal } from '@pinless-gate/protocol/bytes';
import { and, desc, eq, gt, inArray, sql } from 'drizzle-orm';
import {
  IMPORT_SILENT_MS,
  type Import,
  type ImportFormat,
  type ImportRow,
  type ImportStore,
  type NewImport,
} from '../domain/purchase.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { events, importRejects, imports, purchaseHistory, purchases } from './purchase-schema.ts';
import { within } from './scope.ts';

/** Of one upload: who has more wrong than this looks at the first ones. */
export const MAX_KEPT_REJECTS = 10_000;

export function importStore(db: Database): ImportStore {
  return {
    list: ({ id }, limit) =>
      guarded('read the imports', async () => {
        const rows = await db
          .select()
          .from(imports)
          .where(eq(imports.eventId, id))
          .orderBy(desc(imports.startedAt), imports.id)
          .limit(limit);
        return rows.map(importOf);
      }),

    find: (scope, id) =>
      guarded('look up an import', async () => {
        const [row] = await db
          .select()
          .from(imports)
          .where(and(within(scope, imports.vendorId), eq(imports.id, id)));
        return row && importOf(row);
      }),

    rejects: ({ id }, { after, limit }) =>
      guarded('read rejects', () =>
        db
          .select({
            line: importRejects.line,
            field: importRejects.field,
            reason: importRejects.reason,
          })
          .from(importRejects)
          .where(and(eq(importRejects.importId, id), gt(importRejects.line, after)))
          .orderBy(importRejects.line)
          .limit(limit),
      ),

    begin: (wanted, origin) =>
      change(db, 'begin an import', origin, async (tx, note) => {
        const { id, eventId, vendorId, format } = wanted;
        // The event's lock: of two who begin at once, one does.
        await tx.select({ id: events.id }).from(events).where(eq(events.id, eventId)).for('update');
        const alive = gt(imports.updatedAt, new Date(origin.at - IMPORT_SILENT_MS));
        const running = await tx
          .select({ id: imports.id })
          .from(imports)
          .where(and(eq(imports.eventId, eventId), eq(imports.state, 'running'), alive));
        if (running.length > 0) return false;
        const at = new Date(origin.at);
        await tx
          .insert(imports)
          .values({ ...wanted, state: 'running', startedAt: at, updatedAt: at });
        note({ action: 'import.begun', subjects: [id, eventId], vendorId, facts: { format } });
        return true;
      }),

    put: (of, { rows, rejects, progress }, at) =>
      guarded('keep purchases', () =>
        db.transaction(async (tx) => {
          const { accepted, changed } = await putRows(tx, of, rows, new Date(at));
          const [now] = await tx
            .update(imports)
            .set({
              accepted: sql`${imports.accepted} + ${accepted}`,
              changed: sql`${imports.changed} + ${changed}`,
              unchanged: sql`${imports.unchanged} + ${rows.length - accepted - changed}`,
              rejected: sql`${imports.rejected} + ${rejects.length}`,
              progress,
              updatedAt: new Date(at),
            })
            .where(eq(imports.id, of.id))
            .returning({ rejected: imports.rejected });
          const room = MAX_KEPT_REJECTS - (now!.rejected - rejects.length);
          const kept = rejects.slice(0, Math.max(0, room));
          if (kept.length === 0) return;
          await tx.insert(importRejects).values(kept.map((one) => ({ ...one, importId: of.id })));
        }),
      ),

    finish: (of, failure, origin) =>
      change(db, 'finish an import', origin, async (tx, note) => {
        const state = failure === undefined ? 'done' : 'failed';
        const more = failure === undefined ? { progress: 100 } : { failure };
        const [row] = await tx
          .update(imports)
          .set({ state, updatedAt: new Date(origin.at), ...more })
          .where(eq(imports.id, of.id))
          .returning();
        const { accepted, changed, unchanged, rejected } = row!;
        const facts = { state, accepted, changed, unchanged, rejected };
        const { id, eventId, vendorId } = of;
        note({ action: 'import.finished', subjects: [id, eventId], vendorId, facts });
      }),
  };
}

interface Written {
  readonly accepted: number;
  readonly changed: number;
}

async function putRows(
  tx: Transaction,
  { eventId, vendorId }: NewImport,
  rows: readonly ImportRow[],
  at: Date,
): Promise<Written> {
  if (rows.length === 0) return { accepted: 0, changed: 0 };
  const { purchaseId, hash, state } = purchases;
  const ids = rows.map((row) => row.purchaseId);
  const found = await tx
    .select({ purchaseId, hash, state })
    .from(purchases)
    .where(and(eq(purchases.eventId, eventId), inArray(purchaseId, ids)));
  const known = new Map(found.map((row) => [row.purchaseId, row]));
  const writing = rows.filter((row) => {
    const before = known.get(row.purchaseId);
    return !before || !equal(before.hash, row.hash);
  });
  if (writing.length === 0) return { accepted: 0, changed: 0 };
  const [{ changeNo } = { changeNo: 0 }] = await tx
    .update(events)
    .set({ changeNo: sql`${events.changeNo} + 1` })
    .where(eq(events.id, eventId))
    .returning({ changeNo: events.changeNo });
  const values = writing.map(({ seal, ...row }) => ({
    ...row,
    eventId,
    vendorId,
    sealed: seal(),
    createdAt: at,
    changedAt: at,
    changeNo,
  }));
  await tx.insert(purchases).values(values).onConflictDoUpdate(REPLACED);
  const past = writing.flatMap((row) => {
    const before = known.get(row.purchaseId);
    if (!before || before.state === row.state) return [];
    const { purchaseId: id } = row;
    return [{ eventId, purchaseId: id, changeNo, state: before.state, until: at }];
  });
  if (past.length > 0) await tx.insert(purchaseHistory).values(past);
  const changed = writing.filter((row) => known.has(row.purchaseId)).length;
  return { accepted: writing.length - changed, changed };
}

/** All but when it came. */
const REPLACED = {
  target: [purchases.eventId, purchases.purchaseId],
  set: {
    state: sql`excluded.state`,
    tickets: sql`excluded.tickets`,
    hash: sql`excluded.hash`,
    sealed: sql`excluded.sealed`,
    changedAt: sql`excluded.changed_at`,
    changeNo: sql`excluded.change_no`,
  },
};

function importOf(row: typeof imports.$inferSelect): Import {
  return {
    ...row,
    format: row.format as ImportFormat,
    state: row.state as Import['state'],
    startedAt: row.startedAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    failure: row.failure ?? undefined,
  };
}
