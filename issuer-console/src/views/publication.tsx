import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import type { Overview } from '../domain/overview.ts';
import { goodUntil, listCondition, type PublishedManifest } from '../domain/publication.ts';
import { Icon, type Shape } from './icon.tsx';
import { isoTime } from './language.ts';
import { ago } from './messages.ts';
import type { View } from './view.ts';

const CONDITION_SHAPES = {
  current: 'good',
  stale: 'warning',
  expired: 'refused',
  'not-yet': 'resting',
} as const satisfies Record<string, Shape>;

/** The list's passport, alike at vendor, console, gate and phone. */
export const PublicationView = ({ view, overview }: { view: View; overview: Overview }) => {
  const { list, now } = overview;
  if (list.state === 'published') return <PassportView view={view} list={list} now={now} />;
  const { text } = view;
  return (
    <div class="passport passport-empty">
      <p class="eyebrow">{text.list.heading}</p>
      <h1>{list.state === 'missing' ? text.list.missing : text.list.unreadable}</h1>
      <p>{list.state === 'missing' ? text.list.missingNext : list.code}</p>
    </div>
  );
};

interface PassportProps {
  readonly view: View;
  readonly list: PublishedManifest;
  readonly now: number;
}

const PassportView = ({ view: { text, format }, list, now }: PassportProps) => {
  const { passport, manifest } = list;
  const { event } = manifest;
  const condition = listCondition(list, now);
  const issuedAt = passport.issuedAt * 1000;
  const startsAt = event.startsAt * 1000;
  const boundAt = condition === 'not-yet' ? manifest.notBefore * 1000 : goodUntil(list);
  return (
    <div class={`passport passport-${condition}`}>
      <div class="event">
        <p class="eyebrow">{text.list.heading}</p>
        <h1>{event.name}</h1>
        <p>
          {event.place}
          <span class="dot" aria-hidden="true" />
          <time datetime={isoTime(startsAt)}>{text.list.starts(format.date(startsAt))}</time>
        </p>
      </div>
      <p class="condition">
        <Icon shape={CONDITION_SHAPES[condition]} />
        <strong>{text.list.condition[condition]}</strong>{' '}
        <span>{text.list.bound[condition](format.moment(boundAt))}</span>
      </p>
      <dl>
        <div class="fingerprint">
          <dt>{text.list.fingerprint}</dt>
          <dd>{formatFingerprint(passport.fingerprint)}</dd>
        </div>
        <div>
          <dt>{text.list.version}</dt>
          <dd>{`v${passport.version}`}</dd>
        </div>
        <div>
          <dt>{text.list.entries}</dt>
          <dd>{text.list.entriesUnit(format.number(passport.entries))}</dd>
        </div>
        <div>
          <dt>{text.list.age}</dt>
          <dd>
            <time datetime={isoTime(issuedAt)}>{ago(text, issuedAt, now)}</time>
          </dd>
        </div>
      </dl>
    </div>
  );
};
