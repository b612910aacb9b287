import type { Event, EventCounts } from '../domain/event.ts';
import { PURCHASE_STATES, type PurchaseState } from '../domain/purchase.ts';
import { listingOf, type PurchaseLine } from '../domain/purchase-list.ts';
import { Field, Refusal } from './form.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface PurchasesProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
  readonly counts: EventCounts;
  /** As it was typed; empty where nothing was. */
  readonly search: string;
  readonly state: PurchaseState | undefined;
  /** Undefined where nothing was asked for. */
  readonly purchases: readonly PurchaseLine[] | undefined;
  /** Where the list goes on. */
  readonly next: string | undefined;
}

export const PurchasesPage = (props: PurchasesProps) => {
  const { view, assets, now, refused, event, counts, search, purchases } = props;
  const { text, format } = view;
  const words = text.purchaseList;
  const path = pathOf(event);
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path={path}>
      <h1 class="page-title">{words.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}?lang=${format.language}`}>{event.name}</a>
        </p>
        <form method="get" action={path} class="form">
          <input type="hidden" name="lang" value={format.language} />
          <Field label={words.search} name="search" hint={words.searchHint} value={search} />
          <button type="submit">{words.go}</button>
        </form>
        <nav aria-label={words.byState}>
          <h2>{words.byState}</h2>
          <ul class="rows">
            {PURCHASE_STATES.map((state) => (
              <li>
                <a href={`${path}?lang=${format.language}&state=${state}`}>
                  {text.events.states[state]}
                </a>
                {` ${format.number(counts[state])}`}
              </li>
            ))}
          </ul>
        </nav>
      </section>
      {(purchases || search !== '') && <Found {...props} />}
    </Layout>
  );
};

const pathOf = ({ id }: Event) => `/events/${id}/purchases`;

const Found = (props: PurchasesProps) => {
  const { view, event, search, state, purchases = [], next } = props;
  const { text, format } = view;
  const words = text.purchaseList;
  const asked = search === '' ? `state=${state}` : `search=${encodeURIComponent(search)}`;
  const more = `${pathOf(event)}?lang=${format.language}&${asked}&cursor=${next}`;
  const title =
    search === '' && state !== undefined ? words.ofState(text.events.states[state]) : words.found;
  return (
    <section>
      <h2>{title}</h2>
      {purchases.length === 0 && <p role="status">{words.none}</p>}
      {purchases.length > 0 && <Lines {...props} purchases={purchases} />}
      {next !== undefined && (
        <p>
          <a href={more}>{words.more}</a>
        </p>
      )}
    </section>
  );
};

type LinesProps = Pick<PurchasesProps, 'view' | 'now' | 'event'> & {
  readonly purchases: readonly PurchaseLine[];
};

const Lines = ({ view, now, event, purchases }: LinesProps) => {
  const words = view.text.purchaseList;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{words.number}</th>
          <th scope="col">{words.state}</th>
          <th scope="col">{words.tickets}</th>
          <th scope="col">{words.changed}</th>
          <th scope="col">{words.listed}</th>
        </tr>
      </thead>
      <tbody>
        {purchases.map((purchase) => (
          <Line view={view} now={now} event={event} purchase={purchase} />
        ))}
      </tbody>
    </table>
  );
};

type LineProps = Omit<LinesProps, 'purchases'> & { readonly purchase: PurchaseLine };

const Line = ({ view: { text, format }, now, event, purchase }: LineProps) => {
  const { purchaseId, state, tickets, changedAt } = purchase;
  const words = text.purchaseList;
  const to = `${pathOf(event)}/${encodeURIComponent(purchaseId)}?lang=${format.language}`;
  return (
    <tr>
      <th scope="row">
        <a href={to}>{purchaseId}</a>
      </th>
      <td>{text.events.states[state]}</td>
      <td>{words.ticketsOf(format.number(tickets))}</td>
      <td>
        <time datetime={isoTime(changedAt)}>{format.time(changedAt, now)}</time>
      </td>
      <td>{words.listings[listingOf(purchase)]}</td>
    </tr>
  );
};
