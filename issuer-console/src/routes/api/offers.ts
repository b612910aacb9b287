import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import {
  APPLICATION_STATES,
  type Application,
  type ApplicationStore,
} from '../../domain/application.ts';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { OFFER_METHODS, type Offer } from '../../domain/offer.ts';
import { CASH_WAYS } from '../../domain/payment.ts';
import { Scope } from '../../domain/permission.ts';
import type { ShopDesks } from '../../shop/desks.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const count = z.int();
const Instant = z.iso.datetime({ offset: true });
const Wanted = z.strictObject({
  category: z.string().openapi({ description: 'As on the ticket' }),
  priceYen: count,
  perCard: count.openapi({ description: 'How many one card may have' }),
  method: z.enum(OFFER_METHODS).default('signature'),
  kazashi: z.boolean().default(false).openapi({ description: 'Capture the chip for `kazashi`' }),
  sale: z.strictObject({ from: Instant, until: Instant }),
  payWithinHours: count.default(72),
  seats: z
    .array(
      z.strictObject({
        gate: z.string(),
        block: z.string().optional(),
        row: z.string().optional(),
        first: count.optional().openapi({ description: 'Number of the first seat; none: a pool' }),
        places: count,
      }),
    )
    .openapi({ description: 'Seats in a row, or so many places' }),
});
const Shown = z
  .object({
    ...Wanted.omit({ seats: true }).shape,
    id: Id,
    eventId: Id,
    createdAt: Moment,
    places: count.optional(),
    free: count.optional(),
  })
  .openapi('Offer');

const list = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/offers',
  summary: 'The offers of an event',
  ...access('event.read'),
  request: { params: IdParam },
  responses: { 200: json(z.object({ offers: z.array(Shown) }), 'the offers'), ...PROBLEMS },
});

const add = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/offers',
  summary: 'Offers tickets of one kind to whoever has a card',
  ...access('offer.write'),
  request: { params: IdParam, ...body(Wanted) },
  responses: { 201: json(Shown, 'the offer'), ...PROBLEMS },
});

const close = createRoute({
  method: 'delete',
  path: '/api/v1/offers/{id}',
  summary: 'Sells no more of it; what was applied for stays',
  ...access('offer.write'),
  request: { params: IdParam },
  responses: { 204: { description: 'closed' }, ...PROBLEMS },
});

const ShownApplication = z
  .object({
    id: Id,
    purchaseId: z.string(),
    state: z.enum(APPLICATION_STATES),
    tickets: count,
    totalYen: count,
    slip: z.string().optional(),
    evidenceId: z.string().optional(),
    createdAt: Moment,
    linkedAt: Moment.optional(),
    dueAt: Moment.optional(),
    paidAt: Moment.optional(),
  })
  .openapi('Application', { description: 'Without card or name' });

const applications = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/applications',
  summary: 'The last 500 applications of an event, the newest first',
  ...access('purchase.read'),
  request: { params: IdParam },
  responses: {
    200: json(z.object({ applications: z.array(ShownApplication) }), 'the applications'),
    ...PROBLEMS,
  },
});

const paid = createRoute({
  method: 'post',
  path: '/api/v1/applications/{id}/paid',
  summary: 'Somebody at a desk took the money, or says that none is due',
  ...access('payment.write'),
  request: { params: IdParam, ...body(z.strictObject({ how: z.enum(CASH_WAYS) })) },
  responses: { 204: { description: 'paid' }, ...PROBLEMS },
});

const checkCode = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/check-code',
  summary: 'A code for a buyer to ask whether their card will open the gate',
  ...access('purchase.check'),
  request: { params: IdParam.extend({ purchaseId: z.string().max(64) }) },
  responses: { 201: json(z.object({ code: z.string() }), 'told once'), ...PROBLEMS },
});

export interface OfferApiDeps extends ShopDesks {
  readonly events: EventStore;
  readonly applications: ApplicationStore;
}

const LAST = 500;

export const offerApi = ({ events, applications: store, ...desks }: OfferApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await desks.offerDesk.list(askerOf(actorOn(c)), c.req.valid('param').id);
      return c.json({ offers: all.map(shown) }, 200);
    })
    .openapi(add, async (c) => {
      const { sale, ...wanted } = c.req.valid('json');
      const { id: eventId } = c.req.valid('param');
      const times = { from: Date.parse(sale.from), until: Date.parse(sale.until) };
      const asker = askerOf(actorOn(c));
      return c.json(
        shown(await desks.offerDesk.add(asker, { ...wanted, eventId, sale: times })),
        201,
      );
    })
    .openapi(close, async (c) => {
      await desks.offerDesk.close(askerOf(actorOn(c)), c.req.valid('param').id);
      return c.body(null, 204);
    })
    .openapi(applications, async (c) => {
      const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
      const last = await store.list(event, LAST);
      return c.json({ applications: last.map(shownApplication) }, 200);
    })
    .openapi(paid, async (c) => {
      const { how } = c.req.valid('json');
      await desks.till.payAtDesk(askerOf(actorOn(c)), c.req.valid('param').id, how);
      return c.body(null, 204);
    })
    .openapi(checkCode, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const code = await desks.cardCheck.give(askerOf(actorOn(c)), id, purchaseId);
      return c.json({ code }, 201);
    });

const shown = ({
  vendorId: _,
  sale,
  createdAt,
  ...offer
}: Offer & { places?: number; free?: number }) => ({
  ...offer,
  sale: { from: moment(sale.from), until: moment(sale.until) },
  createdAt: moment(createdAt),
});

const shownApplication = (application: Application) => {
  const { id, purchaseId, state, totalYen, slip, evidenceId, seats } = application;
  return {
    ...{ id, purchaseId, state, totalYen, slip, evidenceId, tickets: seats.length },
    createdAt: moment(application.createdAt),
    linkedAt: momentOf(application.linkedAt),
    dueAt: momentOf(application.dueAt),
    paidAt: momentOf(application.paidAt),
  };
};
