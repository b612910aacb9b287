import { and, between, desc, eq, lt, sql } from 'drizzle-orm';
import {
  type ChangedPurchase,
  type ChangedPurchases,
  kindOf,
  type ListChangeStore,
} from '../domain/list-change.ts';
import type { Publication } from '../domain/list-publication.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { publications } from './publication-schema.ts';
import { purchaseHistory, purchases } from './purchase-schema.ts';

const NONE: ChangedPurchases = { first: false, total: 0, shown: [] };

export function listChangeStore(db: Database): ListChangeStore {
  return {
    changed: (of, limit) =>
      guarded('compare with the list before', async () => {
        const { changeNo, list } = of;
        if (changeNo === undefined || !list) return NONE;
        const before = await publishedBefore(db, of);
        if (before === undefined) return { ...NONE, first: true };
        const within = and(
          eq(purchases.eventId, of.eventId),
          between(purchases.changeNo, before + 1, changeNo),
        );
        const [count] = await db
          .select({ total: sql<string>`count(*)` })
          .from(purchases)
          .where(within);
        const rows = await db
          .select({ row: purchases, was: stateAt(before) })
          .from(purchases)
          .where(within)
          .orderBy(purchases.purchaseId)
          .limit(limit);
        return { first: false, total: Number(count?.total ?? 0), shown: rows.map(changeOf) };
      }),
  };
}

/** The change up to which the list went that was published last before this one. */
async function publishedBefore(db: Database, of: Publication): Promise<number | undefined> {
  const [last] = await db
    .select({ changeNo: publications.changeNo })
    .from(publications)
    .where(
      and(
        eq(publications.eventId, of.eventId),
        eq(publications.state, 'published'),
        lt(publications.version, of.list!.version),
      ),
    )
    .orderBy(desc(publications.version))
    .limit(1);
  return last?.changeNo ?? undefined;
}

/** The state that a purchase had after that change, where it has had another one since. */
const stateAt = (change: number) => sql<string | null>`(
  select h.state from ${purchaseHistory} h
  where h.event_id = purchases.event_id and h.purchase_id = purchases.purchase_id
    and h.change_no > ${change} order by h.change_no limit 1)`;

/** One that is as it came was not there before: it was never changed. */
function changeOf({
  row,
  was,
}: {
  readonly row: typeof purchases.$inferSelect;
  readonly was: string | null;
}): ChangedPurchase {
  const { purchaseId, tickets, state, createdAt, changedAt } = row;
  const isNew = was === null && createdAt.getTime() === changedAt.getTime();
  const before = !isNew && (was ?? state) === 'paid';
  return { purchaseId, tickets, kind: kindOf(before, state === 'paid') };
}
