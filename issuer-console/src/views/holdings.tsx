import { type Holdings, keysByEvent } from '../domain/holdings.ts';
import { EnrolledView, type HoldingsActs } from './enrolled.tsx';
import { EventKeysView } from './event-keys.tsx';
import { Field, Form, Refusal } from './form.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface HoldingsProps {
  readonly view: View;
  readonly holdings: Holdings;
  readonly assets: string;
  readonly now: number;
  readonly refused?: string | undefined;
  /** What whoever looks may do. */
  readonly acts: HoldingsActs;
}

/** Which gates are known, and which keys each of them has. */
export const HoldingsPage = ({ view, holdings, assets, refused, acts }: HoldingsProps) => {
  const { text } = view;
  const events = [...keysByEvent(holdings.keys)];
  return (
    <Layout
      view={view}
      assets={assets}
      title={text.holdings.title}
      now={holdings.now}
      path="/gates"
    >
      <h1 class="page-title">{text.holdings.title}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <h2>{text.enrolled.heading}</h2>
        <EnrolledView view={view} holdings={holdings} acts={acts} />
        {holdings.gates.some(({ deviceKeyId }) => deviceKeyId !== undefined) && (
          <p>
            <a href="/gates/receipt-check.html">{text.enrolled.receiptCheck}</a>
          </p>
        )}
        {acts.invite && <Invite view={view} />}
      </section>
      {events.length === 0 ? (
        <section>
          <h2>{text.keys.heading('')}</h2>
          <p class="quiet">{text.keys.none}</p>
        </section>
      ) : (
        events.map(([event, keys]) => (
          <section>
            <h2>{text.keys.heading(event)}</h2>
            <EventKeysView view={view} keys={keys} now={holdings.now} />
          </section>
        ))
      )}
    </Layout>
  );
};

const Invite = ({ view }: { view: View }) => {
  const text = view.text.account.gates;
  return (
    <details>
      <summary>{text.invite}</summary>
      <Form view={view} action="/gates/invite">
        <Field label={text.name} name="name" />
        <Field label={text.hours} name="hours" type="number" value="24" />
        <button type="submit">{text.invite}</button>
      </Form>
    </details>
  );
};
