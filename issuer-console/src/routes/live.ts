import { Hono } from 'hono';
import { languageDetector } from 'hono/language';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Overview } from '../domain/overview.ts';
import type { Session } from '../domain/session.ts';
import { LANGUAGES, type Language } from '../views/language.ts';
import { overviewParts } from '../views/overview.tsx';
import type { Views } from '../views/view.ts';
import { allow, type VisitorEnv } from './access.ts';
import type { Board, Watcher } from './board.ts';
import { ProblemError } from './problem.ts';

/** Keeps proxies from closing the line, and finds out that a client is gone. */
export const HEARTBEAT_MS = 15_000;
/** How long a client may take to read what it was sent. */
export const STALLED_MS = 30_000;
export const RETRY_MS = 3000;

/** `?lang=`, then what the browser prefers, then Japanese. No cookie. */
export const language = languageDetector({
  order: ['querystring', 'header'],
  caches: false,
  supportedLanguages: [...LANGUAGES],
  fallbackLanguage: 'ja' satisfies Language,
});

/** Whether a session holds still. An open live page is somebody who looks: it counts as a request. */
export type StillThere = (session: Session) => Promise<boolean>;

/** Server-sent events: the parts of the page that changed, as HTML, named by their element's id. */
export const liveRoutes = (board: Board, views: Views, stillThere: StillThere) => {
  const parts = renderOnce(views);
  return new Hono<VisitorEnv>().get('/live', allow('board.read'), (c) => {
    const watcher = board.watch();
    if (!watcher) {
      throw new ProblemError({
        status: 503,
        code: 'ERR_LIVE_FULL',
        title: 'too many pages are live at once',
      });
    }
    c.header('cache-control', 'no-store');
    const spoken = c.get('language') as Language;
    const session = c.get('session');
    const holds = watched(session, stillThere);
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => watcher.leave());
      try {
        await send(stream, watcher, { render: (overview) => parts(spoken, overview), holds });
      } finally {
        watcher.leave();
      }
    });
  });
};

interface Sending {
  readonly render: (overview: Overview) => ReadonlyMap<string, string>;
  readonly holds: () => Promise<boolean>;
}

/** Asks the database now and then, however much happens. */
export function watched(
  session: Session | undefined,
  stillThere: StillThere,
): () => Promise<boolean> {
  let askedAt = performance.now();
  return async () => {
    if (session === undefined || performance.now() - askedAt < HEARTBEAT_MS) return true;
    askedAt = performance.now();
    return stillThere(session);
  };
}

async function send(
  stream: SSEStreamingApi,
  watcher: Watcher,
  { render, holds }: Sending,
): Promise<void> {
  const shown = new Map<string, string>();
  let retry: number | undefined = RETRY_MS;
  while (!stream.aborted && !watcher.closed) {
    const overview = await watcher.next(HEARTBEAT_MS);
    if (stream.aborted || watcher.closed || !(await holds())) return;
    const changed = overview
      ? [...render(overview)].filter(([id, html]) => shown.get(id) !== html)
      : [];
    const stalled = setTimeout(() => stream.abort(), STALLED_MS);
    for (const [id, html] of changed) {
      await stream.writeSSE({ event: id, data: html });
      shown.set(id, html);
    }
    if (changed.length === 0 || retry !== undefined) {
      await stream.writeSSE({ event: 'alive', data: '', ...(retry && { retry }) });
    }
    retry = undefined;
    clearTimeout(stalled);
  }
}

/** All who watch in one language are sent the same octets: rendered once an overview. */
function renderOnce(views: Views) {
  const rendered = new WeakMap<Overview, Map<Language, ReadonlyMap<string, string>>>();
  return (spoken: Language, overview: Overview): ReadonlyMap<string, string> => {
    const byLanguage = rendered.get(overview) ?? new Map<Language, ReadonlyMap<string, string>>();
    rendered.set(overview, byLanguage);
    const known = byLanguage.get(spoken) ?? overviewParts(views[spoken], overview);
    byLanguage.set(spoken, known);
    return known;
  };
}
