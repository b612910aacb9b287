import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { Scope } from '../../domain/permission.ts';
import { PURCHASE_STATES } from '../../domain/purchase.ts';
import {
  formatPlace,
  LISTINGS,
  listingOf,
  NUMBER,
  type PurchaseLine,
  type PurchaseListStore,
  type PurchaseQuery,
  parsePlace,
} from '../../domain/purchase-list.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, Id, IdParam, json, Moment, moment, PROBLEMS } from './schema.ts';

const Query = z
  .object({
    search: z.string().regex(NUMBER).optional().openapi({
      description:
        'A purchase’s number or its beginning: in the order of numbers. Not with `state` or `since`',
    }),
    state: z.enum(PURCHASE_STATES).optional(),
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .openapi({ description: 'Changed at this time or later, by the console’s clock' }),
    cursor: z.string().max(120).optional().openapi({ description: '`next` of the page before' }),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  })
  .refine(({ search, state, since }) => search === undefined || !(state ?? since), {
    path: ['search'],
    error: 'not with state or since',
  });

const count = z.int();
const Line = z
  .object({
    purchaseId: z.string(),
    state: z.enum(PURCHASE_STATES),
    tickets: count,
    listed: z.enum(LISTINGS),
    change: count.openapi({ description: 'Of the event’s changes the one that made it so' }),
    createdAt: Moment,
    changedAt: Moment,
  })
  .openapi('PurchaseLine', { description: 'Without card or name' });

const Page = z.object({
  eventId: Id,
  purchases: z.array(Line),
  more: z.boolean(),
  next: z.string().optional().openapi({
    description: 'Where the list goes on. Kept, it asks later for what changed since',
  }),
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/purchases',
  summary: 'Purchases of an event, by number or in the order of their last changes',
  ...access('purchase.read'),
  request: { params: IdParam, query: Query },
  responses: { 200: json(Page, 'a page of them'), ...PROBLEMS },
});

export interface PurchaseListApiDeps {
  readonly events: EventStore;
  readonly purchaseLists: PurchaseListStore;
}

export const purchaseListApi = ({ events, purchaseLists }: PurchaseListApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm }).openapi(list, async (c) => {
    const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
    const { cursor, limit, ...asked } = c.req.valid('query');
    const after = cursor === undefined ? undefined : parsePlace(cursor);
    const found = await purchaseLists.page(event, queryOf(asked), { after, limit: limit + 1 });
    const purchases = found.slice(0, limit);
    const last = purchases.at(-1);
    const next = last ? formatPlace(last) : cursor;
    const more = found.length > limit;
    return c.json({ eventId: event.id, purchases: purchases.map(shown), more, next }, 200);
  });

function queryOf({
  search,
  state,
  since,
}: Omit<z.infer<typeof Query>, 'cursor' | 'limit'>): PurchaseQuery {
  if (search !== undefined) return { by: 'number', beginning: search };
  const from = since === undefined ? undefined : Date.parse(since);
  return { by: 'change', state, since: from, newestFirst: false };
}

function shown({ exported, changeNo, createdAt, changedAt, ...line }: PurchaseLine) {
  const listed = listingOf({ exported, ...line });
  const times = { createdAt: moment(createdAt), changedAt: moment(changedAt) };
  return { ...line, listed, change: changeNo, ...times };
}
