import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import type { Overview } from '../domain/overview.ts';
import {
  type EventList,
  goodUntil,
  listCondition,
  type PublishedManifest,
} from '../domain/publication.ts';
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

/** The list that stands alone, and a line for each event with a directory of its own. */
export const PublicationView = ({ view, overview }: { view: View; overview: Overview }) => (
  <>
    <OwnList view={view} overview={overview} />
    {overview.further.length > 0 && (
      <ul class="further-lists">
        {overview.further.map((one) => (
          <FurtherList view={view} one={one} now={overview.now} />
        ))}
      </ul>
    )}
  </>
);

interface FurtherProps {
  readonly view: View;
  readonly one: EventList;
  readonly now: number;
}

const FurtherList = ({ view: { text, format }, one: { name, list }, now }: FurtherProps) => {
  if (list.state !== 'published') {
    const what = list.state === 'missing' ? text.list.missing : text.list.unreadable;
    return (
      <li>
        <Icon shape="refused" />
        <strong>{name}</strong> {list.state === 'missing' ? what : `${what} [${list.code}]`}
      </li>
    );
  }
  const condition = listCondition(list, now);
  const { version, fingerprint, entries } = list.passport;
  const issuedAt = list.passport.issuedAt * 1000;
  const boundAt = condition === 'not-yet' ? list.manifest.notBefore * 1000 : goodUntil(list);
  const bound = text.list.bound[condition](format.moment(boundAt));
  const facts = [
    `${text.list.condition[condition]} ${bound}`,
    `v${version}`,
    formatFingerprint(fingerprint),
    text.list.entriesUnit(format.number(entries)),
  ];
  return (
    <li>
      <Icon shape={CONDITION_SHAPES[condition]} />
      <strong>{name}</strong> {facts.join(' · ')} ·{' '}
      <time datetime={isoTime(issuedAt)}>{ago(text, issuedAt, now)}</time>
    </li>
  );
};

/** The list's passport, alike at vendor, console, gate and phone. */
const OwnList = ({ view, overview }: { view: View; overview: Overview }) => {
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
