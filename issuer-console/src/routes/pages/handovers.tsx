import { type Context, Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { requireEvent } from '../../domain/event.ts';
import { type Handover, requireHandover } from '../../domain/handover.ts';
import type { Act, Given } from '../../domain/handover-ledger.ts';
import { checkRules } from '../../domain/handover-rules.ts';
import { arrivalOf, summaryOf } from '../../domain/handover-times.ts';
import { may, Scope } from '../../domain/permission.ts';
import { ShownOncePage } from '../../views/account.tsx';
import { EventHandoversPage } from '../../views/event-handovers.tsx';
import { HandoverPage } from '../../views/handover.tsx';
import { PurchasePage } from '../../views/purchase.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { type HandoverApiDeps, LAST_HANDOVERS } from '../api/handover-lists.ts';
import { MALFORMED, ProblemError } from '../problem.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf } from './page.ts';

export type HandoverPagesDeps = PageDeps & HandoverApiDeps & { readonly origin: URL | undefined };

type Visit = Context<VisitorEnv>;
type FieldOf = (name: string) => string;

const PARTY_HOURS = 24 * 30;

/** Tickets that come to other cards: for vendors. */
export const handoverPages = (deps: HandoverPagesDeps) => {
  const { resales, invitations, parties } = deps.handoverDesks;
  const at = '/events/:id/purchases/:purchaseId';
  const change = allow('purchase.change');
  const given = (c: Visit, { handover, code }: Given) =>
    code === undefined
      ? toHandover(c, handover)
      : shownCode(c, deps, { code, path: pathOf(handover) });
  const invite = (kind: 'companion' | 'transfer') => async (c: Visit) => {
    const { act, field } = await acting(deps, c);
    const wanted = { kind, ticketNo: field('ticket'), hours: hoursOf(field) };
    return given(c, await invitations.offer(act, { ...wanted, purchaseId: purchaseOf(c) }));
  };
  return new Hono<VisitorEnv>()
    .get(at, allow('purchase.read'), async (c) => {
      const actor = actorOn(c);
      const asker = askerOf(actor);
      const event = await requireEvent(deps.events, asker.scope, idOf(c));
      const party = await parties.of(asker, event, purchaseOf(c));
      const shown = { event, party, mayChange: may(actor, 'purchase.change') };
      return c.html(<PurchasePage {...pageOf(c, deps)} {...shown} />);
    })
    .post(`${at}/companion`, change, invite('companion'))
    .post(`${at}/transfer`, change, invite('transfer'))
    .post(`${at}/unlink`, change, async (c) => {
      const { act, field } = await acting(deps, c);
      return toHandover(c, await invitations.unlink(act, purchaseOf(c), field('ticket')));
    })
    .post(`${at}/resell`, change, async (c) => {
      const { act, field } = await acting(deps, c);
      const to = { purchaseId: field('buyer').trim() };
      const wanted = { purchaseId: purchaseOf(c), ticketNo: field('ticket'), to };
      return given(c, await resales.resell(act, wanted));
    })
    .post(`${at}/give-back`, change, async (c) => {
      const { act, field } = await acting(deps, c);
      const wanted = { purchaseId: purchaseOf(c), ticketNo: field('ticket'), hours: 72 };
      return given(c, await resales.resell(act, wanted));
    })
    .post(`${at}/party-code`, change, async (c) => {
      const { act } = await acting(deps, c);
      const code = await parties.code(act, purchaseOf(c), PARTY_HOURS);
      const path = `/events/${act.event.id}/purchases/${encodeURIComponent(purchaseOf(c))}`;
      return shownCode(c, deps, { code, path, to: '/party' });
    });
};

/** One handover, and those of an event. */
export const handoverListPages = (deps: HandoverPagesDeps) => {
  const { resales, invitations } = deps.handoverDesks;
  const change = allow('purchase.change');
  return new Hono<VisitorEnv>()
    .get('/handovers/:id', allow('purchase.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const handover = await requireHandover(deps.handovers, scope, idOf(c));
      const event = await requireEvent(deps.events, scope, handover.eventId);
      const arrivals = handover.steps.map((step) => arrivalOf(deps.listArrivals, scope, step));
      const steps = await Promise.all(arrivals);
      const mine = {
        mayChange: may(actor, 'purchase.change'),
        mayAudit: may(actor, 'evidence.read'),
      };
      const shown = { event, handover, steps, ...mine };
      return c.html(<HandoverPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/handovers/:id/code', change, async (c) => {
      const { act, field } = await actingOn(deps, c);
      const { handover, code } = await invitations.code(act, idOf(c), hoursOf(field));
      return shownCode(c, deps, { code, path: pathOf(handover) });
    })
    .post('/handovers/:id/buyer', change, async (c) => {
      const { act, field } = await actingOn(deps, c);
      const to = { purchaseId: field('buyer').trim() };
      return toHandover(c, await resales.bind(act, idOf(c), to));
    })
    .post('/handovers/:id/withdraw', change, async (c) => {
      const { act } = await actingOn(deps, c);
      await invitations.withdraw(act, idOf(c));
      return goTo(c, `/handovers/${idOf(c)}`);
    })
    .get('/events/:id/handovers', allow('purchase.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const event = await requireEvent(deps.events, scope, idOf(c));
      const [handovers, steps, rules] = await Promise.all([
        deps.handovers.list(event, LAST_HANDOVERS),
        deps.handovers.steps(event, LAST_HANDOVERS),
        deps.handoverRules.of(event),
      ]);
      const arrived = steps.map((step) => arrivalOf(deps.listArrivals, scope, step));
      const times = summaryOf(await Promise.all(arrived));
      const shown = { event, handovers, times, rules, mayWrite: may(actor, 'event.write') };
      return c.html(<EventHandoversPage {...pageOf(c, deps)} {...shown} />);
    })
    .post('/events/:id/handover-rules', allow('event.write'), async (c) => {
      const { act, field } = await acting(deps, c);
      const { asker, event } = act;
      const until = field('until').trim();
      const wanted = {
        companions: field('companions') === 'yes',
        transfer: field('transfer') === 'yes',
        until: until === '' ? undefined : Date.parse(until),
        feeYen: Number(field('fee')),
      };
      const origin = { by: asker.by, at: deps.now() };
      await deps.handoverRules.set(event, checkRules(wanted, event), origin);
      return goTo(c, `/events/${event.id}/handovers`);
    });
};

const pathOf = ({ id }: Pick<Handover, 'id'>) => `/handovers/${id}`;
const toHandover = (c: Visit, handover: Handover) => goTo(c, pathOf(handover));

interface ShownCode {
  readonly code: string;
  /** The page that it goes on with. */
  readonly path: string;
  readonly to?: '/join' | '/party';
}

/** Shown once: to be typed, or as a link, whose part behind the `#` is sent to no server. */
function shownCode(c: Visit, deps: HandoverPagesDeps, { code, path, to = '/join' }: ShownCode) {
  const page = pageOf(c, deps);
  const { codeOf, codeShown } = page.view.text.handovers;
  const origin = deps.origin?.origin ?? new URL(c.req.url).origin;
  const lines = [code, `${origin}${to}#${code}`];
  const what = { title: codeOf, what: codeShown, lines, path };
  return c.html(<ShownOncePage {...page} {...what} />);
}

async function acting(
  { events, now }: HandoverPagesDeps,
  c: Visit,
): Promise<{ act: Act; field: FieldOf }> {
  const askedAt = now();
  const asker = askerOf(actorOn(c));
  const field = await fieldsOf(c);
  const event = await requireEvent(events, asker.scope, idOf(c));
  return { act: { asker, event, askedAt, expect: seenOf(field('seen')) }, field };
}

async function actingOn(deps: HandoverPagesDeps, c: Visit): Promise<{ act: Act; field: FieldOf }> {
  const askedAt = deps.now();
  const asker = askerOf(actorOn(c));
  const field = await fieldsOf(c);
  const { eventId } = await requireHandover(deps.handovers, asker.scope, idOf(c));
  return {
    act: { asker, event: await requireEvent(deps.events, asker.scope, eventId), askedAt },
    field,
  };
}

const purchaseOf = (c: Visit): string => c.req.param('purchaseId') ?? '';

function seenOf(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new ProblemError(MALFORMED);
}

/** What is no number is refused by whoever makes the code. */
const hoursOf = (field: FieldOf): number => Number(field('hours'));
