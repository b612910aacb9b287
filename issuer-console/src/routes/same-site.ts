import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { VisitorEnv } from './access.ts';
import { ProblemError } from './problem.ts';
import { isUploadType, MULTIPART_TYPE } from './upload.ts';

export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';
/** The name of the field, and of the header where a script sends JSON. */
export const FORM_TOKEN = 'form-token';

/**
 * Requests that change something come from pages of this very origin, with the token of their session. A
 * program's API key is sent by no browser by itself: it needs neither.
 */
export const sameSite = (ownOrigin: string | undefined): MiddlewareHandler<VisitorEnv> => {
  return async (c, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return next();
    const type = requireKnownType(c);
    if (c.get('actor')?.kind === 'api-key') return next();
    if (!isSameOrigin(c, ownOrigin)) throw new ProblemError(CROSS_SITE);
    const wanted = c.get('formToken');
    if (wanted !== undefined) {
      const isForm = type === FORM_TYPE || type === MULTIPART_TYPE;
      const given = isForm ? (await c.req.parseBody())[FORM_TOKEN] : undefined;
      if (!isToken(wanted, given ?? c.req.header(FORM_TOKEN))) throw new ProblemError(NO_TOKEN);
    }
    await next();
  };
};

/** A form of another type, or none, is what other sites can send without being asked. */
function requireKnownType(c: Context): string | undefined {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  const bodiless = type === undefined && c.req.header('content-length') === undefined;
  const form = type === FORM_TYPE && !c.req.path.startsWith('/api/');
  if (type === JSON_TYPE || form || isUploadType(c, type) || (bodiless && !c.req.raw.body))
    return type;
  throw new ProblemError({
    status: 415,
    code: 'ERR_HTTP_CONTENT_TYPE',
    title: `a body here is of type ${c.req.path.startsWith('/api/') ? JSON_TYPE : FORM_TYPE}`,
  });
}

function isSameOrigin(c: Context, ownOrigin: string | undefined): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return false;
  const origin = c.req.header('origin');
  if (origin === undefined) return site === 'same-origin';
  if (ownOrigin !== undefined && origin === ownOrigin) return true;
  return URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host;
}

function isToken(wanted: string, given: unknown): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(wanted), digest(given));
}

const CROSS_SITE = {
  status: 403,
  code: 'ERR_HTTP_CROSS_SITE',
  title: 'the request does not come from a page of this console',
} as const;

const NO_TOKEN = {
  status: 403,
  code: 'ERR_HTTP_FORM_TOKEN',
  title: 'the page is of another session: load it again',
} as const;
