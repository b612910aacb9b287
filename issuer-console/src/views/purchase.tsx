import type { Event } from '../domain/event.ts';
import type { TimesSummary } from '../domain/handover-times.ts';
import type { OpenedHandover, Party, ShownTicket } from '../domain/parties.ts';
import { Field, Form, Refusal } from './form.tsx';
import { standing } from './handover.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

interface PurchaseProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
  readonly party: Party;
  readonly mayChange: boolean;
}

/** One purchase for its vendor: nobody is named, and no card. */
export const PurchasePage = (props: PurchaseProps) => {
  const { view, assets, now, refused, event, party, mayChange } = props;
  const { text, format } = view;
  const words = text.handovers;
  const { purchaseId, tickets, handovers, state } = party;
  const path = `/events/${event.id}/purchases/${encodeURIComponent(purchaseId)}`;
  const title = words.ticketsOf(purchaseId);
  const open = state !== 'cancelled' && event.archivedAt === undefined;
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path}>
      <h1 class="page-title">{title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}/purchases?lang=${format.language}`}>{event.name}</a>
        </p>
        <p>{text.events.states[state]}</p>
        <h2>{words.tickets}</h2>
        <ul class="cards">
          {tickets.map((ticket, i) => (
            <li>
              <Ticket view={view} ticket={ticket} />
              {mayChange && open && !ticket.entered && (
                <TicketActs view={view} path={path} {...{ ticket, party, number: i + 1 }} />
              )}
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{words.handovers}</h2>
        <Handovers view={view} handovers={handovers} now={now} />
      </section>
      {mayChange && open && (
        <section>
          <h2>{words.partyCode}</h2>
          <p>{words.partyCodeWhat}</p>
          <Form view={view} action={`${path}/party-code`}>
            <button type="submit">{words.partyCode}</button>
          </Form>
        </section>
      )}
    </Layout>
  );
};

export const Ticket = ({ view, ticket }: { view: View; ticket: ShownTicket }) => {
  const words = view.text.handovers;
  const { seat, card, entered, category, with: other } = ticket;
  return (
    <>
      <h3>{words.seatOf(seat)}</h3>
      <p>{[category, words.cards[card], entered && words.entered].filter(Boolean).join(' · ')}</p>
      {other !== undefined && <p>{words.goesWith}</p>}
    </>
  );
};

interface ActsProps {
  readonly view: View;
  readonly path: string;
  readonly ticket: ShownTicket;
  readonly party: Party;
  /** On this page: labels and hints go by it. */
  readonly number: number;
}

const TicketActs = ({ view, path, ticket, party, number }: ActsProps) => {
  const words = view.text.handovers;
  const of = { ticket, party };
  return (
    <details>
      <summary>{words.more}</summary>
      {ticket.card === 'holder' && (
        <Form view={view} action={`${path}/companion`}>
          <Named {...of} />
          <Field id={`c-${number}`} label={words.hours} name="hours" type="number" value="72" />
          <button type="submit">{words.companion}</button>
        </Form>
      )}
      {ticket.card === 'companion' && (
        <Form view={view} action={`${path}/unlink`}>
          <Named {...of} />
          <button type="submit">{words.unlink}</button>
        </Form>
      )}
      {party.state === 'paid' && (
        <Form view={view} action={`${path}/transfer`}>
          <Named {...of} />
          <Field id={`t-${number}`} label={words.hours} name="hours" type="number" value="72" />
          <button type="submit">{words.transfer}</button>
        </Form>
      )}
      <p>{words.resellWhat}</p>
      <Form view={view} action={`${path}/resell`}>
        <Named {...of} />
        <Field id={`r-${number}`} label={words.buyer} name="buyer" />
        <button type="submit">{words.resell}</button>
      </Form>
      <p>{words.giveBackWhat}</p>
      <Form view={view} action={`${path}/give-back`}>
        <Named {...of} />
        <button type="submit">{words.giveBack}</button>
      </Form>
    </details>
  );
};

/** Which ticket, and what of its purchase was seen. */
const Named = ({ ticket, party }: Pick<ActsProps, 'ticket' | 'party'>) => (
  <>
    <input type="hidden" name="ticket" value={ticket.ticketNo} />
    <input type="hidden" name="seen" value={String(party.changeNo)} />
  </>
);

interface HandoversProps {
  readonly view: View;
  readonly handovers: readonly OpenedHandover[];
  readonly now: number;
}

const Handovers = ({ view, handovers, now }: HandoversProps) => {
  const { text, format } = view;
  const words = text.handovers;
  if (handovers.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <ul class="cards">
      {handovers.map((one) => (
        <li>
          <h3>
            <a href={`/handovers/${one.id}?lang=${format.language}`}>{words.kinds[one.kind]}</a>
          </h3>
          <p>{standing(view, one, now)}</p>
        </li>
      ))}
    </ul>
  );
};

export const Times = ({ view, times }: { view: View; times: TimesSummary }) => {
  const { count, averageS, p95S } = times;
  if (averageS === undefined || p95S === undefined) return null;
  const { text, format } = view;
  const [average, p95] = [averageS.toFixed(1), p95S.toFixed(1)];
  return <p>{text.handovers.times(format.number(count), average, p95)}</p>;
};
