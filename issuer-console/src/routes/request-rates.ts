import type { MiddlewareHandler } from 'hono';
import type { VisitorEnv } from './access.ts';
import { ProblemError } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { uploader } from './upload.ts';

export interface Rate {
  readonly burst: number;
  readonly everyMs: number;
}

/** Requests of one address, and of one operator or key wherever they come from. */
export interface RequestRates {
  readonly address: Rate;
  readonly actor: Rate;
  /** Imports of one operator or key. */
  readonly upload: Rate;
  /** Of people without an account: from one address, and all of them together. */
  readonly visitor: Rate;
  readonly visitors: Rate;
  /** Of seats held from one address: nobody has shown a card yet. */
  readonly applying: Rate;
}

export const DEFAULT_RATES: RequestRates = {
  address: { burst: 600, everyMs: 20 },
  actor: { burst: 300, everyMs: 20 },
  upload: { burst: 20, everyMs: 10_000 },
  visitor: { burst: 120, everyMs: 200 },
  visitors: { burst: 2000, everyMs: 4 },
  applying: { burst: 60, everyMs: 5000 },
};

/** Memory is bounded whoever asks: the longest silent goes. */
const MAX_KEYS = 10_000;

export class KeyedRates {
  readonly #limits = new Map<string, RateLimit>();
  readonly #rate: Rate;
  readonly #now: () => number;

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  get size(): number {
    return this.#limits.size;
  }

  /** Seconds to wait; 0 where the request was counted. */
  take(key: string): number {
    const limit = this.#limits.get(key) ?? new RateLimit({ ...this.#rate, now: this.#now });
    this.#limits.delete(key);
    this.#limits.set(key, limit);
    const [oldest] = this.#limits.keys();
    if (this.#limits.size > MAX_KEYS && oldest !== undefined) this.#limits.delete(oldest);
    const { waitS } = limit;
    if (waitS === 0) limit.take();
    return waitS;
  }
}

/** By address: before anybody is looked up, so that looking up is limited too. */
export const limitAddresses = (rate: Rate, now: () => number) =>
  limitBy(new KeyedRates(rate, now), (c) => c.get('address'));

export const limitActors = (rate: Rate, now: () => number) =>
  limitBy(new KeyedRates(rate, now), (c) => c.get('actor')?.id);

export const limitUploads = (rate: Rate, now: () => number) =>
  limitBy(new KeyedRates(rate, now), uploader);

function limitBy(
  rates: KeyedRates,
  keyOf: (c: Parameters<MiddlewareHandler<VisitorEnv>>[0]) => string | undefined,
): MiddlewareHandler<VisitorEnv> {
  return async (c, next) => {
    const key = keyOf(c);
    const waitS = key === undefined ? 0 : rates.take(key);
    if (waitS > 0) {
      c.header('retry-after', String(waitS));
      throw new ProblemError({
        status: 429,
        code: 'ERR_HTTP_RATE',
        title: 'too many requests: wait, then try again',
      });
    }
    await next();
  };
}
