import type { z } from '@hono/zod-openapi';
import { ProblemError } from '../problem.ts';

/** What does not fit a route's schema: the first thing that is wrong, by its place. */
export function refuseForm(
  result: { readonly success: true } | { readonly success: false; readonly error: z.ZodError },
): void {
  if (result.success) return;
  const [issue] = result.error.issues;
  throw new ProblemError({
    status: 400,
    code: 'ERR_HTTP_FORM',
    title: 'the request is not of the right form',
    detail: `${issue?.path.map(String).join('.') || 'body'}: ${issue?.message.toLowerCase()}`,
  });
}
