import { GateError } from '@pinless-gate/protocol/errors';
import type { Clock } from './clock.ts';

/** Steps of a well-kept clock that nobody need be told of: a leap second, a first synchronisation. */
export const STEP_MS = 10_000;
/** A kernel slews at this rate at most (adjtimex); a month of 5 minutes' drift is a quarter of it. */
export const SLEW = 500e-6;
/** Between the clock of who makes lists and this one, as the console allows for requests. */
export const LIST_MS = 600_000;
/** After the end of its list no gate has anything to do. */
export const BEYOND_MS = 7 * 86_400_000;
/** Smaller ones are lost in the noise of two readings. */
const NOTED_MS = 1000;

/** Which times the list in force says this may be. Unix seconds. */
export interface ListTimes {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface ClockWatchParts {
  /** The machine's clock, in Unix milliseconds. */
  readonly wall: () => number;
  readonly monotonic: () => number;
  /** Time of the newest journal entry: it was that late already. */
  readonly floor: number | undefined;
  /** Of the list in force, which has something to say of the time too. */
  readonly list: () => ListTimes | undefined;
  /** A tolerated change of the wall clock against the monotonic one. Milliseconds, signed. */
  readonly onStep: (ms: number) => void;
}

/** What is known of the time at a moment of the monotonic clock. */
interface Anchor {
  readonly at: number;
  readonly monotonic: number;
  /** It was that time. Otherwise it was that time or later, and nothing more is known. */
  readonly known: boolean;
}

interface Verdict {
  readonly fault: GateError;
  /** Where the clock was wrong from the start: the earliest that it can be. */
  readonly earliest?: number;
}

/**
 * The gate's clock: the machine's, as long as there is reason to believe it. What it says never goes back. A
 * wall clock that is behind what this gate has written, behind its list, far beyond its list, or that moved
 * against the monotonic clock by more than a step and the slew of a kernel is at fault; until it is mended,
 * what counts is the last time believed and the monotonic clock.
 */
export class ClockWatch implements Clock {
  readonly #parts: ClockWatchParts;
  #anchor: Anchor;
  #fault: GateError | undefined;
  #last: number;
  /** By how much the wall clock had moved when it was last told. */
  #told = 0;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    this.#last = parts.floor ?? 0;
    this.#anchor = this.#anchorAt(this.#last, false);
    this.#look();
  }

  readonly monotonic = (): number => this.#parts.monotonic();

  readonly now = (): number => {
    const wall = this.#look();
    this.#last = Math.max(this.#last, Math.round(this.#fault ? this.#expected() : wall));
    return this.#last;
  };

  /** What is wrong with the machine's clock. */
  get fault(): GateError | undefined {
    this.#look();
    return this.#fault;
  }

  #look(): number {
    const wall = this.#parts.wall();
    const verdict = this.#judge(wall);
    const was = this.#fault;
    // One fault is one object: who compares is not told twice.
    if (verdict?.fault.code !== was?.code) this.#fault = verdict?.fault;
    if (verdict) {
      if (verdict.earliest !== undefined && this.#anchor.known) this.#forget(verdict.earliest);
    } else {
      if (!this.#anchor.known) this.#anchor = this.#anchorAt(wall, true);
      this.#tell(wall);
    }
    return wall;
  }

  #judge(wall: number): Verdict | undefined {
    const { at, monotonic, known } = this.#anchor;
    const elapsed = this.#parts.monotonic() - monotonic;
    const allowed = STEP_MS + SLEW * elapsed;
    const moved = wall - at - elapsed;
    if (moved < -allowed) return { fault: back(-moved, known ? 'where it was' : 'the journal') };
    if (known && moved > allowed) return { fault: forward(moved, 'where it was') };
    const list = this.#parts.list();
    return list && this.#judgeByList(wall, list);
  }

  #judgeByList(wall: number, { issuedAt, expiresAt }: ListTimes): Verdict | undefined {
    const issued = 1000 * issuedAt;
    const ended = 1000 * expiresAt;
    if (wall < issued - LIST_MS) {
      return { fault: back(issued - wall, 'its list'), earliest: issued - LIST_MS };
    }
    if (wall <= ended + BEYOND_MS) return undefined;
    const fault = forward(wall - ended, 'the end of its list');
    return { fault, earliest: Math.max(this.#parts.floor ?? 0, issued) };
  }

  /** The clock was wrong all along. */
  #forget(earliest: number): void {
    this.#anchor = this.#anchorAt(earliest, false);
    this.#last = earliest;
  }

  #expected(): number {
    return this.#anchor.at + this.#parts.monotonic() - this.#anchor.monotonic;
  }

  #anchorAt(at: number, known: boolean): Anchor {
    this.#told = 0;
    return { at, monotonic: this.#parts.monotonic(), known };
  }

  #tell(wall: number): void {
    const moved = wall - this.#expected();
    const step = moved - this.#told;
    if (Math.abs(step) < NOTED_MS) return;
    this.#told = moved;
    this.#parts.onStep(Math.round(step));
  }
}

const HINT =
  'set the clock (timedatectl); if it is right, start the gate anew, or: gate clock accept';

function back(ms: number, what: string): GateError {
  const message = `the clock is ${span(ms)} behind ${what}`;
  return new GateError('ERR_CLOCK_BACK', message, { hint: HINT });
}

function forward(ms: number, what: string): GateError {
  const message = `the clock is ${span(ms)} beyond ${what}`;
  return new GateError('ERR_CLOCK_FORWARD', message, { hint: HINT });
}

function span(ms: number): string {
  const units = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
  ] as const;
  const [unit, name] = units.find(([one]) => ms >= 2 * one) ?? [1000, 'seconds'];
  return `${Math.round(ms / unit)} ${name}`;
}
