import type { Language } from '@pinless-gate/protocol/record';
import type { WrittenLanguage } from '../admission/language.ts';
import { ATTENDEE_TEXT, RETRY_HERE } from '../admission/refusal.ts';
import { Admitted } from './admitted.tsx';
import {
  BarInCircle,
  CardInRing,
  Chevrons,
  ClosedBar,
  HandInSquare,
  PersonInDiamond,
  WayOut,
} from './icons.tsx';
import { Code, Notice, Result, Touch } from './layouts.tsx';
import { atOnce, type ViewSettings } from './settings.ts';
import type { DisplayState } from './state.ts';
import { Both } from './text.tsx';
import { MESSAGES } from './words/languages.ts';

interface ViewProps<S extends DisplayState['state'] = DisplayState['state']> {
  readonly state: Extract<DisplayState, { state: S }>;
  readonly settings: ViewSettings;
}

/** One state of the attendee display. */
export const View = ({ state, settings }: ViewProps) => {
  const languages = atOnce(settings, leading(state));
  const notice = { name: state.state, languages };
  switch (state.state) {
    case 'idle':
      return (
        <Touch
          {...notice}
          title={({ touch }) => touch}
          icon={<CardInRing ring={{ kind: 'come' }} />}
        />
      );
    case 'hold':
      return (
        <Touch
          {...notice}
          title={({ hold }) => hold}
          icon={<CardInRing ring={{ kind: 'filled', progress: state.progress }} />}
        />
      );
    case 'removed': {
      const { remainingMs } = state;
      return (
        <Touch
          {...notice}
          title={({ removed }) => removed.title}
          action={({ removed }) => removed.action}
          icon={<CardInRing ring={{ kind: 'left', remainingMs }} />}
        />
      );
    }
    case 'admitted':
      return <Admitted state={state} settings={settings} languages={languages} />;
    case 'refused':
      return <Refused state={state} settings={settings} />;
    case 'staff':
      return (
        <Result {...notice} icon={<PersonInDiamond />} says={({ staff }) => staff[state.why]}>
          <Code code={state.code} languages={languages} />
        </Result>
      );
    case 'already-open':
      return <Notice {...notice} icon={<Chevrons />} says={({ alreadyOpen }) => alreadyOpen} />;
    case 'open':
      return <Notice {...notice} icon={<Chevrons />} says={({ open }) => open} />;
    case 'evacuate':
      return <Notice {...notice} icon={<WayOut />} says={({ evacuate }) => evacuate} />;
    case 'closed':
      return <Notice {...notice} icon={<BarInCircle />} says={({ closed }) => closed} />;
    case 'out-of-service':
      return <OutOfService languages={languages} code={state.code} />;
  }
};

const Refused = ({ state, settings }: ViewProps<'refused'>) => {
  const languages = atOnce(settings, state.language);
  const text = ATTENDEE_TEXT[state.reason];
  return (
    <Result
      name="refused"
      languages={languages}
      icon={<HandInSquare />}
      says={(_, language) => text[language]}
    >
      {!RETRY_HERE.has(state.reason) && (
        <p class="help-desk">
          <Both
            languages={languages}
            text={(language) => settings.helpDesk?.[language] ?? MESSAGES[language].helpDesk}
          />
        </p>
      )}
      <Code code={state.code} languages={languages} />
    </Result>
  );
};

interface OutOfServiceProps {
  readonly languages: readonly WrittenLanguage[];
  readonly code?: string;
}

/** Also what the page says by itself when the gate is silent: then without a code. */
export const OutOfService = ({ languages, code }: OutOfServiceProps) => (
  <Notice
    name="out-of-service"
    languages={languages}
    icon={<ClosedBar />}
    says={({ outOfService, clock }) => (code?.startsWith('ERR_CLOCK_') ? clock : outOfService)}
  >
    {code !== undefined && <Code code={code} languages={languages} />}
  </Notice>
);

function leading(state: DisplayState): Language | undefined {
  return 'language' in state ? state.language : undefined;
}
