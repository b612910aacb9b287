import type { Operator } from '@pinless-gate/protocol/journal/act';
import { LANE_MODES } from '@pinless-gate/protocol/lane-mode';
import { STAFF_TEXT } from '@pinless-gate/protocol/refusal';
import type { Child } from 'hono/jsx';
import type { BoardView, Happened } from './board.ts';
import { mayOrder, type Order } from './order.ts';
import type { Session } from './sessions.ts';
import { Languages, Shell } from './shell.tsx';
import { type StaffLanguage, WORDS } from './words.ts';

export interface BoardPageProps {
  readonly language: StaffLanguage;
  readonly board: BoardView;
  readonly session: Session;
  readonly operator: Operator;
  readonly proofs: readonly string[];
  readonly search?: { readonly code: string; readonly found: readonly Happened[] } | undefined;
}

export const BoardPage = (props: BoardPageProps) => {
  const { language, board, session, operator, search } = props;
  const words = WORDS[language];
  const { notice } = session;
  return (
    <Shell language={language} title={board.gateName}>
      <header>
        <h1>{board.gateName}</h1>
        <p>
          {operator.id} ({operator.role})
        </p>
        <nav>
          <a href="/staff">{words.refresh}</a>
          <Languages language={language} />
        </nav>
      </header>
      <main>
        {notice && <p role={notice.good ? 'status' : 'alert'}>{notice.text}</p>}
        <Lane {...props} />
        {board.waiting && <Waiting {...props} waiting={board.waiting} />}
        <Taps {...props} title={words.last} taps={board.taps} />
        <form method="get" action="/staff">
          <label>
            {words.search}
            <input name="code" autocapitalize="characters" pattern=" *[A-Za-z][0-9]-[0-9]{2} *" />
          </label>
          <button type="submit">{words.find}</button>
        </form>
        {search && <Taps {...props} title={words.found(search.code)} taps={search.found} />}
        <TicketForm {...props} />
        <ModeForms {...props} />
      </main>
      <Act session={session} path="/staff/sign-out">
        <button type="submit">{words.signOut}</button>
      </Act>
    </Shell>
  );
};

const Lane = ({ language, board }: BoardPageProps) => {
  const words = WORDS[language];
  const { list, mode, notReady, expected } = board;
  return (
    <section aria-label={words.mode} class="lane">
      <p class="mode">{words.modes[mode]}</p>
      <p>
        {notReady === undefined ? words.ready : `${words.notReady}: ${notReady}`}
        {expected > 0 && ` · ${words.passing(expected)}`}
      </p>
      <p>
        {list
          ? `${words.list} v${list.version} · ${list.fingerprint} · ${clockTime(list.issuedAt, board)}`
          : words.noList}
      </p>
    </section>
  );
};

const Waiting = ({
  language,
  session,
  operator,
  waiting,
}: BoardPageProps & { waiting: NonNullable<BoardView['waiting']> }) => {
  const words = WORDS[language];
  if (!mayOrder(operator.role, { act: 'face-check' })) return <p>{words.waiting[waiting.why]}</p>;
  return (
    <section class="waiting">
      <h2>
        {words.waiting[waiting.why]}: {waiting.code}
      </h2>
      <Act session={session} act="face-check" fields={{ code: waiting.code }}>
        <input type="hidden" name="reason" value={words.checked} />
        <button type="submit" name="answer" value="passed">
          {words.passed}
        </button>
        <button type="submit" name="answer" value="failed">
          {words.failed}
        </button>
      </Act>
    </section>
  );
};

const Taps = (props: BoardPageProps & { title: string; taps: readonly Happened[] }) => {
  const { language, board, title, taps } = props;
  const words = WORDS[language];
  return (
    <section>
      <h2>{title}</h2>
      {taps.length === 0 && <p>{words.none}</p>}
      <ol class="taps">
        {taps.map((tap) => (
          <li>
            <p>
              <b>{tap.code}</b> {clockTime(tap.at, board)} {words.outcomes[tap.outcome]}
              {tap.listVersion !== undefined && ` · v${tap.listVersion}`}
            </p>
            {tap.reason && <Advice language={language} reason={tap.reason} />}
            <NextAct {...props} tap={tap} />
          </li>
        ))}
      </ol>
    </section>
  );
};

