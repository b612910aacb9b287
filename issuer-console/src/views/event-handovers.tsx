import type { Event } from '../domain/event.ts';
import type { Handover } from '../domain/handover.ts';
import type { HandoverRules } from '../domain/handover-rules.ts';
import type { TimesSummary } from '../domain/handover-times.ts';
import { Choice, Field, Form, Refusal } from './form.tsx';
import { standing } from './handover.tsx';
import { Layout } from './layout.tsx';
import { Times } from './purchase.tsx';
import type { View } from './view.ts';

interface EventHandoversProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
  readonly handovers: readonly Handover[];
  readonly times: TimesSummary;
  readonly rules: HandoverRules;
  readonly mayWrite: boolean;
}

/** What was handed over of an event, how long it took, and what holders may do themselves. */
export const EventHandoversPage = (props: EventHandoversProps) => {
  const { view, assets, now, refused, event, handovers, times, rules, mayWrite } = props;
  const { text, format } = view;
  const words = text.handovers;
  const path = `/events/${event.id}/handovers`;
  return (
    <Layout view={view} assets={assets} title={words.handovers} now={now} path={path}>
      <h1 class="page-title">{words.handovers}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}?lang=${format.language}`}>{event.name}</a>
        </p>
        <Times view={view} times={times} />
        {handovers.length === 0 && <p class="quiet">{words.none}</p>}
        <ul class="cards">
          {handovers.map((one) => (
            <li>
              <h2>
                <a href={`/handovers/${one.id}?lang=${format.language}`}>
                  {`${words.kinds[one.kind]} – ${one.purchaseId}`}
                </a>
              </h2>
              <p>{standing(view, one, now)}</p>
            </li>
          ))}
        </ul>
      </section>
      {mayWrite && <Rules view={view} event={event} rules={rules} />}
    </Layout>
  );
};

type RulesProps = Pick<EventHandoversProps, 'view' | 'event' | 'rules'>;

const Rules = ({ view, event, rules }: RulesProps) => {
  const words = view.text.handovers;
  const { until, feeYen } = rules;
  const choices = [
    ['yes', words.yes],
    ['no', words.no],
  ] as const;
  return (
    <section>
      <h2>{words.rules}</h2>
      <p>{words.rulesWhat}</p>
      <Form view={view} action={`/events/${event.id}/handover-rules`}>
        {(['companions', 'transfer'] as const).map((what) => (
          <Choice
            label={words.ruleNames[what]}
            name={what}
            options={choices}
            chosen={rules[what] ? 'yes' : 'no'}
          />
        ))}
        <Field
          label={words.rulesUntil}
          name="until"
          hint={words.rulesUntilHint}
          value={until === undefined ? '' : new Date(until).toISOString()}
          optional
        />
        <Field label={words.fee} name="fee" type="number" value={String(feeYen)} />
        <button type="submit">{words.save}</button>
      </Form>
    </section>
  );
};
