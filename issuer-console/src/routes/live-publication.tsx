import { setTimeout as pause } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { Scope } from '../domain/permission.ts';
import type { PublicationDesk } from '../domain/publication-desk.ts';
import { reviewParts } from '../views/list-review.tsx';
import { actorOn, allow, type VisitorEnv } from './access.ts';
import { HEARTBEAT_MS, RETRY_MS, STALLED_MS, type StillThere, watched } from './live.ts';
import { idOf, type PageDeps, viewOf } from './pages/page.ts';
import { actsOf, type ReviewDeps, reviewOf } from './pages/publications.tsx';
import { ProblemError } from './problem.ts';

export interface LivePublicationDeps extends PageDeps, ReviewDeps {
  readonly stillThere: StillThere;
}

export const MAX_LIVE_LISTS = 50;
/** However much happens, no page is drawn more often. */
const MIN_INTERVAL_MS = 250;

/** Server-sent events of one list's page, as those of the board. */
export const livePublication = (deps: LivePublicationDeps) => {
  const open = new Set<AbortController>();
  const close = () => {
    for (const one of open) one.abort();
  };
  const routes = new Hono<VisitorEnv>().get(
    '/publications/:id/live',
    allow('list.read'),
    async (c) => {
      if (open.size >= MAX_LIVE_LISTS) throw full();
      const parts = partsOf(c, deps);
      // What is not there, or of another vendor, is told before anything is sent.
      await parts();
      c.header('cache-control', 'no-store');
      const holds = watched(c.get('session'), deps.stillThere);
      const over = new AbortController();
      open.add(over);
      return streamSSE(c, async (stream) => {
        stream.onAbort(() => over.abort());
        try {
          await send(stream, { parts, holds, over, desk: deps.publicationDesk });
        } finally {
          open.delete(over);
        }
      });
    },
  );
  return { routes, close };
};

function partsOf(c: Context<VisitorEnv>, deps: LivePublicationDeps) {
  const scope = Scope.of(actorOn(c));
  const [id, acts, view] = [idOf(c), actsOf(c), viewOf(c, deps.views)];
  return async () =>
    reviewParts({ view, acts, ...(await reviewOf(deps, scope, { id, after: 0 })) });
}

interface Sending {
  readonly parts: () => Promise<ReadonlyMap<string, string>>;
  readonly holds: () => Promise<boolean>;
  readonly over: AbortController;
  readonly desk: PublicationDesk;
}

async function send(
  stream: SSEStreamingApi,
  { parts, holds, over: { signal }, desk }: Sending,
): Promise<void> {
  const shown = new Map<string, string>();
  let retry: number | undefined = RETRY_MS;
  while (!signal.aborted && (await holds())) {
    const next = desk.next(AbortSignal.any([signal, AbortSignal.timeout(HEARTBEAT_MS)]));
    const changed = [...(await parts())].filter(([id, html]) => shown.get(id) !== html);
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
    await next;
    await pause(MIN_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}

const full = () =>
  new ProblemError({
    status: 503,
    code: 'ERR_LIVE_FULL',
    title: 'too many pages are live at once',
  });
