import { hasExpired } from '../domain/handover.ts';
import { rulesUntil } from '../domain/handover-rules.ts';
import type { OpenedHandover, OwnParty, ShownTicket } from '../domain/parties.ts';
import { Field, Refusal } from './form.tsx';
import { standing } from './handover.tsx';
import { Ticket } from './purchase.tsx';
import { VisitorForm, VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

/** Where somebody types the code that they have. */
export const PartyCodePage = (props: VisitorPage) => {
  const { view, formToken, refused } = props;
  const words = view.text.handovers;
  return (
    <VisitorLayout {...props} title={words.own} path="/party" island="code-link">
      <h1 class="page-title">{words.own}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{words.ownWhat}</p>
        <VisitorForm view={view} action="/party" formToken={formToken}>
          <Field label={words.code} name="code" hint={words.codeHint} />
          <button type="submit">{words.show}</button>
        </VisitorForm>
      </section>
    </VisitorLayout>
  );
};

interface PartyProps extends VisitorPage {
  readonly party: OwnParty;
  readonly code: string;
  /** Just made, for whoever is to come; with the address to open it. */
  readonly invitation: { readonly code: string; readonly link: string } | undefined;
}

/** The representative's own page: who is to come is theirs to say, and nobody is named. */
export const PartyPage = (props: PartyProps) => {
  const { view, refused, party, code, invitation, now } = props;
  const words = view.text.handovers;
  const { event, tickets, rules } = party;
  const closed = party.state === 'cancelled' || event.archivedAt !== undefined;
  const open = !closed && now < rulesUntil(rules, event);
  return (
    <VisitorLayout {...props} title={words.own} path="/party" fields={{ code }}>
      <h1 class="page-title">{words.own}</h1>
      <Refusal view={view} code={refused} />
      {invitation && (
        <div class="notice" role="status">
          <p>{words.passCode}</p>
          <p class="secret">{invitation.code}</p>
          <p>{words.codeShown}</p>
          <p>{`${words.link}: ${invitation.link}`}</p>
        </div>
      )}
      <section>
        <h2>{event.name}</h2>
        {rules.transfer && rules.feeYen > 0 && (
          <p>{words.feeOf(view.format.number(rules.feeYen))}</p>
        )}
        <ul class="cards">
          {tickets.map((ticket, i) => (
            <li>
              <Ticket view={view} ticket={ticket} />
              <Acts {...props} ticket={ticket} number={i + 1} open={open} />
            </li>
          ))}
        </ul>
      </section>
    </VisitorLayout>
  );
};

interface ActsProps extends PartyProps {
  readonly ticket: ShownTicket;
  readonly number: number;
  readonly open: boolean;
}

const Acts = (props: ActsProps) => {
  const { ticket, party, open } = props;
  const { rules, state } = party;
  const waiting = party.handovers.find(
    (one) => one.state === 'waiting' && one.ticketNos.includes(ticket.ticketNo),
  );
  if (waiting) return <Waiting {...props} waiting={waiting} />;
  if (!open || ticket.entered) return null;
  return (
    <>
      {ticket.card === 'holder' && rules.companions && <Act {...props} act="companion" />}
      {ticket.card === 'companion' && rules.companions && <Act {...props} act="unlink" />}
      {state === 'paid' && rules.transfer && <Act {...props} act="transfer" />}
    </>
  );
};

const Act = ({ view, formToken, code, ticket, number, act }: ActsProps & { act: ActName }) => {
  const words = view.text.handovers;
  const fields = { code, act, ticket: ticket.ticketNo };
  return (
    <VisitorForm view={view} action="/party" formToken={formToken} fields={fields}>
      {act !== 'unlink' && (
        <Field id={`${act}-${number}`} label={words.hours} name="hours" type="number" value="72" />
      )}
      <button type="submit">{words[act]}</button>
    </VisitorForm>
  );
};

type ActName = 'companion' | 'transfer' | 'unlink';

const Waiting = (props: ActsProps & { waiting: OpenedHandover }) => {
  const { view, formToken, code, now, waiting } = props;
  const words = view.text.handovers;
  const fields = { code, act: 'withdraw', handover: waiting.id };
  return (
    <>
      <p>{hasExpired(waiting, now) ? words.states.expired : words.invited}</p>
      <p>{`${words.kinds[waiting.kind]} · ${standing(view, waiting, now)}`}</p>
      <VisitorForm view={view} action="/party" formToken={formToken} fields={fields}>
        <button type="submit">{words.withdraw}</button>
      </VisitorForm>
    </>
  );
};
