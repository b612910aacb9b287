import type { WrittenLanguage } from '../admission/language.ts';
import { Arrow, TickInCircle } from './icons.tsx';
import { Notice } from './layouts.tsx';
import { SeatFields, SeatList } from './seat.tsx';
import type { ViewSettings, Way } from './settings.ts';
import type { DisplayState } from './state.ts';
import { Both } from './text.tsx';
import { MESSAGES } from './words/languages.ts';

interface AdmittedProps {
  readonly state: Extract<DisplayState, { state: 'admitted' }>;
  readonly settings: ViewSettings;
  readonly languages: readonly WrittenLanguage[];
}

/** Where to sit, and how to get there; on the way out a goodbye. */
export const Admitted = ({ state, settings, languages }: AdmittedProps) => {
  const { tickets, partySize } = state;
  const [first, ...others] = tickets;
  const way = wayOf(state, settings);
  if (state.direction === 'out') {
    return (
      <Notice
        name="goodbye"
        languages={languages}
        icon={<TickInCircle />}
        says={(words) => words.goodbye}
      />
    );
  }
  return (
    <section class="state result admitted">
      <header>
        <TickInCircle />
        <h1>
          <Both languages={languages} text={(language) => MESSAGES[language].goIn} />
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
      <div class="place-and-way">
        {first && others.length === 0 && <SeatFields seat={first.seat} languages={languages} />}
        {others.length > 0 && (
          <SeatList tickets={tickets} partySize={partySize} languages={languages} />
        )}
        <Remarks state={state} languages={languages} />
        {way && <WayThere way={way} languages={languages} />}
      </div>
    </section>
  );
};

const Remarks = ({ state, languages }: Pick<AdmittedProps, 'state' | 'languages'>) => {
  const remarks = [
    ...(state.attention?.length ? (['attention'] as const) : []),
    ...(state.noReceipt ? (['noReceipt'] as const) : []),
  ];
  return (
    <>
      {remarks.map((name) => (
        <p class="remark">
          <Both languages={languages} text={(language) => MESSAGES[language][name]} />
        </p>
      ))}
    </>
  );
};

interface WayProps {
  readonly way: Way;
  readonly languages: readonly WrittenLanguage[];
}

const WayThere = ({ way, languages }: WayProps) => {
  // The venue's words where it has them in a language of this screen, else in whichever it has.
  const written = languages.filter((language) => way.text[language] !== undefined);
  const [other] = Object.entries(way.text) as [WrittenLanguage, string][];
  const shown = written.length > 0 || !other ? written : [other[0]];
  return (
    <p class="way">
      {way.arrow && <Arrow to={way.arrow} />}
      <span class="way-words">
        <Both languages={shown} text={(language) => way.text[language]!} />
      </span>
    </p>
  );
};

/** By the zone, else by the gate that all the tickets share. */
function wayOf({ zone, tickets }: AdmittedProps['state'], { ways }: ViewSettings): Way | undefined {
  const gate = tickets[0]?.seat.gate;
  const shared = tickets.every(({ seat }) => seat.gate === gate) ? gate : undefined;
  return (zone !== undefined && ways?.get(zone)) || ways?.get(shared ?? '');
}
