import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import type { Event } from '../domain/event.ts';
import { type Publication, SUPERSEDED } from '../domain/list-publication.ts';
import type { SecondApproval } from '../domain/publication-rules.ts';
import { Form, Refusal } from './form.tsx';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import { PublicationRulesPart } from './publication-rules.tsx';
import type { View } from './view.ts';

export interface PublicationPageProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly event: Event;
}

interface PublicationsProps extends PublicationPageProps {
  /** Whether this event's lists are built here. */
  readonly here: boolean;
  readonly publications: readonly Publication[];
  readonly next: number | undefined;
  readonly mayAsk: boolean;
  readonly rules: SecondApproval;
  readonly mayDrop: boolean;
}

/** The lists of one event, and the way to the next one. */
export const PublicationsPage = (props: PublicationsProps) => {
  const { view, assets, now, refused, event, here, publications, next, mayAsk } = props;
  const { rules, mayDrop } = props;
  const { text, format } = view;
  const words = text.publications;
  const path = `/events/${event.id}/publications`;
  return (
    <Layout view={view} assets={assets} title={words.of(event.name)} now={now} path={path}>
      <h1 class="page-title">{words.of(event.name)}</h1>
      <Refusal view={view} code={refused} />
      <section>
        <p>
          <a href={`/events/${event.id}?lang=${format.language}`}>{event.name}</a>
        </p>
        {!here && <p class="quiet">{words.notHere}</p>}
        {here && <p>{next === undefined ? words.noSchedule : words.next(format.moment(next))}</p>}
        {here && mayAsk && <Ask view={view} path={path} />}
      </section>
      <section>
        <h2>{words.last}</h2>
        {publications.length === 0 && <p class="quiet">{words.none}</p>}
        <ul class="cards">
          {publications.map((one) => (
            <PublicationCard view={view} publication={one} />
          ))}
        </ul>
      </section>
      {here && (
        <PublicationRulesPart {...{ view, rules, mayDrop }} eventId={event.id} maySet={mayAsk} />
      )}
    </Layout>
  );
};

const Ask = ({ view, path }: { view: View; path: string }) => {
  const words = view.text.publications;
  return (
    <Form view={view} action={path}>
      <p>{words.askHint}</p>
      <label>
        <input type="checkbox" name="why" value="correction" />
        {words.correction}
      </label>
      <button type="submit">{words.ask}</button>
    </Form>
  );
};

export const STATE_SHAPES: Readonly<Record<Publication['state'], Shape>> = {
  queued: 'resting',
  building: 'resting',
  'waiting-approval': 'warning',
  published: 'good',
  failed: 'refused',
  withdrawn: 'resting',
};

interface CardProps {
  readonly view: View;
  readonly publication: Publication;
}

const PublicationCard = ({ view: { text, format }, publication }: CardProps) => {
  const { id, requestedAt, state, why, list, failure } = publication;
  const words = text.publications;
  const what = list && `v${list.version} · ${formatFingerprint(list.fingerprint)}`;
  return (
    <li>
      <h3>
        <a href={`/publications/${id}?lang=${format.language}`}>
          <time datetime={isoTime(requestedAt)}>{words.requested(format.moment(requestedAt))}</time>
        </a>
      </h3>
      <p>
        <Icon shape={STATE_SHAPES[state]} />
        {[words.states[state], words.whys[why], what].filter(Boolean).join(' · ')}
      </p>
      {failure !== undefined && (
        <p class="next">{failure === SUPERSEDED ? words.superseded : words.failed(failure)}</p>
      )}
    </li>
  );
};
