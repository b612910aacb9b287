import type { GateError } from '@pinless-gate/protocol/errors';

/** Time, handed in. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds of any origin that never go back: for durations. */
  monotonic(): number;
  /** Why it cannot be believed, where something watches it. */
  readonly fault?: GateError | undefined;
}

export const systemClock: Clock = { now: Date.now, monotonic: () => performance.now() };

/** Microseconds per step of one tap, in the order in which they came. */
export class StepTimes {
  readonly #monotonic: () => number;
  readonly #start: number;
  #last: number;
  readonly steps: Record<string, number> = {};

  constructor({ monotonic }: Clock) {
    this.#monotonic = () => monotonic();
    this.#start = monotonic();
    this.#last = this.#start;
  }

  /** Ends the step that ran since the last one ended. */
  end(step: string): void {
    const now = this.#monotonic();
    this.steps[step] = Math.round(1000 * (now - this.#last));
    this.#last = now;
  }

  get totalMs(): number {
    return this.#monotonic() - this.#start;
  }
}
