import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
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

  constructor(problem: Problem) {
    super(problem.code, problem.detail ?? problem.title);
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
