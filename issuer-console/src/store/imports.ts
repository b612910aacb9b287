import { and, desc, eq, gt, sql } from 'drizzle-orm';
import {
  IMPORT_SILENT_MS,
  type Import,
  type ImportFormat,
  type ImportStore,
} from '../domain/purchase.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { importRows } from './purchase-rows.ts';
import { events, importRejects, imports, purchases } from './purchase-schema.ts';
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
          const { accepted, changed, unchanged, refused } = await importRows(
            tx,
            of,
            rows,
            new Date(at),
          );
          const all = [...rejects, ...refused].sort((a, b) => a.line - b.line);
          const [now] = await tx
            .update(imports)
            .set({
              accepted: sql`${imports.accepted} + ${accepted}`,
              changed: sql`${imports.changed} + ${changed}`,
              unchanged: sql`${imports.unchanged} + ${unchanged}`,
              rejected: sql`${imports.rejected} + ${all.length}`,
              progress,
              updatedAt: new Date(at),
            })
            .where(eq(imports.id, of.id))
            .returning({ rejected: imports.rejected });
          const room = MAX_KEPT_REJECTS - (now!.rejected - all.length);
          const kept = all.slice(0, Math.max(0, room));
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
        // What the planner knows of the table is of before: it would sort a million rows to show fifty.
        if (accepted > 0) await tx.execute(sql`analyze ${purchases}`);
        const facts = { state, accepted, changed, unchanged, rejected };
        const { id, eventId, vendorId } = of;
        note({ action: 'import.finished', subjects: [id, eventId], vendorId, facts });
      }),
  };
}

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
