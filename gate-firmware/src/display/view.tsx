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
import type { Messages } from './words/messages.ts';

interface ViewProps<S extends DisplayState['state'] = DisplayState['state']> {
  readonly state: Extract<DisplayState, { state: S }>;
  readonly settings: ViewSettings;
}

/** One state of the attendee display. */
export const View = ({ state, settings }: ViewProps) => {
  const languages = atOnce(settings, leading(state));
  switch (state.state) {
    case 'idle':
    case 'hold':
    case 'removed':
      return <CardAtReader state={state} languages={languages} />;
    case 'admitted':
      return <Admitted state={state} settings={settings} languages={languages} />;
    case 'refused':
      return <Refused state={state} settings={settings} />;
    case 'staff':
      return (
        <Result
          name="staff"
          languages={languages}
          icon={<PersonInDiamond />}
          says={({ staff }) => staff[state.why]}
        >
          <Code code={state.code} languages={languages} />
        </Result>
      );
    case 'out-of-service':
      return <OutOfService languages={languages} code={state.code} />;
    default: {
      const { icon, says } = NOTICES[state.state];
      return <Notice name={state.state} languages={languages} icon={icon()} says={says} />;
    }
  }
};

/** What is the same for everybody. */
const NOTICES = {
  'already-open': { icon: Chevrons, says: ({ alreadyOpen }: Messages) => alreadyOpen },
  open: { icon: Chevrons, says: ({ open }: Messages) => open },
  evacuate: { icon: WayOut, says: ({ evacuate }: Messages) => evacuate },
  closed: { icon: BarInCircle, says: ({ closed }: Messages) => closed },
} as const;

interface CardAtReaderProps {
  readonly state: Extract<DisplayState, { state: 'idle' | 'hold' | 'removed' }>;
  readonly languages: readonly WrittenLanguage[];
}

/** Touch here, hold still, put it back. */
const CardAtReader = ({ state, languages }: CardAtReaderProps) => {
  const touch = { name: state.state, languages };
  switch (state.state) {
    case 'idle': {
      const ring = { kind: 'come' } as const;
      return <Touch {...touch} title={(words) => words.touch} icon={<CardInRing ring={ring} />} />;
    }
    case 'hold': {
      const ring = { kind: 'filled', progress: state.progress } as const;
      return <Touch {...touch} title={({ hold }) => hold} icon={<CardInRing ring={ring} />} />;
    }
    case 'removed': {
      const ring = { kind: 'left', remainingMs: state.remainingMs } as const;
      return (
        <Touch
          {...touch}
          title={({ removed }) => removed.title}
          action={({ removed }) => removed.action}
          icon={<CardInRing ring={ring} />}
        />
      );
    }
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
