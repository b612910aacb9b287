import { type Context, Hono } from 'hono';
import type { ApplicationStore } from '../../domain/application.ts';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { OFFER_METHODS, type SeatRun } from '../../domain/offer.ts';
import { CASH_WAYS, type PaymentStore, SETTLEMENTS } from '../../domain/payment.ts';
import { may, Scope } from '../../domain/permission.ts';
import type { VendorStore } from '../../domain/vendor.ts';
import type { ShopDesks } from '../../shop/desks.ts';
import { EvidencePage, PaymentsPage } from '../../views/payments.tsx';
import { GivenPage, SalesPage } from '../../views/sales.tsx';
import { shopWords } from '../../views/shop-words.ts';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { MALFORMED, ProblemError } from '../problem.ts';
import { timeOf } from './moment.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf } from './page.ts';

export interface SalesPagesDeps extends PageDeps, ShopDesks {
  readonly events: EventStore;
  readonly vendors: VendorStore;
  readonly applications: ApplicationStore;
  readonly payments: PaymentStore;
}

const LAST = 50;

export const salesPages = (deps: SalesPagesDeps) =>
  new Hono<VisitorEnv>()
    .route('/', offerPages(deps))
    .route('/', paymentPages(deps))
    .route('/', evidencePages(deps));

const offerPages = (deps: SalesPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/events/:id/sales', allow('event.read'), async (c) => {
      const actor = actorOn(c);
      const event = await requireEvent(deps.events, Scope.of(actor), idOf(c));
      const [offers, applications] = await Promise.all([
        deps.offerDesk.list(askerOf(actor), event.id),
        deps.applications.list(event, LAST),
      ]);
      const mine = {
        mayOffer: may(actor, 'offer.write'),
        maySettle: may(actor, 'payment.write'),
        mayCheck: may(actor, 'purchase.check'),
      };
      return c.html(
        <SalesPage {...pageOf(c, deps)} {...{ event, offers, applications, ...mine }} />,
      );
    })
    .post('/events/:id/offers', allow('offer.write'), async (c) => {
      const event = await eventOn(c, deps);
      const wanted = wantedOf(await fieldsOf(c));
      await deps.offerDesk.add(askerOf(actorOn(c)), { ...wanted, eventId: event.id });
      return goTo(c, `/events/${event.id}/sales`);
    })
    .post('/events/:id/offers/close', allow('offer.write'), async (c) => {
      const event = await eventOn(c, deps);
      const field = await fieldsOf(c);
      await deps.offerDesk.close(askerOf(actorOn(c)), field('offer'));
      return goTo(c, `/events/${event.id}/sales`);
    })
    .post('/events/:id/applications/paid', allow('payment.write'), async (c) => {
      const event = await eventOn(c, deps);
      const field = await fieldsOf(c);
      const how = oneOf(CASH_WAYS, field('how'));
      await deps.till.payAtDesk(askerOf(actorOn(c)), field('application'), how);
      return goTo(c, `/events/${event.id}/sales`);
    })
    .post('/events/:id/check-code', allow('purchase.check'), async (c) => {
      const field = await fieldsOf(c);
      const asker = askerOf(actorOn(c));
      const secret = await deps.cardCheck.give(asker, idOf(c), field('purchase'));
      const page = pageOf(c, deps);
      const { notice, selling } = shopWords(page.view.format.language);
      const shown = { title: notice.checkCode, what: selling.checkGiven, secret };
      return c.html(<GivenPage {...page} {...shown} next={`/events/${idOf(c)}/sales`} />);
    });

const eventOn = (c: Context<VisitorEnv>, { events }: SalesPagesDeps) =>
  requireEvent(events, Scope.of(actorOn(c)), idOf(c));

const paymentPages = (deps: SalesPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/payments', allow('payment.read'), async (c) => {
      const actor = actorOn(c);
      const scope = Scope.of(actor);
      const mayGive = may(actor, 'api-key.write');
      const [payments, secrets, vendors] = await Promise.all([
        deps.payments.list(scope, { open: true, limit: LAST }),
        deps.payments.secrets(scope, deps.now()),
        deps.vendors.list(scope),
      ]);
      const mine = {
        mayGive,
        maySettle: may(actor, 'payment.write'),
        mayAudit: may(actor, 'evidence.read'),
      };
      return c.html(
        <PaymentsPage {...pageOf(c, deps)} {...{ payments, secrets, vendors, ...mine }} />,
      );
    })
    .post('/payments/:id/settled', allow('payment.write'), async (c) => {
      const field = await fieldsOf(c);
      await deps.till.settle(askerOf(actorOn(c)), idOf(c), oneOf(SETTLEMENTS, field('how')));
      return goTo(c, '/payments');
    })
    .post('/payments/secrets', allow('api-key.write'), async (c) => {
      const field = await fieldsOf(c);
      const given = await deps.paymentSecrets.give(askerOf(actorOn(c)), field('vendor'));
      const page = pageOf(c, deps);
      const { payments: words } = shopWords(page.view.format.language);
      const shown = { title: `${words.given} ${given.id}`, what: words.givenWhat };
      return c.html(<GivenPage {...page} {...shown} secret={given.secret} next="/payments" />);
    })
    .post('/payments/secrets/revoke', allow('api-key.write'), async (c) => {
      const field = await fieldsOf(c);
      await deps.paymentSecrets.revoke(askerOf(actorOn(c)), field('secret'));
      return goTo(c, '/payments');
    });

const evidencePages = (deps: SalesPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/evidence', allow('evidence.read'), (c) =>
      c.html(<EvidencePage {...pageOf(c, deps)} found={undefined} />),
    )
    .post('/evidence', allow('evidence.read'), async (c) => {
      const field = await fieldsOf(c);
      const id = field('evidence').trim();
      const found = await deps.evidenceDesk.open(askerOf(actorOn(c)), id);
      return c.html(<EvidencePage {...pageOf(c, deps)} found={found} />);
    });

function wantedOf(field: (name: string) => string) {
  return {
    category: field('category'),
    priceYen: numberOf(field('price')),
    perCard: numberOf(field('per-card')),
    method: oneOf(OFFER_METHODS, field('method')),
    kazashi: field('kazashi') === 'yes',
    sale: { from: timeOf(field('from')), until: timeOf(field('until')) },
    payWithinHours: numberOf(field('hours')),
    seats: field('seats')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .map(runOf),
  };
}

/** `gate,block,row,first,places`; without a first number they have none. */
function runOf(line: string): SeatRun {
  const [gate = '', block, row, first = '', places = ''] = line
    .split(/[,，、]/)
    .map((one) => one.trim());
  return {
    gate,
    block,
    row,
    first: first === '' ? undefined : numberOf(first),
    places: numberOf(places),
  };
}

/** NaN for what is none: the desk says what it should be. */
function numberOf(text: string): number {
  const plain = text.normalize('NFKC').replaceAll(/[\s,]/g, '');
  return /^\d{1,9}$/.test(plain) ? Number(plain) : Number.NaN;
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new ProblemError(MALFORMED);
}
