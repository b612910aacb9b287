import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import type { ChangedPurchases } from '../domain/list-change.ts';
import {
  type ListFinding,
  lossOf,
  type Publication,
  SUPERSEDED,
} from '../domain/list-publication.ts';
import type { PublicationView } from '../domain/publication-desk.ts';
import { Form, Refusal } from './form.tsx';
import { Icon } from './icon.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import { ListGates } from './list-gates.tsx';
import { type PublicationPageProps, STATE_SHAPES } from './publications.tsx';
import type { View } from './view.ts';

export interface ReviewActs {
  readonly publish: boolean;
  readonly approve: boolean;
}

/** What is known of a list: all of it changes once it is built. */
export interface Review {
  readonly publication: PublicationView;
  readonly changes: ChangedPurchases;
  readonly findings: readonly ListFinding[];
  /** The last one shown, where there are more. */
  readonly after: number | undefined;
}

export interface ReviewProps extends PublicationPageProps, Review {
  /** Further findings are shown: the first ones would take their place. */
  readonly paged: boolean;
  readonly acts: ReviewActs;
}

/** One list: what it changes, what it waits for, where it is. */
export const ReviewPage = (props: ReviewProps) => {
  const { view, assets, now, refused, event, publication } = props;
  const { text, format } = view;
  const words = text.publications;
  const title = words.requested(format.moment(publication.requestedAt));
  const path = `/publications/${publication.id}`;
  const live = props.paged ? undefined : `${path}/live`;
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path} live={live}>
      <h1 class="page-title">{title}</h1>
      <Refusal view={view} code={refused} />
      <p>
        <a href={`/events/${event.id}/publications?lang=${format.language}`}>
          {words.of(event.name)}
        </a>
      </p>
      {Object.entries(PARTS).map(([id, Part]) => (
        <section id={id}>
          <Part {...props} />
        </section>
      ))}
    </Layout>
  );
};

export interface ReviewParts extends Review {
  readonly view: View;
  readonly acts: ReviewActs;
}

/** The parts that change while the page is open, by the id of their element. */
export function reviewParts(parts: ReviewParts): Map<string, string> {
  return new Map(
    Object.entries(PARTS).map(([id, Part]) => [id, (<Part {...parts} />).toString() as string]),
  );
}

const ListState = ({ view: { text }, publication }: ReviewParts) => {
  const words = text.publications;
  const { state, why, needs, failure } = publication;
  return (
    <>
      <p role="status">
        <Icon shape={STATE_SHAPES[state]} />
        {`${words.states[state]} · ${words.whys[why]}`}
      </p>
      {failure !== undefined && (
        <p class="notice notice-refused">
          {failure === SUPERSEDED ? words.superseded : words.failed(failure)}
        </p>
      )}
      {state === 'waiting-approval' && needs.length > 0 && (
        <p>{`${words.waitsFor}: ${needs.map((need) => words.needs[need]).join(' · ')}`}</p>
      )}
    </>
  );
};

const ListReview = (props: ReviewParts) => {
  const { view, publication } = props;
  const { list, counts } = publication;
  if (!list || !counts) return null;
  return (
    <>
      <Passport view={view} publication={publication} />
      <Counts view={view} publication={publication} />
      <Acts {...props} />
    </>
  );
};

interface PartProps {
  readonly view: View;
  readonly publication: Publication;
}

const Passport = ({ view: { text, format }, publication }: PartProps) => {
  const { list, buildMs, publishedAt, atGatesAt } = publication;
  const words = text.publications;
  const time = (at: number) => <time datetime={isoTime(at)}>{format.moment(at)}</time>;
  const rows: (readonly [string, unknown])[] = [
    [words.version, `v${list!.version}`],
    [words.fingerprint, formatFingerprint(list!.fingerprint)],
    [words.entries, words.entriesUnit(format.number(list!.entries))],
    [words.validUntil, time(list!.expiresAt)],
    [words.signers, list!.signers.map((key) => key.slice(0, 8)).join(', ')],
    [words.buildTook, words.seconds(((buildMs ?? 0) / 1000).toFixed(1))],
  ];
  if (publishedAt !== undefined) rows.push([words.publishedAt, time(publishedAt)]);
  if (atGatesAt !== undefined) rows.push([words.atGates, time(atGatesAt)]);
  return (
    <>
      <h2>{words.passport}</h2>
      <Rows rows={rows} />
    </>
  );
};

