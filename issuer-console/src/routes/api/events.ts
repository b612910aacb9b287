import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import { type Event, type EventDesk, type EventStore, requireEvent } from '../../domain/event.ts';
import type { EventEditor } from '../../domain/event-edit.ts';
import { Scope } from '../../domain/permission.ts';
import { PURCHASE_STATES, type PurchaseStore, unknownPurchase } from '../../domain/purchase.ts';
import { listingOf } from '../../domain/purchase-list.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import {
  access,
  body,
  Id,
  IdParam,
  json,
  Moment,
  moment,
  momentOf,
  PROBLEMS,
  Revision,
} from './schema.ts';

const Instant = z.iso.datetime({ offset: true });
const Wanted = z.strictObject({
  id: Id.openapi({ description: 'As in event.toml' }),
  vendorId: Id,
  name: z.string(),
  startsAt: Instant,
  admission: z.strictObject({ from: Instant, until: Instant }),
  gates: z.array(z.string()),
  issuers: z.array(z.string()).openapi({ description: 'Names of [[issuers]] in event.toml' }),
});

const Shown = Wanted.extend({
  createdAt: Moment,
  revision: Revision,
  archivedAt: Moment.optional(),
}).openapi('Event');
const count = z.int();
const Counted = z
  .object({ paid: count, pending: count, cancelled: count, waiting: count })
  .openapi('EventCounts', { description: '`waiting`: changed since the feed was last exported' });

const list = createRoute({
  method: 'get',
  path: '/api/v1/events',
  summary: 'The events that you may see',
  ...access('event.read'),
  responses: { 200: json(z.object({ events: z.array(Shown) }), 'the events'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}',
  summary: 'One event, and how many purchases it has',
  ...access('event.read'),
  request: { params: IdParam },
  responses: { 200: json(z.object({ event: Shown, counts: Counted }), 'the event'), ...PROBLEMS },
});

const add = createRoute({
  method: 'post',
  path: '/api/v1/events',
  summary: 'Adds an event of a vendor',
  ...access('event.write'),
  request: body(Wanted),
  responses: { 201: json(Shown, 'the event'), ...PROBLEMS },
});

const edit = createRoute({
  method: 'patch',
  path: '/api/v1/events/{id}',
  summary: 'Changes an event, or puts it into the archive, where nothing is taken in or sold',
  ...access('event.write'),
  request: {
    params: IdParam,
    ...body(
      Wanted.omit({ id: true, vendorId: true })
        .partial()
        .extend({
          revision: Revision,
          archived: z.boolean().optional(),
          anyway: z.boolean().default(false).openapi({
            description: 'Also where purchases or offered places no longer fit (ERR_EVENT_ROWS)',
          }),
        }),
    ),
  },
  responses: { 200: json(Shown, 'the event'), ...PROBLEMS },
});

const State = z.enum(PURCHASE_STATES);
const Standing = z
  .object({
    purchaseId: z.string(),
    eventId: Id,
    state: State,
    tickets: count,
    linked: z.boolean().openapi({ description: 'A card stands in the purchase' }),
    paid: z.boolean(),
    listed: z.enum(['no', 'waiting', 'exported']).openapi({
      description:
        '`exported`: handed to the list’s builder as it is now; whether a gate has that list is not told',
    }),
    createdAt: Moment,
    changedAt: Moment,
    history: z.array(z.object({ state: State, until: Moment })),
  })
  .openapi('PurchaseStanding', { description: 'Without card or name' });

const purchase = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/purchases/{purchaseId}',
  summary: 'Where a purchase stands',
  ...access('purchase.read'),
  request: { params: IdParam.extend({ purchaseId: z.string().max(64) }) },
  responses: { 200: json(Standing, 'the purchase'), ...PROBLEMS },
});

export interface EventApiDeps {
  readonly events: EventStore;
  readonly purchases: PurchaseStore;
  readonly desk: EventDesk;
  readonly eventEditor: EventEditor;
}

export const eventApi = ({ events, purchases, desk, eventEditor }: EventApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await events.list(Scope.of(actorOn(c)));
      return c.json({ events: all.map(shown) }, 200);
    })
    .openapi(read, async (c) => {
      const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
      return c.json({ event: shown(event), counts: await events.counts(event) }, 200);
    })
    .openapi(add, async (c) => {
      const { startsAt, admission, ...wanted } = c.req.valid('json');
      const { from, until } = admission;
      const asker = askerOf(actorOn(c));
      await desk.add(asker, {
        ...wanted,
        startsAt: Date.parse(startsAt),
        admission: { from: Date.parse(from), until: Date.parse(until) },
      });
      return c.json(shown(await requireEvent(events, asker.scope, wanted.id)), 201);
    })
    .openapi(edit, async (c) => {
      const { startsAt, admission, anyway, ...wanted } = c.req.valid('json');
      const { id } = c.req.valid('param');
      const times = {
        startsAt: startsAt === undefined ? undefined : Date.parse(startsAt),
        admission: admission && {
          from: Date.parse(admission.from),
          until: Date.parse(admission.until),
        },
      };
      const asker = askerOf(actorOn(c));
      return c.json(shown(await eventEditor.edit(asker, { id, ...wanted, ...times }, anyway)), 200);
    })
    .openapi(purchase, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const found = await purchases.find(Scope.of(actorOn(c)), id, purchaseId);
      if (!found) throw unknownPurchase();
      const { vendorId: _, exported, createdAt, changedAt, history, ...standing } = found;
      const paid = standing.state === 'paid';
      const listed = listingOf({ state: standing.state, exported });
      const past = history.map(({ state, until }) => ({ state, until: moment(until) }));
      const times = { createdAt: moment(createdAt), changedAt: moment(changedAt) };
      return c.json(
        { ...standing, ...times, linked: true, paid, listed, history: past } as const,
        200,
      );
    });

const shown = ({
  startsAt,
  admission,
  createdAt,
  archivedAt,
  gates,
  issuers,
  ...event
}: Event) => ({
  ...event,
  gates: [...gates],
  issuers: [...issuers],
  startsAt: moment(startsAt),
  admission: { from: moment(admission.from), until: moment(admission.until) },
  createdAt: moment(createdAt),
  archivedAt: momentOf(archivedAt),
});
