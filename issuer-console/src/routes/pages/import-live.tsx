import { once } from 'node:events';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { PaceMeter } from '../../domain/import-pace.ts';
import { Scope } from '../../domain/permission.ts';
import { type ImportStore, requireImport } from '../../domain/purchase.ts';
import { watchImport } from '../../purchases/watch.ts';
import { ImportStanding, RejectsView } from '../../views/import.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { ProblemError } from '../problem.ts';
import { idOf, type PageDeps, viewOf } from './page.ts';

export interface ImportLiveDeps extends PageDeps {
  readonly imports: ImportStore;
}

export const REJECTS_SHOWN = 100;
const HEARTBEAT_MS = 15_000;
/** Then the browser asks again, and whether it still may is looked at. */
const LONGEST_MS = 120_000;
const RETRY_MS = 3000;
const MAX_WATCHERS = 50;

/** An import as it goes on: server-sent events, as those of the board. */
export const importLive = (deps: ImportLiveDeps) => {
  let watchers = 0;
  return new Hono<VisitorEnv>().get('/imports/:id/live', allow('purchase.read'), async (c) => {
    const scope = Scope.of(actorOn(c));
    const asked = await requireImport(deps.imports, scope, idOf(c));
    if (watchers >= MAX_WATCHERS) throw new ProblemError(FULL);
    const view = viewOf(c, deps.views);
    watchers++;
    return streamSSE(c, async (stream) => {
      const over = new AbortController();
      const longest = setTimeout(() => over.abort(), LONGEST_MS);
      stream.onAbort(() => over.abort());
      const beat = setInterval(() => {
        void stream.writeSSE({ event: 'alive', data: '' });
      }, HEARTBEAT_MS);
      try {
        await stream.writeSSE({ event: 'alive', data: '', retry: RETRY_MS });
        const meter = new PaceMeter(deps.now);
        for await (const found of watchImport(deps, scope, asked, over.signal)) {
          const standing = <ImportStanding view={view} found={found} pace={meter.see(found)} />;
          await stream.writeSSE({ event: 'standing', data: String(standing) });
          if (found.state === 'running') continue;
          const rejects = await deps.imports.rejects(found, { after: 0, limit: REJECTS_SHOWN });
          const shown = <RejectsView view={view} found={found} rejects={rejects} />;
          await stream.writeSSE({ event: 'rejects', data: String(shown) });
        }
        // Nothing more is to come; a line that ends would only be opened again.
        if (!over.signal.aborted) await once(over.signal, 'abort');
      } finally {
        clearTimeout(longest);
        clearInterval(beat);
        watchers--;
      }
    });
  });
};

const FULL = {
  status: 503,
  code: 'ERR_LIVE_FULL',
  title: 'too many pages are live at once',
} as const;
