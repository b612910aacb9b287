import { SW_COUNTER, SW_REFERENCE_DATA_NOT_USABLE } from '@pinless-gate/protocol/apdu/status-word';

/** Tries left on a PIN or a key. Outlives resets; empty, it never fills again. */
export class RetryCounter {
  readonly #full: number;
  #left: number;

  constructor(full: number, left = full) {
    this.#full = full;
    this.#left = left;
  }

  get blocked(): boolean {
    return this.#left === 0;
  }

  /** 63Cx, as a query without data is answered. */
  get status(): number {
    return SW_COUNTER | this.#left;
  }

  /** 6984, once `blocked`. */
  static readonly BLOCKED = SW_REFERENCE_DATA_NOT_USABLE;

  /** Burns a try and answers with what is left. */
  fail(): number {
    this.#left--;
    return this.status;
  }

  refill(): void {
    this.#left = this.#full;
  }
}
