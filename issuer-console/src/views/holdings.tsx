import { type Holdings, keysByEvent } from '../domain/holdings.ts';
import { EnrolledView } from './enrolled.tsx';
import { EventKeysView } from './event-keys.tsx';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface HoldingsProps {
  readonly view: View;
  readonly holdings: Holdings;
  readonly assets: string;
}

/** Which gates are known, and which keys each of them has. */
export const HoldingsPage = ({ view, holdings, assets }: HoldingsProps) => {
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
      <section>
        <h2>{text.enrolled.heading}</h2>
        <EnrolledView view={view} holdings={holdings} />
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
