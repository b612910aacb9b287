import {
  type ErrorCode,
  type ErrorDetails,
  FormatError,
  GateError,
} from '@pinless-gate/protocol/errors';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** What an API says when it does not do what was asked (RFC 9457); `code` is ours and stable. */
export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly code: ErrorCode;
  readonly title: string;
  readonly detail?: string | undefined;
  /** Members beyond the standard's. */
  readonly more?: Readonly<Record<string, string | number>>;
}

/** Thrown by routes; turned into an answer by `createApp`. */
export class ProblemError extends GateError {
  readonly problem: Problem;

  constructor(problem: Problem, details: ErrorDetails = {}) {
    super(problem.code, problem.detail ?? problem.title, details);
    this.problem = problem;
  }
}

export function answerProblem(
  c: Context,
  { status, code, title, detail, more }: Problem,
): Response {
  return c.body(
    JSON.stringify({ type: 'about:blank', title, status, detail, code, ...more }),
    status,
    {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    },
  );
}

export const NOT_FOUND: Problem = {
  status: 404,
  code: 'ERR_HTTP_NOT_FOUND',
  title: 'there is nothing here',
};

export const MALFORMED: Problem = {
  status: 400,
  code: 'ERR_HTTP_FORM',
  title: 'the request is not of the right form',
};

/** Of a body whose connection broke off. */
export const INCOMPLETE: Problem = {
  status: 408,
  code: 'ERR_HTTP_INCOMPLETE',
  title: 'the body did not come to its end: send it again',
};

/** The JSON of a body; anything else is the sender's 400. */
export async function jsonOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ProblemError(MALFORMED);
  }
}

/** What `read` gives; octets that are not what the format says are the sender's 400. */
export function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const cause = error.cause instanceof FormatError ? `: ${error.cause.message}` : '';
    throw new ProblemError({
      status: 400,
      code: error.code,
      title: 'the request is not of the right form',
      detail: `${error.message}${cause}`,
    });
  }
}

export function requireType(c: Context, wanted: string): void {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type === wanted) return;
  throw new ProblemError({
    status: 415,
    code: 'ERR_HTTP_CONTENT_TYPE',
    title: `a body here is of type ${wanted}`,
  });
}

export const bodyTooLarge = (most: number) => (): never => {
  throw new ProblemError({
    status: 413,
    code: 'ERR_HTTP_TOO_LARGE',
    title: `a body here has at most ${most} octets`,
  });
};
