import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type ApiKeyStore, parseApiKey } from '../domain/api-key.ts';
import type { Actor } from '../domain/permission.ts';
import {
  actorOf,
  formTokenOf,
  hashSessionToken,
  SEEN_NOTED_MS,
  type SecondFactor,
  type SessionStore,
} from '../domain/session.ts';
import { SIGN_IN, type VisitorEnv } from './access.ts';
import { ProblemError } from './problem.ts';

export interface VisitorDeps {
  readonly sessions: SessionStore;
  readonly apiKeys: ApiKeyStore;
  readonly secondFactor: SecondFactor;
  readonly cookie: SessionCookie;
  readonly now: () => number;
}

/** A browser gives it back to this very origin and to nobody else, and no script sees it. */
export class SessionCookie {
  readonly #name: string;
  readonly #secure: boolean;

  constructor(secure: boolean) {
    this.#secure = secure;
    // The prefix makes browsers refuse one that another host or a plain connection sets.
    this.#name = secure ? '__Host-session' : 'session';
  }

  read(c: Context): string | undefined {
    const token = getCookie(c, this.#name);
    return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
  }

  write(c: Context, token: string): void {
    setCookie(c, this.#name, token, this.#options);
  }

  clear(c: Context): void {
    setCookie(c, this.#name, '', { ...this.#options, maxAge: 0 });
  }

  get #options() {
    return { httpOnly: true, secure: this.#secure, sameSite: 'Strict', path: '/' } as const;
  }
}

/** Finds out who asks. Nobody is let in by this: that is for the permission that each route names. */
export const visitor = (deps: VisitorDeps): MiddlewareHandler<VisitorEnv> => {
  return async (c, next) => {
    const authorization = c.req.header('authorization');
    if (authorization !== undefined) c.set('actor', await byKey(deps, authorization));
    else await bySession(deps, c);
    await next();
  };
};

async function byKey({ apiKeys, now }: VisitorDeps, authorization: string): Promise<Actor> {
  const hash = parseApiKey(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '');
  const key = hash && (await apiKeys.use(hash, now()));
  if (!key) throw new ProblemError(SIGN_IN);
  const { id, vendorId, scopes } = key;
  return { kind: 'api-key', id, vendorId, scopes };
}

async function bySession(deps: VisitorDeps, c: Context<VisitorEnv>): Promise<void> {
  const { sessions, secondFactor, cookie } = deps;
  const token = cookie.read(c);
  if (token === undefined) return;
  const now = deps.now();
  const session = await sessions.find(hashSessionToken(token), now);
  if (!session) return;
  if (now - session.seenAt >= SEEN_NOTED_MS) await sessions.note(session.hash, now);
  c.set('session', session);
  c.set('formToken', formTokenOf(token));
  if (!session.half) c.set('actor', actorOf(session, secondFactor));
}
