import type { Language } from '@pinless-gate/protocol/record';
import type { Child } from 'hono/jsx';
import type { WrittenLanguage } from '../admission/language.ts';
import { ATTENDEE_TEXT, RETRY_HERE } from '../admission/refusal.ts';
import { CardInRing, ClosedBar, HandInSquare, TickInCircle } from './icons.tsx';
import { SeatFields, SeatList } from './seat.tsx';
import type { DisplayState } from './state.ts';
import { Both } from './text.tsx';
import { MESSAGES } from './words/languages.ts';
import type { Messages, Notice } from './words/messages.ts';

export interface ViewSettings {
  /** Shown while no ticket says which comes first. */
  readonly languages: readonly WrittenLanguage[];
  /** Where refused attendees go, in the venue's words. */
  readonly helpDesk?: Partial<Readonly<Record<WrittenLanguage, string>>> | undefined;
}

interface ViewProps<S extends DisplayState['state']> {
  readonly state: Extract<DisplayState, { state: S }>;
  readonly settings: ViewSettings;
}

/** One state of the attendee display. */
export const View = ({ state, settings }: { state: DisplayState; settings: ViewSettings }) => {
  const languages = settings.languages.slice(0, AT_ONCE);
  switch (state.state) {
    case 'idle':
      return (
        <section class="state touch idle">
          <CardInRing />
          <h1>
            <Both languages={languages} text={(language) => MESSAGES[language].touch} />
          </h1>
        </section>
      );
    case 'hold':
      return (
        <section class="state touch hold">
          <CardInRing progress={state.progress} />
          <h1>
            <Both languages={languages} text={(language) => MESSAGES[language].hold} />
          </h1>
        </section>
      );
    case 'admitted':
      return <Admitted state={state} settings={settings} />;
    case 'refused':
      return <Refused state={state} settings={settings} />;
    case 'removed':
      return <Said state={state} settings={settings} text={(words) => words.removed} />;
    case 'staff':
      return (
        <Said state={state} settings={settings} text={(words) => words.staff[state.why]}>
          <Code code={state.code} languages={order(state.language, settings)} />
        </Said>
      );
    case 'already-open':
      return <Said state={state} settings={settings} text={(words) => words.alreadyOpen} />;
    case 'open':
      return <Said state={state} settings={settings} text={(words) => words.open} />;
    case 'evacuate':
      return <Said state={state} settings={settings} text={(words) => words.evacuate} />;
    case 'out-of-service':
      return <Closed message={outOf(state.code)} languages={languages} code={state.code} />;
    case 'closed':
      return <Closed message="closed" languages={languages} />;
  }
};

const Admitted = ({ state, settings }: ViewProps<'admitted'>) => {
  const { tickets, partySize } = state;
  const languages = order(state.language, settings);
  const [first, ...others] = tickets;
  return (
    <section class="state result admitted">
      <header>
        <TickInCircle />
        <h1>
          <Both
            languages={languages}
            text={(language) => MESSAGES[language][state.direction === 'out' ? 'goOut' : 'goIn']}
          />
        </h1>
        {first && partySize > 1 && (
          <p class="party">
            <Both
              languages={languages}
              text={(language) =>
                others.length === 0
                  ? MESSAGES[language].guest(first.place, partySize)
                  : MESSAGES[language].guests(tickets.length, partySize)
              }
            />
          </p>
        )}
      </header>
      {first && others.length === 0 && <SeatFields seat={first.seat} languages={languages} />}
      {others.length > 0 && (
        <SeatList tickets={tickets} partySize={partySize} languages={languages} />
      )}
    </section>
  );
};

const Refused = ({ state, settings }: ViewProps<'refused'>) => {
  const languages = order(state.language, settings);
  const text = ATTENDEE_TEXT[state.reason];
  return (
    <section class="state result refused">
      <header>
        <HandInSquare />
        <h1>
          <Both languages={languages} text={(language) => text[language].title} />
        </h1>
      </header>
      <div class="advice">
        <p class="action">
          <Both languages={languages} text={(language) => text[language].action} />
        </p>
        {!RETRY_HERE.has(state.reason) && (
          <p class="help-desk">
            <Both
              languages={languages}
              text={(language) => settings.helpDesk?.[language] ?? MESSAGES[language].helpDesk}
            />
          </p>
        )}
        <Code code={state.code} languages={languages} />
      </div>
    </section>
  );
};

interface SaidProps {
  readonly state: DisplayState & { readonly language?: Language };
  readonly settings: ViewSettings;
  readonly text: (words: Messages) => Notice;
  readonly children?: Child;
}

/** One thought and what to do. */
const Said = ({ state, settings, text, children }: SaidProps) => {
  const languages = order(state.language ?? settings.languages[0]!, settings);
  return (
    <section class={`state notice ${state.state}`}>
      <h1>
        <Both languages={languages} text={(language) => text(MESSAGES[language]).title} />
      </h1>
      <p class="action">
        <Both languages={languages} text={(language) => text(MESSAGES[language]).action} />
      </p>
      {children}
    </section>
  );
};

const outOf = (code: string) => (code.startsWith('ERR_CLOCK_') ? 'clock' : 'outOfService');

interface ClosedProps {
  readonly message: 'outOfService' | 'clock' | 'closed';
  readonly languages: readonly WrittenLanguage[];
  readonly code?: string;
}

export const Closed = ({ message, languages, code }: ClosedProps) => (
  <section class={`state notice ${message === 'closed' ? 'closed' : 'out-of-service'}`}>
    <ClosedBar />
    <h1>
      <Both languages={languages} text={(language) => MESSAGES[language][message].title} />
    </h1>
    <p class="action">
      <Both languages={languages} text={(language) => MESSAGES[language][message].action} />
    </p>
    {code !== undefined && <Code code={code} languages={languages} />}
  </section>
);

const Code = ({ code, languages }: { code: string; languages: readonly WrittenLanguage[] }) => (
  <p class="code">
    <span class="unit">
      <Both languages={languages} text={(language) => MESSAGES[language].code} />
    </span>{' '}
    <b>{code}</b>
  </p>
);

/** More than two texts of each kind would be too small to read from two metres. */
const AT_ONCE = 2;

/** The ticket's language first, then the lane's. */
function order(language: Language, { languages }: ViewSettings): readonly WrittenLanguage[] {
  return [language, ...languages.filter((other) => other !== language)].slice(0, AT_ONCE);
}
