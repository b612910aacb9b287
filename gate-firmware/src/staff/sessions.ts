import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Session {
  readonly operatorId: string;
  /** In every form, so that no other page can send one. */
  readonly csrf: string;
  /** What the last act came to, until it was shown. */
  notice?: { readonly good: boolean; readonly text: string } | undefined;
}

interface Kept extends Session {
  usedAt: number;
}

const MAX_SESSIONS = 64;

/** Signed-in operators, in memory alone and by the hash of their token: a restart signs everybody out. */
export class Sessions {
  readonly #sessions = new Map<string, Kept>();
  readonly #monotonic: () => number;
  readonly #idleMs: number;

  constructor(monotonic: () => number, idleMs: number) {
    this.#monotonic = monotonic;
    this.#idleMs = idleMs;
  }

  /** The token, which nobody but its browser keeps. */
  open(operatorId: string): string {
    const token = randomBytes(24).toString('base64url');
    const csrf = randomBytes(24).toString('base64url');
    this.#sessions.set(hashOf(token), { operatorId, csrf, usedAt: this.#monotonic() });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest!);
    return token;
  }

  find(token: string | undefined): Session | undefined {
    if (token === undefined) return undefined;
    const key = hashOf(token);
    const session = this.#sessions.get(key);
    if (!session) return undefined;
    const now = this.#monotonic();
    if (now - session.usedAt > this.#idleMs) {
      this.#sessions.delete(key);
      return undefined;
    }
    session.usedAt = now;
    return session;
  }

  close(token: string | undefined): void {
    if (token !== undefined) this.#sessions.delete(hashOf(token));
  }
}

export function isCsrf(session: Session, given: unknown): boolean {
  if (typeof given !== 'string' || given.length !== session.csrf.length) return false;
  return timingSafeEqual(Buffer.from(given), Buffer.from(session.csrf));
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
