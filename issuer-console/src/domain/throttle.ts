/** How fast failures may come: so many are free, then each doubles the wait, up to a bound. */
export interface Pace {
  readonly free: number;
  readonly longestS: number;
}

interface Count {
  readonly failures: number;
  readonly last: number;
  readonly waitMs: number;
}

const FORGET_MS = 3_600_000;
/** What nobody asks about goes when there are more: memory is bounded whoever sends what. */
export const MAX_COUNTED = 10_000;

/** Failures by a key, forgotten after an hour without one. */
class Failures {
  readonly #counts = new Map<string, Count>();
  readonly #pace: Pace;
  readonly #now: () => number;

  constructor(pace: Pace, now: () => number) {
    this.#pace = pace;
    this.#now = now;
  }

  waitS(key: string): number {
    const { last = 0, waitMs = 0 } = this.#counts.get(key) ?? {};
    // A clock that was set back makes nobody wait for longer than they had to.
    const left = Math.min(waitMs, last + waitMs - this.#now());
    return Math.max(0, Math.ceil(left / 1000));
  }

  failed(key: string): void {
    const now = this.#now();
    const held = this.#counts.get(key);
    const failures = held && now - held.last < FORGET_MS ? held.failures + 1 : 1;
    const over = failures - this.#pace.free;
    const waitS = over <= 0 ? 0 : Math.min(2 ** Math.min(over - 1, 30), this.#pace.longestS);
    this.#counts.delete(key);
    this.#counts.set(key, { failures, last: now, waitMs: waitS * 1000 });
    shrink(this.#counts);
  }

  forget(key: string): void {
    this.#counts.delete(key);
  }
}

/**
 * Slows guessing down. Whoever signed in from an address before is held up by failures of that account at
 * that address only: neither guessing at an account nor guessing from an address shuts anybody else out.
 */
export class SignInThrottle {
  readonly #pairs: Failures;
  readonly #accounts: Failures;
  readonly #addresses: Failures;
  readonly #known = new Map<string, true>();

  constructor(now: () => number) {
    this.#pairs = new Failures({ free: 5, longestS: 900 }, now);
    this.#accounts = new Failures({ free: 50, longestS: 60 }, now);
    this.#addresses = new Failures({ free: 50, longestS: 60 }, now);
  }

  /** Seconds until another attempt is looked at; 0 where it is now. */
  waitS(account: string, address: string): number {
    const pair = pairOf(account, address);
    const own = this.#pairs.waitS(pair);
    if (this.#known.has(pair)) return own;
    return Math.max(own, this.#accounts.waitS(account), this.#addresses.waitS(address));
  }

  failed(account: string, address: string): void {
    this.#pairs.failed(pairOf(account, address));
    this.#accounts.failed(account);
    this.#addresses.failed(address);
  }

  succeeded(account: string, address: string): void {
    const pair = pairOf(account, address);
    this.#pairs.forget(pair);
    this.#known.delete(pair);
    this.#known.set(pair, true);
    shrink(this.#known);
  }
}

/** An address has no blank. */
const pairOf = (account: string, address: string) => `${address} ${account}`;

function shrink(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MAX_COUNTED && oldest !== undefined) map.delete(oldest);
}