const Advice = ({
  language,
  reason,
}: {
  language: StaffLanguage;
  reason: NonNullable<Happened['reason']>;
}) => {
  const { what, next } = STAFF_TEXT[reason][language];
  return (
    <p>
      {what}. {next}
    </p>
  );
};

const NextAct = ({ language, session, operator, tap }: BoardPageProps & { tap: Happened }) => {
  const words = WORDS[language];
  const { next } = tap;
  if (!next || !mayOrder(operator.role, { act: next })) return null;
  return (
    <details>
      <summary>
        {words.outcomes[next]}… <span class="unseen">{tap.code}</span>
      </summary>
      <Act session={session} act={next} fields={{ code: tap.code }}>
        <Reason language={language} />
        <button type="submit">{words.outcomes[next]}</button>
      </Act>
    </details>
  );
};

const TicketForm = ({ language, session, operator, proofs }: BoardPageProps) => {
  const words = WORDS[language];
  const acts = (['accept', 'block', 'unblock'] as const).filter((act) =>
    mayOrder(operator.role, { act }),
  );
  if (acts.length === 0) return null;
  return (
    <section>
      <h2>{words.ticket}</h2>
      <Act session={session}>
        <label>
          {words.ticketNo}
          <input name="ticketNo" maxlength={64} autocomplete="off" required />
        </label>
        <label>
          {words.proof}
          <select name="proof">
            {proofs.map((proof) => (
              <option value={proof}>{proof}</option>
            ))}
          </select>
        </label>
        <Reason language={language} />
        {acts.map((act) => (
          <button type="submit" name="act" value={act}>
            {words.outcomes[act]}
          </button>
        ))}
      </Act>
    </section>
  );
};

const ModeForms = ({ language, board, session, operator }: BoardPageProps) => {
  const words = WORDS[language];
  const may = (order: Pick<Order, 'act'> & { mode?: string }) => mayOrder(operator.role, order);
  return (
    <section>
      <h2>{words.mode}</h2>
      {may({ act: 'mode', mode: 'evacuate' }) && (
        <Act session={session} act="mode" fields={{ mode: 'evacuate', reason: words.evacuate }}>
          <button type="submit" class="evacuate">
            {words.evacuate}
          </button>
        </Act>
      )}
      {may({ act: 'mode' }) && (
        <Act session={session} act="mode">
          <label>
            {words.mode}
            <select name="mode">
              {LANE_MODES.map((mode) => (
                <option value={mode} selected={mode === board.mode}>
                  {words.modes[mode]}
                </option>
              ))}
            </select>
          </label>
          <Reason language={language} />
          <button type="submit">{words.change}</button>
        </Act>
      )}
      {may({ act: 'readmit' }) && board.mode === 'evacuate' && (
        <Act session={session} act="readmit" fields={{ reason: words.readmit }}>
          <button type="submit">{words.readmit}</button>
        </Act>
      )}
    </section>
  );
};

interface ActProps {
  readonly session: Session;
  readonly path?: string;
  readonly act?: Order['act'];
  readonly fields?: Readonly<Record<string, string>>;
  readonly children: Child;
}

const Act = ({ session, path = '/staff/act', act, fields = {}, children }: ActProps) => (
  <form method="post" action={path}>
    <input type="hidden" name="csrf" value={session.csrf} />
    {act && <input type="hidden" name="act" value={act} />}
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    {children}
  </form>
);

const Reason = ({ language }: { language: StaffLanguage }) => (
  <label>
    {WORDS[language].reason} <small>{WORDS[language].reasonHint}</small>
    <input name="reason" maxlength={200} autocomplete="off" required />
  </label>
);

function clockTime(at: number, { timeZone }: BoardView): string {
  return new Intl.DateTimeFormat('ja-JP', { timeZone, timeStyle: 'short' }).format(at);
}
