import type { Visited } from '../domain/handover-visits.ts';
import { Field, Refusal } from './form.tsx';
import { Icon } from './icon.tsx';
import { presentCommand } from './standing.tsx';
import { VisitorForm, VisitorLayout, type VisitorPage } from './visitor-layout.tsx';

/** Where somebody types the code that they were given; a link brings it behind the `#`, which no server sees. */
export const JoinCodePage = (props: VisitorPage) => {
  const { view, formToken, refused } = props;
  const words = view.text.handovers;
  return (
    <VisitorLayout {...props} title={words.join} path="/join" island="code-link">
      <h1 class="page-title">{words.join}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>{words.joinWhat}</p>
        <VisitorForm view={view} action="/join" formToken={formToken}>
          <Field label={words.code} name="code" hint={words.codeHint} />
          <button type="submit">{words.show}</button>
        </VisitorForm>
      </section>
    </VisitorLayout>
  );
};

interface JoinProps extends VisitorPage {
  readonly visited: Visited;
  readonly code: string;
  readonly origin: string;
}

/** What is offered, and how to take it. */
export const JoinPage = (props: JoinProps) => {
  const { view, formToken, code, origin, visited } = props;
  const words = view.text.handovers;
  const { event, handover, seats } = visited;
  return (
    <VisitorLayout {...props} title={words.join} path="/join" fields={{ code }}>
      <h1 class="page-title">{words.join}</h1>
      <section>
        <h2>{event.name}</h2>
        <p>{view.text.events.starts(view.format.date(event.startsAt))}</p>
        <ul class="cards">
          {seats.map((seat) => (
            <li>{words.seatOf(seat)}</li>
          ))}
        </ul>
        <p>{words.offers[handover.kind]}</p>
      </section>
      <section>
        {handover.state === 'done' && (
          <p class="standing" role="status">
            <Icon shape="good" /> <strong>{words.done}</strong> {words.doneWhat}
          </p>
        )}
        {handover.state === 'withdrawn' && <p role="status">{words.over}</p>}
        {handover.state === 'waiting' && (
          <>
            <h2>{words.present}</h2>
            <p>{words.presentWhat}</p>
            <p class="secret">{presentCommand(origin)}</p>
            <VisitorForm view={view} action="/join" formToken={formToken} fields={{ code }}>
              <button type="submit">{words.look}</button>
            </VisitorForm>
          </>
        )}
      </section>
    </VisitorLayout>
  );
};
