import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import { DrizzleQueryError } from 'drizzle-orm';

/** The store could not do what was asked. Says what and which SQLSTATE, never with which values. */
export class StoreError extends GateError {}

/**
 * Runs one piece of database work. What the driver and drizzle throw holds the parameters of the query
 * (in messages, details and properties), so it ends here: no `cause` is kept on purpose.
 */
export async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GateError || isDefect(error)) throw error;
    const origin = error instanceof DrizzleQueryError ? error.cause : error;
    const { code } = (origin ?? {}) as { code?: unknown };
    const known = typeof code === 'string' && /^[0-9A-Z_]{5,24}$/.test(code);
    const unreachable = known && (/^E[A-Z]/.test(code) || /^(08|57P)/.test(code));
    const failure: ErrorCode = unreachable ? 'ERR_STORE_UNREACHABLE' : 'ERR_STORE_QUERY';
    const why = known ? [SQLSTATE_WORDS[code], code].filter(Boolean).join(', ') : GAVE_UP;
    throw new StoreError(failure, `${what}: ${why}`);
  }
}

const GAVE_UP = 'the database driver gave up';
const SQLSTATE_WORDS: Readonly<Record<string, string>> = {
  '28000': 'the server refused this user',
  '28P01': 'the server refused this user or password',
  '3D000': 'there is no such database',
  '42501': 'permission denied',
  '53100': 'the disk of the database is full',
};

/** Ours, not the driver's: thrown as it is, with its stack. */
function isDefect(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}
