import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { HANDOVER_KINDS, HANDOVER_STATES, type HandoverStore } from '../../domain/handover.ts';
import { checkRules, type HandoverRulesStore } from '../../domain/handover-rules.ts';
import { arrivalOf, type ListArrivals, summaryOf } from '../../domain/handover-times.ts';
import type { Invitations } from '../../domain/invitations.ts';
import type { OpenedHandover, Parties } from '../../domain/parties.ts';
import { Scope } from '../../domain/permission.ts';
import { PURCHASE_STATES } from '../../domain/purchase.ts';
import type { Resales } from '../../domain/resales.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { HandoverShown, headOf, shownHandover } from './handover-shown.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const count = z.int();
const text = z.string();

export const TicketShown = z
  .object({
    ticketNo: text,
    seat: z.object({
      gate: text,
      block: text.optional(),
      row: text.optional(),
      number: text.optional(),
    }),
    category: text.optional(),
    with: text.optional(),
    card: z.enum(['holder', 'companion']),
    entered: z.boolean().openapi({ description: 'A gate has told that it went in' }),
  })
  .openapi('PartyTicket', { description: 'Whose card it is on is not told' });

export const Waiting = z.object({
  id: Id,
  kind: z.enum(HANDOVER_KINDS),
  state: z.enum(HANDOVER_STATES),
  ticketNos: z.array(text),
  begunAt: Moment,
  codeUntil: Moment.optional(),
  endedAt: Moment.optional(),
});

const Party = z
  .object({
    purchaseId: text,
    state: z.enum(PURCHASE_STATES),
    changeNo: count,
    tickets: z.array(TicketShown),
    handovers: z.array(Waiting),
  })
  .openapi('Party');

const party = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/purchases/{purchaseId}/tickets',
  summary: 'The tickets of a purchase, and whether they are on a card of their own',
  ...access('purchase.read'),
  request: { params: IdParam.extend({ purchaseId: text.max(64) }) },
  responses: { 200: json(Party, 'the tickets'), ...PROBLEMS },
});

const Times = z
  .object({ count, averageS: z.number().optional(), p95S: z.number().optional() })
  .openapi('HandoverTimes', { description: 'Seconds from the click to the last gate' });

const list = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/handovers',
  summary: 'The last handovers of an event, and how long their lists took',
  ...access('purchase.read'),
  request: { params: IdParam },
  responses: {
    200: json(
      z.object({
        handovers: z.array(HandoverShown.omit({ steps: true }).openapi('HandoverInList')),
        times: Times,
      }),
      'the handovers, the newest first',
    ),
    ...PROBLEMS,
  },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/handovers/{id}',
  summary: 'One handover: each change of the list, and how far it has come',
  ...access('purchase.read'),
  request: { params: IdParam },
  responses: { 200: json(HandoverShown, 'the handover'), ...PROBLEMS },
});

const Rules = z
  .strictObject({
    companions: z.boolean(),
    transfer: z.boolean(),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .openapi({ description: 'Left out: until admission begins' }),
    feeYen: z.int().min(0).openapi({ description: 'Told to whoever gives a ticket away' }),
  })
  .openapi('HandoverRules', { description: 'What holders may do themselves' });

const rules = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/handover-rules',
  summary: 'What holders of an event’s tickets may do themselves',
  ...access('event.read'),
  request: { params: IdParam },
  responses: { 200: json(Rules, 'the rules'), ...PROBLEMS },
});

const setRules = createRoute({
  method: 'put',
  path: '/api/v1/events/{id}/handover-rules',
  summary: 'Sets what holders may do themselves',
  ...access('event.write'),
  request: { params: IdParam, ...body(Rules) },
  responses: { 204: { description: 'set' }, ...PROBLEMS },
});

export interface HandoverApiDeps {
  readonly events: EventStore;
  readonly handovers: HandoverStore;
  readonly handoverRules: HandoverRulesStore;
  readonly handoverDesks: {
    readonly resales: Resales;
    readonly invitations: Invitations;
    readonly parties: Parties;
  };
  readonly listArrivals: ListArrivals;
  readonly now: () => number;
}

export const LAST_HANDOVERS = 100;

export const handoverListApi = (deps: HandoverApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(party, async (c) => {
      const { id, purchaseId } = c.req.valid('param');
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(deps.events, asker.scope, id);
      const found = await deps.handoverDesks.parties.of(asker, event, purchaseId);
      const handovers = found.handovers.map(waitingOf);
      return c.json({ ...found, tickets: [...found.tickets], handovers }, 200);
    })
    .openapi(list, async (c) => {
      const scope = Scope.of(actorOn(c));
      const event = await requireEvent(deps.events, scope, c.req.valid('param').id);
      const [last, steps] = await Promise.all([
        deps.handovers.list(event, LAST_HANDOVERS),
        deps.handovers.steps(event, LAST_HANDOVERS),
      ]);
      const arrived = steps.map((step) => arrivalOf(deps.listArrivals, scope, step));
      const handovers = last.map(headOf);
      return c.json({ handovers, times: summaryOf(await Promise.all(arrived)) }, 200);
    })
    .openapi(read, async (c) => {
      const scope = Scope.of(actorOn(c));
      return c.json(await shownHandover(deps, scope, c.req.valid('param').id), 200);
    })
    .openapi(rules, async (c) => {
      const scope = Scope.of(actorOn(c));
      const event = await requireEvent(deps.events, scope, c.req.valid('param').id);
      const { until, ...found } = await deps.handoverRules.of(event);
      return c.json({ ...found, until: momentOf(until) }, 200);
    })
    .openapi(setRules, async (c) => {
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(deps.events, asker.scope, c.req.valid('param').id);
      const { until, ...wanted } = c.req.valid('json');
      const given = { ...wanted, until: until === undefined ? undefined : Date.parse(until) };
      const origin = { by: asker.by, at: deps.now() };
      await deps.handoverRules.set(event, checkRules(given, event), origin);
      return c.body(null, 204);
    });

export const waitingOf = (one: OpenedHandover) => ({
  id: one.id,
  kind: one.kind,
  state: one.state,
  ticketNos: [...one.ticketNos],
  begunAt: moment(one.begunAt),
  codeUntil: momentOf(one.codeUntil),
  endedAt: momentOf(one.endedAt),
});
