import { z } from '@hono/zod-openapi';
import { KEY_SCOPES, type Permission, ROLES } from '../../domain/permission.ts';
import { allow, known } from '../access.ts';

/** RFC 9457; `code` is ours and stable. */
const Problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string().openapi({ example: 'ERR_EDIT_CONFLICT' }),
  })
  .openapi('Problem');

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});

/** What any route may answer instead. */
export const PROBLEMS = {
  400: problem('not of the right form'),
  401: problem('nobody is signed in, or the API key is not good'),
  403: problem('not allowed, or not sent by a page of this console'),
  404: problem('not there, or of another vendor'),
  408: problem('the body did not come to its end in time'),
  409: problem('it was changed meanwhile, or does not go together with what is there'),
  413: problem('the body is too large'),
  415: problem('the body is of another type'),
  422: problem('of the right form, and not acceptable'),
  429: problem('too many requests: wait as `retry-after` says'),
  500: problem('a defect'),
  503: problem('the database cannot be reached'),
} as const;

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true as const, content: { 'application/json': { schema } } },
});

const BY_SESSION: Record<string, string[]>[] = [{ session: [] }];
const BY_BOTH: Record<string, string[]>[] = [{ apiKey: [] }, ...BY_SESSION];

/** Who may call a route: enforced by the middleware, and told in the document. */
export const access = (permission: Permission) => ({
  middleware: allow(permission),
  security: KEY_SCOPES.includes(permission) ? BY_BOTH : BY_SESSION,
  'x-permission': permission,
});

/** Whoever has an account or a key. */
export const accessOfAll = { middleware: known, security: BY_BOTH };

/** 32 hex digits. */
export const Id = z.string().regex(/^[0-9a-f]{32}$/);
export const IdParam = z.object({ id: Id });
export const Moment = z.iso.datetime().openapi({ description: 'UTC' });
export const RoleName = z.enum(ROLES);
export const ScopeName = z.enum(KEY_SCOPES as [Permission, ...Permission[]]);
/** The revision that was seen: 409 where there is a later one. */
export const Revision = z.int().min(1).max(2_147_483_647);

export const moment = (at: number) => new Date(at).toISOString();
export const momentOf = (at: number | undefined) => (at === undefined ? undefined : moment(at));
