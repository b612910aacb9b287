import { and, eq, sql } from 'drizzle-orm';
import type { Edit } from '../domain/refusal.ts';
import type { Vendor, VendorStore } from '../domain/vendor.ts';
import { vendors } from './account-schema.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';

export function vendorStore(db: Database): VendorStore {
  return {
    list: (scope) =>
      guarded('read the vendors', async () => {
        const rows = await db
          .select()
          .from(vendors)
          .where(within(scope, vendors.id))
          .orderBy(vendors.createdAt, vendors.id);
        return rows.map(vendorOf);
      }),

    find: (scope, id) =>
      guarded('look up a vendor', async () => {
        const [row] = await db
          .select()
          .from(vendors)
          .where(and(within(scope, vendors.id), eq(vendors.id, id)));
        return row && vendorOf(row);
      }),

    add: ({ id, name }, origin) =>
      change(db, 'add a vendor', origin, async (tx, note) => {
        const [row] = await tx
          .insert(vendors)
          .values({ id, name, createdAt: new Date(origin.at) })
          .returning();
        note({ action: 'vendor.added', subjects: [id], vendorId: id });
        return vendorOf(row!);
      }),

    rename: (scope, { id, name, revision }, origin) =>
      change(db, 'rename a vendor', origin, async (tx, note): Promise<Edit> => {
        const where = and(within(scope, vendors.id), eq(vendors.id, id));
        const changed = await tx
          .update(vendors)
          .set({ name, revision: sql`${vendors.revision} + 1` })
          .where(and(where, eq(vendors.revision, revision)))
          .returning({ id: vendors.id });
        if (changed.length > 0) {
          note({ action: 'vendor.renamed', subjects: [id], vendorId: id });
          return 'changed';
        }
        const found = await tx.select({ id: vendors.id }).from(vendors).where(where);
        return found.length > 0 ? 'conflict' : 'unknown';
      }),
  };
}

function vendorOf(row: typeof vendors.$inferSelect): Vendor {
  return { ...row, createdAt: row.createdAt.getTime() };
}
