import type { Application } from '../domain/application.ts';
import type { Event } from '../domain/event.ts';
import { OFFER_METHODS, type OfferStanding } from '../domain/offer.ts';
import { CASH_WAYS } from '../domain/payment.ts';
import { formatSlipNumber } from '../domain/slip.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import { shopWords } from './shop-words.ts';
import type { View } from './view.ts';

interface SalesProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
  readonly offers: readonly OfferStanding[];
  readonly applications: readonly Application[];
  readonly mayOffer: boolean;
  readonly maySettle: boolean;
  readonly mayCheck: boolean;
}

/** What is sold here for an event, and to how many. */
export const SalesPage = (props: SalesProps) => {
  const { view, assets, now, refused, event, offers, mayOffer, mayCheck } = props;
  const { selling } = shopWords(view.format.language);
  const language = view.format.language;
  const path = `/events/${event.id}/sales`;
  return (
    <Layout view={view} assets={assets} title={selling.offers} now={now} path={path}>
      <h1 class="page-title">{selling.offers}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}?lang=${language}`}>{event.name}</a>
        </p>
        <p>
          <a href={`/apply/${event.id}?lang=${language}`}>{selling.page}</a>
          {' · '}
          <a href={`/payments?lang=${language}`}>{selling.toPayments}</a>
        </p>
        {offers.length === 0 && <p class="quiet">{selling.noOffers}</p>}
        <ul class="cards">
          {offers.map((offer) => (
            <OfferCard {...{ view, offer, now, mayOffer }} />
          ))}
        </ul>
      </section>
      {mayOffer && event.archivedAt === undefined && (
        <AddOffer view={view} path={`/events/${event.id}/offers`} />
      )}
      <Applications {...props} />
      {mayCheck && (
        <section>
          <h2>{selling.checkCode}</h2>
          <Form view={view} action={`/events/${event.id}/check-code`}>
            <Field label={shopWords(language).standing.purchaseId} name="purchase" />
            <button type="submit" class="second">
              {selling.checkCode}
            </button>
          </Form>
        </section>
      )}
    </Layout>
  );
};

interface OfferCardProps extends Pick<SalesProps, 'view' | 'now' | 'mayOffer'> {
  readonly offer: OfferStanding;
}

const OfferCard = ({ view, offer, now, mayOffer }: OfferCardProps) => {
  const { selling, apply, yen } = shopWords(view.format.language);
  const { format } = view;
  const { id, category, priceYen, perCard, method, sale, free, places, eventId } = offer;
  return (
    <li>
      <h2>{category}</h2>
      <p>
        {[
          yen(format.number(priceYen)),
          selling.freeOf(format.number(free), format.number(places)),
          apply.perCard(format.number(perCard)),
          selling.methods[method],
        ].join(' · ')}
      </p>
      <p>{selling.onSale(format.moment(sale.from), format.moment(sale.until))}</p>
      {mayOffer && now < sale.until && (
        <Form view={view} action={`/events/${eventId}/offers/close`} class="inline">
          <input type="hidden" name="offer" value={id} />
          <button type="submit" class="second">
            {selling.close(category)}
          </button>
        </Form>
      )}
    </li>
  );
};

const AddOffer = ({ view, path }: { view: View; path: string }) => {
  const { selling } = shopWords(view.format.language);
  return (
    <section>
      <h2>{selling.add}</h2>
      <Form view={view} action={path}>
        <Field label={selling.category} name="category" />
        <Field label={selling.price} name="price" inputmode="numeric" />
        <Field label={selling.perCard} name="per-card" inputmode="numeric" value="4" />
        <Choice
          label={selling.method}
          name="method"
          options={OFFER_METHODS.map((method) => [method, selling.methods[method]])}
        />
        <p>
          <label>
            <input type="checkbox" name="kazashi" value="yes" /> {selling.kazashi}
          </label>
        </p>
        <Field label={selling.from} name="from" hint={selling.timeHint} />
        <Field label={selling.until} name="until" hint={selling.timeHint} />
        <Field label={selling.payWithin} name="hours" inputmode="numeric" value="72" />
        <p class="field">
          <label for="field-seats">{selling.seats}</label>
          <span id="hint-seats">{selling.seatsHint}</span>
          <textarea id="field-seats" name="seats" rows={4} required aria-describedby="hint-seats" />
        </p>
        <button type="submit">{selling.add}</button>
      </Form>
    </section>
  );
};

const Applications = ({ view, applications, maySettle, event }: SalesProps) => {
  const { selling, standing, yen } = shopWords(view.format.language);
  const { format } = view;
  return (
    <section>
      <h2>{selling.applications}</h2>
      {applications.length === 0 && <p class="quiet">{selling.noApplications}</p>}
      <ul class="cards">
        {applications.map(({ id, purchaseId, state, totalYen, slip, createdAt }) => (
          <li>
            <h3>{purchaseId}</h3>
            <p>
              {[
                standing.states[state],
                yen(format.number(totalYen)),
                slip !== undefined && formatSlipNumber(slip),
                format.moment(createdAt),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
            {maySettle && state === 'pending' && (
              <Form view={view} action={`/events/${event.id}/applications/paid`}>
                <input type="hidden" name="application" value={id} />
                <Choice
                  id={`how-${id}`}
                  label={selling.how}
                  name="how"
                  options={CASH_WAYS.map((way) => [way, selling.ways[way]])}
                />
                <button type="submit" class="second">
                  {selling.markPaid}
                </button>
              </Form>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
};

interface GivenProps extends Pick<SalesProps, 'view' | 'assets' | 'now'> {
  readonly title: string;
  readonly what: string;
  readonly secret: string;
  /** Whither from here. */
  readonly next: string;
}

/** What is shown once. */
export const GivenPage = ({ view, assets, now, title, what, secret, next }: GivenProps) => (
  <Layout view={view} assets={assets} title={title} now={now} path={next}>
    <section class="narrow">
      <h1>{title}</h1>
      <p>{what}</p>
      <p class="secret">{secret}</p>
      <p>
        <a href={`${next}?lang=${view.format.language}`}>{view.text.account.goOn}</a>
      </p>
    </section>
  </Layout>
);