const Rows = ({ rows }: { rows: readonly (readonly [string, unknown])[] }) => (
  <dl class="facts">
    {rows.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value as string}</dd>
      </div>
    ))}
  </dl>
);

const Counts = ({ view: { text, format }, publication }: PartProps) => {
  const counts = publication.counts!;
  const words = text.publications;
  const shown = (value: number) => format.number(value);
  const told = (['rejected', 'expiring', 'unchecked', 'pending', 'cancelled'] as const).filter(
    (kind) => counts[kind] > 0,
  );
  const rows: (readonly [string, string])[] = [
    [words.before, shown(counts.before)],
    [words.after, shown(publication.list!.entries)],
    ...(['added', 'removed', 'changed', 'purchases', ...told] as const).map(
      (kind) => [words[kind], shown(counts[kind])] as const,
    ),
    ...Object.entries(counts.leftOut).map(
      ([reason, count]) => [words.leftOut[reason] ?? reason, shown(count)] as const,
    ),
  ];
  const percent = lossOf(counts).toFixed(1);
  return (
    <>
      <h2>{words.against}</h2>
      {publication.needs.includes('loss') && (
        <p class="notice notice-refused">
          <Icon shape="warning" />
          {words.loss(shown(counts.removed), percent)}
        </p>
      )}
      <Rows rows={rows} />
    </>
  );
};

const Acts = ({ view, publication, acts }: ReviewParts) => {
  const { id, state, needs, list } = publication;
  const words = view.text.publications;
  if (state !== 'waiting-approval') return null;
  const second = needs.includes('second');
  const may = second ? acts.approve : acts.publish;
  const open = needs.some((need) => need !== 'signatures');
  return (
    <div class="acts">
      {second && <p class="quiet">{words.second}</p>}
      {may && open && (
        <Form view={view} action={`/publications/${id}/${second ? 'approve' : 'publish'}`}>
          <input type="hidden" name="fingerprint" value={list!.fingerprint} />
          {needs.includes('loss') && (
            <label>
              <input type="checkbox" name="confirm-loss" value="yes" />
              {words.confirmLoss}
            </label>
          )}
          <button type="submit">{second ? words.approve : words.publish}</button>
        </Form>
      )}
      {acts.publish && (
        <Form view={view} action={`/publications/${id}/withdraw`}>
          <button type="submit" class="second">
            {words.withdraw}
          </button>
        </Form>
      )}
    </div>
  );
};

const Changed = ({ view: { text, format }, publication, changes }: ReviewParts) => {
  const words = text.publications;
  const { first, total, shown } = changes;
  if (!publication.list) return null;
  return (
    <>
      <h2>{words.changes}</h2>
      {first && <p class="quiet">{words.firstList}</p>}
      {!first && total === 0 && <p class="quiet">{words.noChanges}</p>}
      <ul class="rows">
        {shown.map(({ purchaseId, kind, tickets }) => (
          <li>
            <strong>{purchaseId}</strong>
            {` ${words.kinds[kind]} · ${words.tickets(format.number(tickets))}`}
          </li>
        ))}
      </ul>
      {total > shown.length && <p>{words.moreChanges(format.number(total - shown.length))}</p>}
    </>
  );
};

const Findings = ({ view, publication, findings, after }: ReviewParts) => {
  const { text, format } = view;
  const words = text.publications;
  if (!publication.list) return null;
  const path = `/publications/${publication.id}?lang=${format.language}`;
  return (
    <>
      <h2>{words.findings}</h2>
      {findings.length === 0 && <p class="quiet">{words.noFindings}</p>}
      <ul class="rows">
        {findings.map(({ kind, purchaseId, line, field, reason }) => (
          <li>
            <strong>{purchaseId ?? `${text.events.line} ${format.number(line)}`}</strong>{' '}
            <span>{words.findingKinds[kind] ?? kind}</span>{' '}
            <span lang="en">{[field, reason].filter(Boolean).join(': ')}</span>
          </li>
        ))}
      </ul>
      {after !== undefined && <a href={`${path}&after=${after}`}>{words.moreFindings}</a>}
    </>
  );
};

const PARTS = {
  'list-state': ListState,
  'list-review': ListReview,
  'list-gates': ListGates,
  'list-changes': Changed,
  'list-findings': Findings,
} as const;
