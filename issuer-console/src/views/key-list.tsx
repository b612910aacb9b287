import type { CeremonyLog } from '../domain/ceremony.ts';
import type { KeptChain } from '../domain/key-file.ts';
import type { KeyReport, KeyStage } from '../domain/key-report.ts';
import { keyState } from '../domain/keys.ts';
import { Refusal } from './form.tsx';
import type { Shape } from './icon.tsx';
import { Mark } from './key-parts.tsx';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export const STAGE_SHAPES: Readonly<Record<KeyStage, Shape>> = {
  gates: 'resting',
  wrap: 'warning',
  deliver: 'resting',
  ready: 'good',
  over: 'warning',
  destroying: 'resting',
  destroyed: 'admitted',
};

interface KeysProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly refused: string | undefined;
  readonly reports: readonly KeyReport[];
  readonly chains: readonly KeptChain[];
  readonly logs: readonly CeremonyLog[];
}

/** Where every key stands: the institution's, and each event's. */
export const KeysPage = (props: KeysProps) => {
  const { view, assets, now, refused, reports } = props;
  const words = view.text.keyPages;
  return (
    <Layout view={view} assets={assets} title={words.title} now={now} path="/keys">
      <div>
        <h1 class="page-title">{words.title}</h1>
        <p class="lead">{words.what}</p>
      </div>
      <Refusal view={view} code={refused} />
      <section>
        <h2>{words.institution}</h2>
        <InstitutionSummary {...props} />
      </section>
      <section>
        <h2>{words.events}</h2>
        {reports.length === 0 && <p class="quiet">{words.eventsNone}</p>}
        <ul class="cards">
          {reports.map((report) => (
            <EventCard view={view} report={report} now={now} />
          ))}
        </ul>
      </section>
    </Layout>
  );
};

const InstitutionSummary = ({ view, chains, logs, now }: KeysProps) => {
  const { text, format } = view;
  const words = text.keyPages;
  const newest = chains.filter(
    ({ layout }, i) => chains.findIndex((one) => one.layout === layout) === i,
  );
  return (
    <>
      {newest.length === 0 && <p class="quiet">{words.institutionNone}</p>}
      <ul class="key-facts">
        {newest.map((chain) => (
          <li>
            <Mark shape={expiryShape(chain, now)}>
              {`${words.layouts[chain.layout]} ${chain.holder} · ${expiryText(view, chain, now)}`}
            </Mark>
          </li>
        ))}
        {logs.map(({ lines, beganAt }) => (
          <li>
            <Mark shape="good">
              {`${words.ceremony} ${format.moment(beganAt)} · ${words.lines(format.number(lines))} · ${words.verified}`}
            </Mark>
          </li>
        ))}
      </ul>
      <p>
        <a href={`/keys/institution?lang=${format.language}`}>{words.institutionOpen}</a>
      </p>
    </>
  );
};

interface CardProps {
  readonly view: View;
  readonly report: KeyReport;
  readonly now: number;
}

const EventCard = ({ view, report, now }: CardProps) => {
  const { text, format } = view;
  const words = text.keyPages;
  const { event, stage, gates, owing } = report;
  const { admission } = event;
  return (
    <li>
      <h3>
        <a href={`/keys/events/${event.id}?lang=${format.language}`}>
          {event.name ?? words.unnamed}
        </a>
      </h3>
      {event.name === undefined && <p class="id">{event.id}</p>}
      {admission && (
        <p class="quiet">
          {words.admission(format.moment(admission.from), format.moment(admission.until))}
        </p>
      )}
      <p>
        <Mark shape={STAGE_SHAPES[stage]}>{words.stages[stage]}</Mark>
        {gates.length > 0 && ` · ${holdingText(view, report, now)}`}
      </p>
      <Warnings view={view} report={report} />
      {owing.length === 0 && <p class="quiet">{words.next[stage]}</p>}
    </li>
  );
};

export const Warnings = ({ view, report }: Omit<CardProps, 'now'>) => {
  const { text, format } = view;
  const { owing, lapsing, lapsesAt } = report;
  return (
    <>
      {owing.length > 0 && (
        <p class="owing">
          <Mark shape="refused">{text.keyPages.owing(format.number(owing.length))}</Mark>
        </p>
      )}
      {lapsesAt !== undefined && (
        <p class="owing">
          <Mark shape="warning">
            {text.keyPages.lapsing(
              lapsing.map(({ name }) => name).join(', '),
              format.moment(lapsesAt),
            )}
          </Mark>
        </p>
      )}
    </>
  );
};

export function holdingText({ text, format }: View, { gates }: KeyReport, now: number): string {
  const taken = gates.filter(({ keys }) => keys.some((key) => keyState(key, now) === 'taken'));
  return text.keyPages.holding(format.number(taken.length), format.number(gates.length));
}

export function expiryShape({ expiresAt }: KeptChain, now: number): Shape {
  if (expiresAt === undefined) return 'good';
  if (now >= expiresAt) return 'refused';
  return expiresAt - now < EXPIRY_WARNED_MS ? 'warning' : 'good';
}

export const EXPIRY_WARNED_MS = 30 * 86_400_000;

export function expiryText({ text, format }: View, chain: KeptChain, now: number): string {
  const { expiresAt } = chain;
  const words = text.keyPages;
  if (expiresAt === undefined) return words.undated;
  return now >= expiresAt ? words.expired : `${words.expiry} ${format.date(expiresAt)}`;
}

export const Time = ({ at, children }: { at: number; children: string }) => (
  <time datetime={isoTime(at)}>{children}</time>
);
