import type { Context } from 'hono';
import type { RefusalKind, RefusedError } from '../../domain/refusal.ts';
import type { Language } from '../../views/language.ts';
import { RefusedPage } from '../../views/refused.tsx';
import type { VisitorEnv } from '../access.ts';
import { language } from '../live.ts';
import { answerProblem, type Problem } from '../problem.ts';
import { FORM_TYPE } from '../same-site.ts';
import { MULTIPART_TYPE } from '../upload.ts';
import { goTo, type PageDeps, viewOf } from './page.ts';

const STATUS: Readonly<Record<RefusalKind, 403 | 404 | 409 | 422 | 429>> = {
  unknown: 404,
  conflict: 409,
  invalid: 422,
  forbidden: 403,
  wait: 429,
};

export const statusOf = ({ kind }: RefusedError) => STATUS[kind];

export function problemOf({ kind, code, message }: RefusedError): Problem {
  return { status: STATUS[kind], code, title: message };
}

/** A person is led on; a program is told. */
export async function answerRefusal(
  c: Context<VisitorEnv>,
  error: RefusedError,
  page: PageDeps,
): Promise<Response> {
  if (error.waitS !== undefined) c.header('retry-after', String(error.waitS));
  if (isForm(c)) {
    // Its page says why, in the visitor's language.
    await ensureLanguage(c);
    c.header('cache-control', 'no-store');
    return c.redirect(
      `${pageOf(c.req.path, error.kind)}?lang=${c.get('language')}&refused=${error.code}`,
      303,
    );
  }
  if (!wantsPage(c)) return answerProblem(c, problemOf(error));
  if (error.code === 'ERR_ACCESS_CONFINED') return goTo(c, '/account');
  const view = viewOf(c, page.views);
  const { assets, now } = page;
  return c.html(
    <RefusedPage view={view} assets={assets} now={now()} code={error.code} />,
    STATUS[error.kind],
  );
}

/** Nobody is signed in, where a page was asked for. */
export async function leadToSignIn(c: Context<VisitorEnv>): Promise<Response> {
  await ensureLanguage(c);
  return goTo(c, c.get('session')?.half ? '/sign-in/code' : '/sign-in');
}

export function wantsPage(c: Context): boolean {
  const asks = c.req.header('accept')?.includes('text/html') ?? false;
  return isForm(c) || (asks && c.req.method === 'GET' && !c.req.path.startsWith('/api/'));
}

function isForm(c: Context): boolean {
  const type = c.req.header('content-type') ?? '';
  const known = type.startsWith(FORM_TYPE) || type.startsWith(MULTIPART_TYPE);
  return c.req.method === 'POST' && known;
}

/** The page that a form stands on. */
function pageOf(path: string, kind: RefusalKind): string {
  if (path === '/sign-in/code') return path;
  const compared = /^(\/gates\/[0-9a-f]{32})\/compare$/.exec(path);
  if (compared) return compared[1]!;
  const own = /^\/(?:events\/[0-9a-f]{32}\/purchases\/[^/]+|handovers\/[0-9a-f]{32})/.exec(path);
  if (own) return own[0];
  const list =
    /^(?:(\/publications\/[0-9a-f]{32})\/\w+|(\/events\/[0-9a-f]{32}\/publications)(?:\/rules)?)$/.exec(
      path,
    );
  if (list) return kind === 'unknown' ? '/events' : (list[1] ?? list[2])!;
  return `/${path.split('/')[1] ?? ''}`;
}

async function ensureLanguage(c: Context<VisitorEnv>): Promise<void> {
  if ((c.get('language') as Language | undefined) === undefined) await language(c, async () => {});
}
