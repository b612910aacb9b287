import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import { ruleSentences } from '@pinless-gate/protocol/rule-sentences';
import type { EventList, PublishedList } from '../domain/publication.ts';
import { Layout } from './layout.tsx';
import type { View } from './view.ts';

export interface RulesProps {
  readonly view: View;
  readonly list: PublishedList;
  readonly further: readonly EventList[];
  readonly now: number;
  readonly assets: string;
}

/** What the newest list of each event has lanes do, in sentences. */
export const RulesPage = ({ view, list, further, now, assets }: RulesProps) => {
  const { text } = view;
  return (
    <Layout view={view} assets={assets} title={text.rules.title} now={now} path="/rules">
      <h1 class="page-title">{text.rules.title}</h1>
      <Rules view={view} list={list} />
      {further.map((one) => (
        <Rules view={view} name={one.name} list={one.list} />
      ))}
    </Layout>
  );
};

interface OneProps {
  readonly view: View;
  /** Of the event, where its list may not be there to say so. */
  readonly name?: string;
  readonly list: PublishedList;
}

const Rules = ({ view, name, list }: OneProps) => {
  const { text } = view;
  if (list.state === 'published') {
    return (
      <section>
        <Sentences view={view} list={list} />
      </section>
    );
  }
  return (
    <section>
      {name !== undefined && <h2>{name}</h2>}
      <p class="quiet">{list.state === 'missing' ? text.list.missing : text.list.unreadable}</p>
    </section>
  );
};

interface SentencesProps {
  readonly view: View;
  readonly list: Extract<PublishedList, { state: 'published' }>;
}

const Sentences = ({ view: { text, format }, list: { manifest, passport } }: SentencesProps) => (
  <>
    <h2>{manifest.event.name}</h2>
    <p class="quiet">
      {text.rules.of(`v${passport.version}`, formatFingerprint(passport.fingerprint))}
    </p>
    <ul class="rules">
      {ruleSentences(manifest.policy, format.language === 'ja' ? 'ja' : 'en').map((sentence) => (
        <li>{sentence}</li>
      ))}
    </ul>
  </>
);
