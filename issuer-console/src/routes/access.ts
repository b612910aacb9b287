import type { Context, MiddlewareHandler } from 'hono';
import { type Actor, may, type Permission } from '../domain/permission.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { Session } from '../domain/session.ts';
import { type Problem, ProblemError } from './problem.ts';

/** What is known of whoever asks. */
export interface VisitorEnv {
  Variables: {
    language: string;
    /** By session or API key; undefined before the second factor. */
    actor: Actor | undefined;
    session: Session | undefined;
    /** What the session's forms carry. */
    formToken: string | undefined;
    /** Of the client, as far as it can be known. */
    address: string;
  };
}

/** A permission, or why everybody may. */
export type Access = Permission | 'known' | 'open' | 'half';

export interface AccessHandler extends MiddlewareHandler<VisitorEnv> {
  readonly access: Access;
}

/** Every route of pages and API begins with this: the table of permissions decides. */
export function allow(permission: Permission): AccessHandler {
  return tagged(permission, async (c, next) => {
    const actor = c.get('actor');
    if (!actor) throw new ProblemError(SIGN_IN);
    if (!may(actor, permission)) throw refused(actor, permission);
    await next();
  });
}

/** For whoever has an account or a key, whatever it may. */
export const known: AccessHandler = tagged('known', async (c, next) => {
  actorOn(c);
  await next();
});

/** For whoever comes, sign-in above all. */
export const open: AccessHandler = tagged('open', (_, next) => next());

/** For those whose second factor is still to come. */
export const half: AccessHandler = tagged('half', async (c, next) => {
  if (!c.get('session')?.half) throw new ProblemError(SIGN_IN);
  await next();
});

export function accessOf(handler: unknown): Access | undefined {
  return (handler as Partial<AccessHandler>).access;
}

/** The actor of a route that named a permission. */
export function actorOn(c: Context<VisitorEnv>): Actor {
  const actor = c.get('actor');
  if (!actor) throw new ProblemError(SIGN_IN);
  return actor;
}

/** The session of a route for people: API keys have no account. */
export function sessionOn(c: Context<VisitorEnv>): Session {
  const session = c.get('session');
  if (!session) throw new ProblemError(SIGN_IN);
  return session;
}

function refused(actor: Actor, permission: Permission): RefusedError {
  if (
    actor.kind === 'operator' &&
    actor.confined &&
    may({ ...actor, confined: false }, permission)
  ) {
    return new RefusedError('forbidden', 'ERR_ACCESS_CONFINED', CONFINED);
  }
  return new RefusedError('forbidden', 'ERR_ACCESS', `this needs the permission ${permission}`);
}

function tagged(access: Access, handler: MiddlewareHandler<VisitorEnv>): AccessHandler {
  return Object.assign(handler, { access });
}

const CONFINED = 'set a password of your own, and a second factor where one is asked for, first';

export const SIGN_IN: Problem = {
  status: 401,
  code: 'ERR_ACCESS_NOBODY',
  title: 'sign in first, or send an API key that is good',
};
