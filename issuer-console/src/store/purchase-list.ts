import { and, asc, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import type { PurchaseState } from '../domain/purchase.ts';
import type {
  PurchaseListStore,
  PurchasePage,
  PurchasePlace,
  PurchaseQuery,
} from '../domain/purchase-list.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { events, purchases } from './purchase-schema.ts';

const { eventId, purchaseId, state, tickets, createdAt, changedAt, changeNo } = purchases;

export function purchaseListStore(db: Database): PurchaseListStore {
  return {
    page: ({ id }, query, page) =>
      guarded('read purchases', async () => {
        const exportedNo = sql`(select ${events.exportedNo} from ${events} where ${events.id} = ${id})`;
        const exported = sql<boolean>`${changeNo} <= ${exportedNo}`;
        const columns = { purchaseId, state, tickets, createdAt, changedAt, changeNo, exported };
        const { where, order } = await rangeOf(db, id, query, page);
        const rows = await db
          .select(columns)
          .from(purchases)
          .where(and(eq(eventId, id), where))
          .orderBy(...order)
          .limit(page.limit);
        return rows.map((row) => ({
          ...row,
          state: row.state as PurchaseState,
          createdAt: row.createdAt.getTime(),
          changedAt: row.changedAt.getTime(),
        }));
      }),
  };
}

interface Range {
  readonly where: SQL | undefined;
  readonly order: readonly SQL[];
}

async function rangeOf(
  db: Database,
  id: string,
  query: PurchaseQuery,
  { after }: PurchasePage,
): Promise<Range> {
  if (query.by === 'number') {
    const { beginning } = query;
    const further = after && sql`${purchaseId} > ${after.purchaseId}`;
    const where = and(gte(purchaseId, beginning), lt(purchaseId, beginning + BEYOND), further);
    return { where, order: [asc(purchaseId)] };
  }
  const { since, newestFirst } = query;
  const direction = newestFirst ? desc : asc;
  const from = since === undefined ? undefined : await firstChange(db, id, since);
  const where = and(
    query.state && eq(state, query.state),
    from === undefined ? undefined : gte(changeNo, from),
    after && beyond(after, newestFirst),
  );
  return { where, order: [direction(changeNo), direction(purchaseId)] };
}

/** After every character that a number may have. */
const BEYOND = '\x7f';

/** As one row: two conditions joined by `or` would not go by the index. */
function beyond(after: PurchasePlace, newestFirst: boolean): SQL {
  const here = sql`(${changeNo}, ${purchaseId})`;
  const there = sql`(${after.changeNo}, ${after.purchaseId})`;
  return newestFirst ? sql`${here} < ${there}` : sql`${here} > ${there}`;
}

/** The number of the first change at that time or later, by halves: changes come in the order of time. */
async function firstChange(db: Database, id: string, since: number): Promise<number> {
  const [event] = await db.select({ last: events.changeNo }).from(events).where(eq(events.id, id));
  let [low, high] = [1, (event?.last ?? 0) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [found] = await db
      .select({ changeNo, changedAt })
      .from(purchases)
      .where(and(eq(eventId, id), gte(changeNo, middle)))
      .orderBy(asc(changeNo))
      .limit(1);
    if (found && found.changedAt.getTime() < since) low = found.changeNo + 1;
    else high = middle;
  }
  return low;
}
