import type { Event, EventCounts } from '../domain/event.ts';
import type { PurchaseHour } from '../domain/figures.ts';
import type { Import } from '../domain/purchase.ts';
import type { Vendor } from '../domain/vendor.ts';
import { EventCharts, type ListSize } from './event-charts.tsx';
import { EditEvent, EventTermsView } from './event-edit.tsx';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { countsOf } from './import.tsx';
import { Layout } from './layout.tsx';
import { shopWords } from './shop-words.ts';
import { Upload } from './upload.tsx';
import type { View } from './view.ts';

interface PageProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
}

interface EventsProps extends PageProps {
  readonly events: readonly Event[];
  readonly vendors: readonly Vendor[];
  readonly mayWrite: boolean;
}

export const EventsPage = (props: EventsProps) => {
  const { view, assets, now, refused, events, vendors, mayWrite } = props;
  const { text, format } = view;
  const words = text.events;
  const archived = events.filter(({ archivedAt }) => archivedAt !== undefined);
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path="/events">
      <h1 class="page-title">{words.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        {events.length === 0 && <p class="quiet">{words.empty}</p>}
        <EventCards
          {...props}
          events={events.filter(({ archivedAt }) => archivedAt === undefined)}
        />
      </section>
      {archived.length > 0 && (
        <section>
          <details>
            <summary>{`${words.archived} (${format.number(archived.length)})`}</summary>
            <EventCards {...props} events={archived} />
          </details>
        </section>
      )}
      {mayWrite && vendors.length === 0 && <p class="quiet">{words.noVendor}</p>}
      {mayWrite && vendors.length > 0 && <AddEvent view={view} vendors={vendors} />}
    </Layout>
  );
};

const EventCards = ({ view: { text, format }, events, vendors }: EventsProps) => (
  <ul class="cards">
    {events.map(({ id, name, startsAt, vendorId }) => (
      <li>
        <h2>
          <a href={`/events/${id}?lang=${format.language}`}>{name}</a>
        </h2>
        <p>
          {[
            text.events.starts(format.date(startsAt)),
            vendors.find((one) => one.id === vendorId)?.name,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        <p class="id">{id}</p>
      </li>
    ))}
  </ul>
);

const AddEvent = ({ view, vendors }: Pick<EventsProps, 'view' | 'vendors'>) => {
  const { account, events: words } = view.text;
  return (
    <section>
      <h2>{words.add}</h2>
      <Form view={view} action="/events">
        <Choice
          label={account.vendors.one}
          name="vendor"
          options={vendors.map(({ id, name }) => [id, name])}
        />
        <Field label={words.id} name="id" hint={words.idHint} />
        <Field label={words.name} name="name" />
        <Field label={words.startsAt} name="starts" hint={words.timeHint} />
        <Field label={words.from} name="from" hint={words.timeHint} />
        <Field label={words.until} name="until" hint={words.timeHint} />
        <Field label={words.gates} name="gates" hint={words.namesHint} />
        <Field label={words.issuers} name="issuers" hint={words.namesHint} />
        <button type="submit">{words.add}</button>
      </Form>
    </section>
  );
};

interface EventProps extends PageProps {
  readonly event: Event;
  readonly counts: EventCounts;
  readonly imports: readonly Import[];
  readonly hours: readonly PurchaseHour[];
  readonly lists: readonly ListSize[];
  readonly mayImport: boolean;
  readonly mayWrite: boolean;
}

export const EventPage = (props: EventProps) => {
  const { view, assets, now, refused, event, counts, imports, mayImport, mayWrite } = props;
  const { text, format } = view;
  const words = text.events;
  const path = `/events/${event.id}`;
  return (
    <Layout view={view} assets={assets} title={event.name} now={now} path={path}>
      <h1 class="page-title">{event.name}</h1>
      <Refusal view={view} code={refused} />
      <section>
        {event.archivedAt !== undefined && <p role="status">{words.archived}</p>}
        <EventTermsView view={view} event={event} />
        <h2>{words.purchases}</h2>
        <p>
          {(['paid', 'pending', 'cancelled', 'waiting'] as const)
            .map((state) => `${words.states[state]}: ${format.number(counts[state])}`)
            .join(' · ')}
        </p>
        <p>
          <a href={`${path}/purchases?lang=${format.language}`}>{text.purchaseList.find}</a>
          {' · '}
          <a href={`${path}/handovers?lang=${format.language}`}>{text.handovers.handovers}</a>
          {' · '}
          <a href={`${path}/sales?lang=${format.language}`}>
            {shopWords(format.language).selling.offers}
          </a>
        </p>
        <p>
          <a href={`${path}/publications?lang=${format.language}`}>{text.publications.title}</a>
        </p>
      </section>
      <EventCharts {...props} />
      {mayImport && event.archivedAt === undefined && (
        <Upload view={view} path={`${path}/imports`} />
      )}
      <section>
        <h2>{words.imports}</h2>
        {imports.length === 0 && <p class="quiet">{words.noImports}</p>}
        <ul class="cards">
          {imports.map((one) => (
            <li>
              <h3>
                <a href={`/imports/${one.id}?lang=${format.language}`}>
                  {words.importOf(format.moment(one.startedAt))}
                </a>
              </h3>
              <p>{words.importStates[one.state]}</p>
              {one.failure !== undefined && <p>{words.failed(one.failure)}</p>}
              <p>{countsOf(view, one)}</p>
            </li>
          ))}
        </ul>
      </section>
      {mayWrite && <EditEvent view={view} event={event} />}
    </Layout>
  );
};
