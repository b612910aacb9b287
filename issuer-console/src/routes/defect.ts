import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Context } from 'hono';
import { answerProblem, INCOMPLETE } from './problem.ts';

export function answerDefect(c: Context, error: Error, log: Pick<Logger, 'error'>): Response {
  // What Node throws where a body is read whose sender is gone.
  if ('code' in error && error.code === 'ECONNRESET') return answerProblem(c, INCOMPLETE);
  log.error(describe(error), 'request failed');
  const code: ErrorCode = error instanceof GateError ? error.code : 'ERR_DEFECT';
  const status = code === 'ERR_STORE_UNREACHABLE' ? 503 : 500;
  return answerProblem(c, { status, code, title: 'the console could not do this' });
}

/** What a log may hold of an error: of one that is not ours where it arose, not its message. */
export function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof GateError) return { code: error.code, error: error.message };
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return { error: error.name, at: frames.slice(0, 5).map((line) => line.trim()) };
}
