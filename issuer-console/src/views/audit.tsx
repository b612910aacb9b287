import { toHex } from '@pinless-gate/protocol/bytes';
import type { KeptEntry } from '../domain/audit.ts';
import type { Operator } from '../domain/operator.ts';
import { isoTime } from './language.ts';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface AuditProps {
  readonly view: View;
  readonly assets: string;
  readonly now: number;
  readonly entries: readonly KeptEntry[];
  readonly operators: readonly Operator[];
  /** Where there are older ones: from there on. */
  readonly older: number | undefined;
}

export const AuditPage = ({ view, assets, now, entries, operators, older }: AuditProps) => {
  const text = view.text.account.audit;
  return (
    <Layout view={view} assets={assets} title={text.title} now={now} path="/audit">
      <h1 class="page-title">{text.title}</h1>
      <section>
        <p class="quiet">{text.what}</p>
        <table class="audit">
          <thead>
            <tr>
              <th scope="col">{text.number}</th>
              <th scope="col">{text.time}</th>
              <th scope="col">{text.who}</th>
              <th scope="col">{text.action}</th>
              <th scope="col">{text.subjects}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((kept) => (
              <EntryRow view={view} now={now} kept={kept} operators={operators} />
            ))}
          </tbody>
        </table>
        {older !== undefined && (
          <p>
            <a href={`/audit?lang=${view.format.language}&before=${older}`}>{text.older}</a>
          </p>
        )}
      </section>
    </Layout>
  );
};

interface EntryRowProps extends Pick<AuditProps, 'view' | 'now' | 'operators'> {
  readonly kept: KeptEntry;
}

const EntryRow = ({ view: { text, format }, now, kept, operators }: EntryRowProps) => {
  const { entry, hash } = kept;
  const { sequence, at, by, action, subjects, facts = {} } = entry;
  const labels = text.account.audit;
  const known = (id: string) => operators.find((one) => one.id === id)?.name ?? id.slice(0, 12);
  const more = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return (
    <tr>
      <th scope="row">
        {String(sequence)}
        <span class="id">{toHex(hash.subarray(0, 4))}</span>
      </th>
      <td data-label={labels.time}>
        <time datetime={isoTime(at)}>{format.time(at, now)}</time>
      </td>
      <td data-label={labels.who}>{`${labels.kinds[by.kind]} ${known(by.id)}`}</td>
      <td data-label={labels.action}>{action}</td>
      <td data-label={labels.subjects}>{[...subjects.map(known), ...more].join(', ')}</td>
    </tr>
  );
};
