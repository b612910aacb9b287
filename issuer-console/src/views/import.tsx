import type { Event } from '../domain/event.ts';
import type { ImportPace } from '../domain/import-pace.ts';
import type { Import, Reject } from '../domain/purchase.ts';
import { Layout } from './layout.tsx';
import { Upload } from './upload.tsx';
import type { View } from './view.ts';

interface ImportProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly event: Event;
  readonly found: Import;
  readonly rejects: readonly Reject[];
  /** The last line shown, where there are more. */
  readonly after: number | undefined;
  readonly mayImport: boolean;
}

export const ImportPage = (props: ImportProps) => {
  const { view, assets, now, event, found, rejects, after, mayImport } = props;
  const { text, format } = view;
  const words = text.events;
  const title = words.importOf(format.moment(found.startedAt));
  const path = `/imports/${found.id}`;
  const live = found.state === 'running' ? `${path}/live` : undefined;
  return (
    <Layout view={view} assets={assets} title={title} now={now} path={path} live={live}>
      <h1 class="page-title">{title}</h1>
      <p>
        <a href={`/events/${event.id}?lang=${format.language}`}>{event.name}</a>
      </p>
      <section id="standing">
        <ImportStanding view={view} found={found} pace={undefined} />
      </section>
      {found.state === 'failed' && mayImport && event.archivedAt === undefined && (
        <Upload view={view} path={`/events/${event.id}/imports`} />
      )}
      <section id="rejects">
        <RejectsView view={view} found={found} rejects={rejects} />
      </section>
      {after !== undefined && (
        <p>
          <a href={`${path}?lang=${format.language}&after=${after}`}>{words.more}</a>
        </p>
      )}
    </Layout>
  );
};

interface ImportStandingProps {
  readonly view: View;
  readonly found: Import;
  /** Undefined where it is not known yet. */
  readonly pace: ImportPace | undefined;
}

export const ImportStanding = ({ view, found, pace }: ImportStandingProps) => {
  const { text, format } = view;
  const words = text.events;
  return (
    <>
      <p role="status">{words.importStates[found.state]}</p>
      {found.state === 'running' && (
        <p>
          <progress aria-label={words.progress} max="100" value={found.progress} />{' '}
          {`${format.number(found.progress)} %`}{' '}
          <a href={`/imports/${found.id}?lang=${format.language}`}>{words.reload}</a>
        </p>
      )}
      {found.state === 'running' && pace && <p>{paceOf(view, pace)}</p>}
      {found.failure !== undefined && (
        <p class="notice notice-refused">{words.failed(found.failure)}</p>
      )}
      <p>{countsOf(view, found)}</p>
    </>
  );
};

function paceOf({ text, format }: View, { rowsPerSecond, leftMs }: ImportPace): string {
  const { perSecond, secondsLeft, minutesLeft } = text.events;
  const seconds = Math.ceil(leftMs / 1000);
  const left =
    seconds < 120
      ? secondsLeft(format.number(seconds))
      : minutesLeft(format.number(Math.ceil(seconds / 60)));
  return [perSecond(format.number(Math.round(rowsPerSecond))), left].join(' · ');
}

interface RejectsProps {
  readonly view: View;
  readonly found: Import;
  readonly rejects: readonly Reject[];
}

export const RejectsView = ({ view, found, rejects }: RejectsProps) => {
  const words = view.text.events;
  const file = `/imports/${found.id}/rejects`;
  return (
    <>
      <h2>{words.rejects}</h2>
      {rejects.length === 0 && <p class="quiet">{words.noRejects}</p>}
      {rejects.length > 0 && (
        <p>
          {words.download} <a href={`${file}.csv`}>CSV</a> <a href={`${file}.ndjson`}>NDJSON</a>
        </p>
      )}
      {rejects.length > 0 && <Rejects view={view} rejects={rejects} />}
    </>
  );
};

const Rejects = ({ view: { text, format }, rejects }: Pick<RejectsProps, 'view' | 'rejects'>) => (
  <ul class="cards">
    {rejects.map(({ line, field, reason }) => (
      <li>
        <h3>{`${text.events.line} ${format.number(line)}`}</h3>
        <p>{`${text.events.field}: ${field === '' ? text.events.wholeLine : field}`}</p>
        <p lang="en">{`${text.events.reason}: ${reason}`}</p>
      </li>
    ))}
  </ul>
);

export function countsOf({ text, format }: View, found: Import): string {
  return (['accepted', 'changed', 'unchanged', 'rejected'] as const)
    .map((one) => `${text.events.counts[one]}: ${format.number(found[one])}`)
    .join(' · ');
}
