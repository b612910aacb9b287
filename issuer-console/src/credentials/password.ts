import { hash, verify } from '@node-rs/argon2';
import type { Passwords } from '../domain/credential.ts';
import { RefusedError } from '../domain/refusal.ts';

/** OWASP's least for argon2id, which is algorithm 2 here: 19 MiB, two passes, one lane. */
const COST = {
  algorithm: 2,
  memoryCost: 19 * 1024,
  timeCost: 2,
  parallelism: 1,
} as const;

/** So many at once: each takes a thread and 19 MiB, and lists and journals need threads too. */
const AT_ONCE = 2;
const MAX_WAITING = 32;

/** Hashes and checks passwords, a few at a time. */
export function argon2Passwords(): Passwords {
  const turns = new Turns();
  /** Nobody's password, to be checked where there is none: whether a name exists does not show in time. */
  let nobody: Promise<string> | undefined;
  return {
    hash: (password) => turns.take(() => hash(password, COST)),
    verify: (held, password) =>
      turns.take(async () => {
        nobody ??= hash('nobody has this password', COST);
        const right = await verify(held ?? (await nobody), password);
        return held !== undefined && right;
      }),
  };
}

class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new RefusedError('wait', 'ERR_HTTP_RATE', 'too many sign in at once', 1);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
