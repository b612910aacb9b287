import { Hono } from 'hono';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { Scope } from '../../domain/permission.ts';
import { PURCHASE_STATES, type PurchaseState } from '../../domain/purchase.ts';
import {
  formatPlace,
  NUMBER,
  type PurchaseListStore,
  type PurchaseQuery,
  parsePlace,
} from '../../domain/purchase-list.ts';
import { PurchasesPage } from '../../views/purchases.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { idOf, type PageDeps, pageOf } from './page.ts';

export interface PurchasePagesDeps extends PageDeps {
  readonly events: EventStore;
  readonly purchaseLists: PurchaseListStore;
}

const SHOWN = 50;

export const purchasePages = (deps: PurchasePagesDeps) =>
  new Hono<VisitorEnv>().get('/events/:id/purchases', allow('purchase.read'), async (c) => {
    const event = await requireEvent(deps.events, Scope.of(actorOn(c)), idOf(c));
    const search = c.req.query('search')?.trim() ?? '';
    const state = PURCHASE_STATES.find((one) => one === c.req.query('state'));
    const cursor = c.req.query('cursor');
    const after = cursor === undefined ? undefined : parsePlace(cursor);
    const query = queryOf(search, state);
    const [counts, found] = await Promise.all([
      deps.events.counts(event),
      query && deps.purchaseLists.page(event, query, { after, limit: SHOWN + 1 }),
    ]);
    const purchases = found?.slice(0, SHOWN);
    const last = purchases?.at(-1);
    const next = last && found!.length > SHOWN ? formatPlace(last) : undefined;
    const shown = { event, counts, search, state, purchases, next };
    return c.html(<PurchasesPage {...pageOf(c, deps)} {...shown} />);
  });

/** Nothing is listed until somebody asks. What no number can begin with finds none. */
function queryOf(search: string, state: PurchaseState | undefined): PurchaseQuery | undefined {
  if (NUMBER.test(search)) return { by: 'number', beginning: search };
  if (search !== '' || state === undefined) return undefined;
  return { by: 'change', state, since: undefined, newestFirst: true };
}
