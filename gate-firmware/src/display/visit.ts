import type { Language } from '@pinless-gate/protocol/record';
import type { DisplayBus, DisplayState } from './state.ts';

/** What the screen shows while nobody is at the lane, or instead of anybody. */
export type Standing = 'idle' | 'open' | 'closed' | 'evacuate';

/** A result of a tap: what the attendee is told. */
export type Told = Extract<DisplayState, { language: Language }>;
type Refused = Extract<DisplayState, { state: 'refused' }>;

export interface VisitParts {
  readonly display: DisplayBus;
  readonly defaultLanguage: Language;
}

/** A card that left too early may come back within this time: then nobody was refused. */
export const PUT_BACK_MS = 2000;
const READ_MS = 4000;
/** Of a party each seat takes its time; beyond this others wait for nothing. */
const EACH_SEAT_MS = 1000;
const LONGEST_MS = 12_000;
/** A language that was chosen and then not used was left by somebody who went away. */
const CHOSEN_MS = 30_000;

/** One visit after the other, as the screen tells it: a card comes, something is told, the lane is free again. */
export class Visit {
  readonly #display: DisplayBus;
  readonly #defaultLanguage: Language;
  #standing: Standing = 'idle';
  #fault: string | undefined;
  /** What the last card was told, while it is to be read. */
  #told: Told | undefined;
  #chosen: Language | undefined;
  /** Of what is told, or of the language while nothing is. */
  #timer: NodeJS.Timeout | undefined;

  constructor({ display, defaultLanguage }: VisitParts) {
    this.#display = display;
    this.#defaultLanguage = defaultLanguage;
  }

  /** What a ticket that names no language, or no ticket, is answered in. */
  get language(): Language {
    return this.#chosen ?? this.#defaultLanguage;
  }

  /** By somebody at the screen, for this visit only: it leads, before the ticket's own. */
  choose(language: Language): void {
    this.#chosen = language === this.#defaultLanguage ? undefined : language;
    if (this.#told) {
      this.#told = { ...this.#told, language };
    } else {
      this.#after(CHOSEN_MS);
    }
    this.#rest();
  }

  /** A card is in the field: what the last one left on the screen is over. */
  hold(progress: number): void {
    clearTimeout(this.#timer);
    this.#told = undefined;
    if (this.#standing === 'evacuate') return;
    this.#display.show({ state: 'hold', progress, ...this.#inChosen() });
  }

  /** Stays to be read for as long as it takes, or until the next card; that staff come, until they were there. */
  tell(told: Told): void {
    this.#told = this.#chosen ? { ...told, language: this.#chosen } : told;
    this.#after(readingMs(told));
    this.#rest();
  }

  /** Nothing came out of the printer for whoever reads their seat now: they get longer to read it. */
  withoutReceipt(): void {
    const told = this.#told;
    if (told?.state !== 'admitted' || told.noReceipt) return;
    this.tell({ ...told, noReceipt: true });
  }

  /** The card left too early: it may come back, and only if it does not is anybody refused. */
  putBack(refused: Refused): void {
    this.#told = { state: 'removed', language: refused.language, remainingMs: PUT_BACK_MS };
    if (this.#chosen) this.#told = { ...this.#told, language: this.#chosen };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tell(refused), PUT_BACK_MS);
    this.#timer.unref();
    this.#rest();
  }

  /** Until told otherwise; what a card was told stays its time, but for an evacuation. */
  stand(standing: Standing): void {
    this.#standing = standing;
    this.#rest();
  }

  /** Between cards. Undefined: it is over, and what the last card was told stands again for the rest of its time. */
  outOfService(code: string | undefined): void {
    this.#fault = code;
    this.#rest();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #after(ms: number | undefined): void {
    clearTimeout(this.#timer);
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      this.#told = undefined;
      this.#chosen = undefined;
      this.#rest();
    }, ms);
    this.#timer.unref();
  }

  #rest(): void {
    this.#display.show(this.#now());
  }

  #now(): DisplayState {
    if (this.#standing === 'evacuate') return { state: 'evacuate' };
    if (this.#fault !== undefined) return { state: 'out-of-service', code: this.#fault };
    if (this.#told) return this.#told;
    return this.#standing === 'idle'
      ? { state: 'idle', ...this.#inChosen() }
      : { state: this.#standing };
  }

  #inChosen(): { readonly language?: Language } {
    return this.#chosen ? { language: this.#chosen } : {};
  }
}

/** Undefined: until something else is told. */
function readingMs(told: Told): number | undefined {
  if (told.state === 'staff') return undefined;
  if (told.state !== 'admitted') return READ_MS;
  if (told.noReceipt || told.attention?.length) return LONGEST_MS;
  return Math.min(READ_MS + EACH_SEAT_MS * (told.tickets.length - 1), LONGEST_MS);
}
