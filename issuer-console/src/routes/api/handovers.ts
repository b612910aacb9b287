import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { purchaseSchema } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Context } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { type Handover, requireHandover } from '../../domain/handover.ts';
import type { Act } from '../../domain/handover-ledger.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import type { HandoverApiDeps } from './handover-lists.ts';
import { HandoverShown, shownHandover } from './handover-shown.ts';
import { access, body, IdParam, json, PROBLEMS } from './schema.ts';

const { holder, enrolment, language } = purchaseSchema.shape;
const Buyer = z.union([
  z.strictObject({ purchaseId: z.string().max(64) }),
  z.strictObject({ holder, enrolment, language }),
]);
const PurchaseParam = IdParam.extend({ purchaseId: z.string().max(64) });
const ticketNo = z.string().max(64);
const changeNo = z
  .int()
  .min(0)
  .optional()
  .openapi({ description: 'Of the purchase, as it was seen: 409 where there is a later change' });
const hours = z.number().positive().openapi({ description: 'How long the code is good' });
const Coded = z
  .object({ handover: HandoverShown, code: z.string().optional() })
  .openapi('HandoverGiven', { description: 'The code is shown once' });

const invite = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/invitations',
  summary: 'A code with which somebody puts a ticket on their own card',
  ...access('purchase.change'),
  request: {
    params: PurchaseParam,
    ...body(
      z.strictObject({
        ticketNo,
        kind: z.enum(['companion', 'transfer']),
        hours: hours.default(72),
        changeNo,
      }),
    ),
  },
  responses: { 201: json(Coded, 'the invitation'), ...PROBLEMS },
});

const resell = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/resales',
  summary: 'Takes a seat off its card, and gives it to another or keeps it free',
  ...access('purchase.change'),
  request: {
    params: PurchaseParam,
    ...body(z.strictObject({ ticketNo, to: Buyer.optional(), hours: hours.optional(), changeNo })),
  },
  responses: { 201: json(Coded, 'the resale'), ...PROBLEMS },
});

const unlink = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/unlinked',
  summary: 'A companion’s ticket goes back to the card of the purchase',
  ...access('purchase.change'),
  request: { params: PurchaseParam, ...body(z.strictObject({ ticketNo, changeNo })) },
  responses: { 201: json(HandoverShown, 'what was done'), ...PROBLEMS },
});

const code = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/party-code',
  summary: 'A code for the representative; those before open nothing any more',
  ...access('purchase.change'),
  request: {
    params: PurchaseParam,
    ...body(z.strictObject({ hours: hours.default(24 * 30) })),
  },
  responses: { 201: json(z.object({ code: z.string() }), 'the code'), ...PROBLEMS },
});

const again = createRoute({
  method: 'post',
  path: '/api/v1/handovers/{id}/code',
  summary: 'Another code; those before open nothing any more',
  ...access('purchase.change'),
  request: { params: IdParam, ...body(z.strictObject({ hours: hours.default(72) })) },
  responses: { 201: json(Coded, 'the code'), ...PROBLEMS },
});

const bind = createRoute({
  method: 'post',
  path: '/api/v1/handovers/{id}/buyer',
  summary: 'Gives a seat that was taken back to somebody',
  ...access('purchase.change'),
  request: { params: IdParam, ...body(z.strictObject({ to: Buyer })) },
  responses: { 200: json(HandoverShown, 'the resale'), ...PROBLEMS },
});

const withdraw = createRoute({
  method: 'post',
  path: '/api/v1/handovers/{id}/withdraw',
  summary: 'Nothing comes of it any more',
  ...access('purchase.change'),
  request: { params: IdParam },
  responses: { 204: { description: 'withdrawn' }, ...PROBLEMS },
});

/** Tickets that come to other cards. */
export const handoverApi = (deps: HandoverApiDeps) => {
  const { resales, invitations, parties } = deps.handoverDesks;
  const shown = async (c: Context<VisitorEnv>, { id }: Pick<Handover, 'id'>) =>
    shownHandover(deps, askerOf(actorOn(c)).scope, id);
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(invite, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const { changeNo: expect, ...offer } = c.req.valid('json');
      const act = await acting(deps, c, { id, expect });
      const given = await invitations.offer(act, { ...offer, purchaseId });
      return c.json({ handover: await shown(c, given.handover), code: given.code }, 201);
    })
    .openapi(resell, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const { changeNo: expect, ...resale } = c.req.valid('json');
      const act = await acting(deps, c, { id, expect });
      const given = await resales.resell(act, { ...resale, purchaseId });
      return c.json({ handover: await shown(c, given.handover), code: given.code }, 201);
    })
    .openapi(unlink, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const { changeNo: expect, ticketNo: ticket } = c.req.valid('json');
      const act = await acting(deps, c, { id, expect });
      return c.json(await shown(c, await invitations.unlink(act, purchaseId, ticket)), 201);
    })
    .openapi(code, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const act = await acting(deps, c, { id });
      const given = await parties.code(act, purchaseId, c.req.valid('json').hours);
      return c.json({ code: given }, 201);
    })
    .openapi(again, async (c) => {
      const { id } = c.req.valid('param');
      const act = await actingOn(deps, c, id);
      const given = await invitations.code(act, id, c.req.valid('json').hours);
      return c.json({ handover: await shown(c, given.handover), code: given.code }, 201);
    })
    .openapi(bind, async (c) => {
      const { id } = c.req.valid('param');
      const act = await actingOn(deps, c, id);
      return c.json(await shown(c, await resales.bind(act, id, c.req.valid('json').to)), 200);
    })
    .openapi(withdraw, async (c) => {
      const { id } = c.req.valid('param');
      await invitations.withdraw(await actingOn(deps, c, id), id);
      return c.body(null, 204);
    });
};

interface Clicked {
  readonly id: string;
  readonly expect?: number | undefined;
}

/** The click is when the request came. */
async function acting(
  { events, now }: { readonly events: EventStore; readonly now: () => number },
  c: Context<VisitorEnv>,
  { id, expect }: Clicked,
): Promise<Act> {
  const askedAt = now();
  const asker = askerOf(actorOn(c));
  return { asker, event: await requireEvent(events, asker.scope, id), askedAt, expect };
}

async function actingOn(
  deps: HandoverApiDeps,
  c: Context<VisitorEnv>,
  handoverId: string,
): Promise<Act> {
  const { scope } = askerOf(actorOn(c));
  const { eventId } = await requireHandover(deps.handovers, scope, handoverId);
  return acting(deps, c, { id: eventId });
}
