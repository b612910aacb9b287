import { GateError } from '@pinless-gate/protocol/errors';
import { UNEXPLAINED_CALLS } from '@pinless-gate/protocol/journal';
import type { TapResult } from './lane/tap.ts';

/** More conversion values asked for than taps and list checks explain. */
export class ConversionWatchError extends GateError {}

interface Window {
  readonly ms: number;
  /** Calls in it that may stay unexplained: one whose tap is not over yet, one that a fault cut off. */
  readonly spare: number;
}

/**
 * The first catches who asks quickly; the second who asks so slowly that the first does not: what passes both needs
 * centuries for all serial numbers.
 */
export const WATCH_WINDOWS: readonly Window[] = [
  { ms: 60_000, spare: 10 },
  { ms: 3_600_000, spare: 60 },
];

export interface WatchParts {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Told when it begins and when it is over: undefined. */
  readonly onState: (error: ConversionWatchError | undefined) => void;
}

/** Counts are kept by slices of this length, not by calls. */
const SLICE_MS = 5_000;

/**
 * Holds the HMACs that were asked for against those that decisions, list checks and health checks account for. Whoever
 * has this gate's key compute without cards being tapped shows here, however far below the rate limit.
 */
export class ConversionWatch {
  readonly #parts: WatchParts;
  /** Calls less explanations, by slice; oldest first. */
  readonly #slices: { readonly at: number; net: number }[] = [];
  #alarm = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** An HMAC was asked for, whether or not it was given. */
  called(): void {
    this.#add(1);
  }

  /** Something that is on record accounts for as many. */
  explained(count = 1): void {
    this.#add(-count);
  }

  /** In the longest window. Also finds out that an alarm is over. */
  get unexplained(): number {
    this.#look();
    return Math.max(...WATCH_WINDOWS.map(({ ms }) => this.#net(ms)), 0);
  }

  #add(count: number): void {
    const at = Math.floor(this.#parts.now() / SLICE_MS);
    const last = this.#slices.at(-1);
    if (last?.at === at) last.net += count;
    else this.#slices.push({ at, net: count });
    this.#look();
  }

  #look(): void {
    const longest = WATCH_WINDOWS.at(-1)!.ms;
    const oldest = Math.floor((this.#parts.now() - longest) / SLICE_MS);
    while (this.#slices[0] && this.#slices[0].at <= oldest) this.#slices.shift();
    const over = WATCH_WINDOWS.find(({ ms, spare }) => this.#net(ms) > spare);
    if ((over !== undefined) === this.#alarm) return;
    this.#alarm = over !== undefined;
    this.#parts.onState(over && unexplained(this.#net(over.ms), over.ms));
  }

  #net(windowMs: number): number {
    const oldest = Math.floor((this.#parts.now() - windowMs) / SLICE_MS);
    return this.#slices.reduce((sum, { at, net }) => (at > oldest ? sum + net : sum), 0);
  }
}

function unexplained(count: number, windowMs: number): ConversionWatchError {
  return new ConversionWatchError(
    UNEXPLAINED_CALLS,
    `${count} conversion values in ${windowMs / 60_000} min that no tap and no list check asked for`,
    {
      hint: 'somebody may be computing values with this gate: stop it, keep it as it is, tell the person in charge',
    },
  );
}

/** HMACs of a tap that is in the journal by now: its conversion, done or cut off by a fault, and what confirms it. */
export function conversionsOf({ steps, fault }: Pick<TapResult, 'steps' | 'fault'>): number {
  if (steps.confirm !== undefined) return 3;
  return steps.convert !== undefined || fault !== undefined ? 1 : 0;
}
