import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { LANGUAGES } from '@pinless-gate/protocol/record';
import { APPLICATION_STATES } from '../../domain/application.ts';
import { forVisitor } from '../../domain/asker.ts';
import { type BuyerStanding, buyerStanding, checkStanding } from '../../domain/buyer.ts';
import { CARD_ANSWERS, PURCHASE_ANSWERS } from '../../domain/card-check.ts';
import { OFFER_METHODS, type OfferStanding } from '../../domain/offer.ts';
import { PAYMENT_OUTCOMES, SIGNATURE_HEADER } from '../../domain/payment.ts';
import type { VisitorDesk } from '../../domain/visitor-desk.ts';
import type { ShopDesks } from '../../shop/desks.ts';
import type { VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { accessOfVisitors, Code, deskOf } from './public.ts';
import { body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const count = z.int();
const optional = z.string().optional();
const Seat = z.object({
  category: z.string(),
  gate: z.string(),
  block: optional,
  row: optional,
  number: optional,
});

const OnSale = z
  .object({
    id: Id,
    category: z.string(),
    priceYen: count,
    perCard: count,
    method: z.enum(OFFER_METHODS),
    kazashi: z.boolean(),
    free: count,
  })
  .openapi('OfferOnSale');

const offers = createRoute({
  method: 'get',
  path: '/api/public/events/{id}/offers',
  summary: 'What is on sale for an event',
  ...accessOfVisitors,
  request: { params: IdParam },
  responses: { 200: json(z.object({ offers: z.array(OnSale) }), 'the offers'), ...PROBLEMS },
});

const apply = createRoute({
  method: 'post',
  path: '/api/public/applications',
  summary: 'Holds seats for twenty minutes; the code is told once',
  ...accessOfVisitors,
  request: body(
    z.strictObject({
      eventId: Id,
      language: z.enum(LANGUAGES).default('ja'),
      picks: z.array(z.strictObject({ offerId: Id, count })).max(20),
    }),
  ),
  responses: {
    201: json(
      z.object({ code: z.string(), purchaseId: z.string(), expiresAt: Moment, totalYen: count }),
      'the application',
    ),
    ...PROBLEMS,
  },
});

const Standing = z
  .object({
    state: z.enum(APPLICATION_STATES),
    purchaseId: z.string(),
    eventId: Id,
    method: z.enum(OFFER_METHODS),
    kazashi: z.boolean(),
    totalYen: count,
    seats: z.array(Seat),
    expiresAt: Moment.optional().openapi({ description: 'While it has no card' }),
    slip: z.string().optional(),
    dueAt: Moment.optional(),
    paidAt: Moment.optional(),
    listed: z.boolean().openapi({ description: 'Handed to the builder of the list' }),
    checkCode: z.string().optional().openapi({ description: 'For /check, once a card is linked' }),
  })
  .openapi('ApplicationStanding');

const standing = createRoute({
  method: 'post',
  path: '/api/public/applications/standing',
  summary: 'How far an application is; once it is paid, the completion notice',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code })),
  responses: { 200: json(Standing, 'the application'), ...PROBLEMS },
});

const check = createRoute({
  method: 'post',
  path: '/api/public/checks',
  summary:
    'How far a purchase is, and what the last card shown for it was; a card is shown by a statement',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code })),
  responses: {
    200: json(
      z.object({
        purchase: z.enum(PURCHASE_ANSWERS),
        card: z.object({ answer: z.enum(CARD_ANSWERS), at: Moment }).optional(),
      }),
      'the answer',
    ),
    ...PROBLEMS,
  },
});

const pay = createRoute({
  method: 'post',
  path: '/api/public/payments',
  summary: 'Whoever took the money tells of it',
  ...accessOfVisitors,
  request: {
    headers: z.object({
      [SIGNATURE_HEADER]: optional.openapi({
        description: 'k=<id of the secret>,t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body", hex>',
      }),
    }),
    ...body(
      z.strictObject({
        paymentId: z.string(),
        slip: z.string(),
        amountYen: count,
        paidAt: z.iso.datetime({ offset: true }),
      }),
    ),
  },
  responses: {
    200: json(
      z.object({ outcome: z.enum(PAYMENT_OUTCOMES) }),
      'kept; the same again is answered again. All but `paid` wait for a person',
    ),
    ...PROBLEMS,
  },
});

export interface PublicShopApiDeps extends ShopDesks {
  readonly visitors: VisitorDesk | undefined;
  readonly now: () => number;
}

export const publicShopApi = (deps: PublicShopApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(offers, async (c) => {
      const { id } = c.req.valid('param');
      const all = await deps.offerDesk.onSale(forVisitor('application'), id);
      return c.json({ offers: all.map(onSale) }, 200);
    })
    .openapi(apply, async (c) => {
      deskOf(deps);
      const { eventId, picks, language } = c.req.valid('json');
      const { application, code } = await deps.shop.apply(eventId, picks, language);
      const { purchaseId, expiresAt, totalYen } = application;
      return c.json({ code, purchaseId, expiresAt: moment(expiresAt), totalYen }, 201);
    })
    .openapi(standing, async (c) => {
      const desk = { ...deps, visitors: deskOf(deps) };
      return c.json(shown(await buyerStanding(desk, c.req.valid('json').code)), 200);
    })
    .openapi(check, async (c) => {
      const desk = { ...deps, visitors: deskOf(deps) };
      const { purchase, card } = await checkStanding(desk, c.req.valid('json').code);
      const answer = CARD_ANSWERS.find((word) => word === card?.word);
      return c.json(
        { purchase, ...(card && answer && { card: { answer, at: moment(card.at) } }) },
        200,
      );
    })
    .openapi(pay, async (c) => {
      const vendorId = await deps.paymentSecrets.vendorOf(
        c.req.header(SIGNATURE_HEADER),
        await c.req.text(),
      );
      const { paidAt, ...payment } = c.req.valid('json');
      const outcome = await deps.till.pay(vendorId, { ...payment, paidAt: Date.parse(paidAt) });
      return c.json({ outcome }, 200);
    });

const onSale = ({ id, category, priceYen, perCard, method, kazashi, free }: OfferStanding) => ({
  ...{ id, category, priceYen, perCard, method, kazashi, free },
});

function shown({ application, state, listed, checkCode }: BuyerStanding) {
  const { purchaseId, eventId, method, kazashi, totalYen, seats, slip } = application;
  return {
    ...{ state, purchaseId, eventId, method, kazashi, totalYen, slip, listed, checkCode },
    seats: seats.map(({ offerId: _, ...seat }) => seat),
    expiresAt: state === 'open' ? moment(application.expiresAt) : undefined,
    dueAt: momentOf(application.dueAt),
    paidAt: momentOf(application.paidAt),
  };
}
