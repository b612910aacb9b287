import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { type AppDeps, type Desks, desksOf } from './desks.ts';
import { readOverview } from './domain/overview.ts';
import { may, type Permission } from './domain/permission.ts';
import { RefusedError } from './domain/refusal.ts';
import { actorOf, SEEN_NOTED_MS } from './domain/session.ts';
import { ConsoleMetrics } from './metrics.ts';
import { type Access, accessOf, type VisitorEnv } from './routes/access.ts';
import { api } from './routes/api/document.ts';
import { publicApi } from './routes/api/public.ts';
import { publicPartyApi } from './routes/api/public-parties.ts';
import { publicShopApi } from './routes/api/public-shop.ts';
import { Assets } from './routes/assets.ts';
import { Board } from './routes/board.ts';
import { answerDefect, describe } from './routes/defect.ts';
import { gateFacing } from './routes/gate-facing.ts';
import { headers, loopbackOnly, ownNames } from './routes/headers.ts';
import { healthRoutes } from './routes/health.ts';
import { liveRoutes, type StillThere } from './routes/live.ts';
import { livePublication } from './routes/live-publication.tsx';
import { notFoundPage } from './routes/not-found.tsx';
import { pages } from './routes/pages/all.ts';
import { applyPages } from './routes/pages/apply.tsx';
import { answerRefusal, leadToSignIn, wantsPage } from './routes/pages/refused.tsx';
import { visitorHandovers } from './routes/pages/visitor-handovers.tsx';
import { people } from './routes/people.ts';
import { answerProblem, MALFORMED, NOT_FOUND, ProblemError } from './routes/problem.ts';
import { VisitorForms, visitors } from './routes/public.ts';
import { SessionCookie } from './routes/visitor.ts';
import { sharedRead } from './shared-read.ts';
import { viewsIn } from './views/view.ts';

export interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly request: Hono['request'];
  /** Every route, and whom it is for: undefined for what gates and machines ask. */
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly access: Access | undefined;
  }[];
  /** What pages and API act by. */
  readonly desks: Desks;
  /** Begins what goes on by itself. */
  start(): void;
  /** Lets live pages and waiting gates go, so that the server can close. */
  close(): void;
  /** What was under way has stopped: the database may be closed. */
  settled(): Promise<void>;
}

export const MAX_LIVE_PAGES = 50;
const LIVE_MIN_INTERVAL_MS = 250;
const LIVE_MAX_INTERVAL_MS = 2000;

/** The whole console, without a socket: everything it touches of the outside is handed in. */
export function createApp(deps: AppDeps): App {
  const { log, now, bundles, eventBundles, stores } = deps;
  const metrics = new ConsoleMetrics(deps.version);
  const assets = new Assets();
  const page = { views: viewsIn(deps.timeZone), assets: assets.prefix, now };
  const read = sharedRead(() =>
    readOverview({
      ...stores,
      ...deps,
      store: stores.overview,
      keyWatch: desks.keyDesk.watch,
    }),
  );
  const board = new Board({
    read,
    onError: (error) => log.error(describe(error), 'live page could not be read'),
    maxWatchers: MAX_LIVE_PAGES,
    minIntervalMs: LIVE_MIN_INTERVAL_MS,
    maxIntervalMs: LIVE_MAX_INTERVAL_MS,
  });
  const desks = desksOf(deps, {
    metrics,
    onChange: () => board.changed(),
    onError: (error) => log.error(describe(error), 'schedule'),
  });
  const changed = () => {
    board.changed();
    desks.conductor.gateTold();
  };
  const ready = async () => {
    try {
      await stores.overview.gates();
      return true;
    } catch (error) {
      log.warn(describe(error), 'not ready');
      return false;
    }
  };
  const text = async () => metrics.text(await read(), board.watchers);

  const app = new Hono<VisitorEnv>();
  app.use(async (c, next) => {
    await next();
    metrics.answered(c.res.status);
  });
  app.use(headers(deps.origin), ownNames(deps.origin));
  app.route('/', gateFacing({ ...deps, ...stores, metrics, changed }));
  app.route('/', assets.routes());
  app.use('/metrics', loopbackOnly());
  app.route('/', healthRoutes({ ready, metrics: text }));
  // For people without an account, and the programs that hold their cards to a reader.
  const forms = new VisitorForms(deps.random(32), now);
  app.route('/', visitors({ ...deps, forms }));
  const forVisitors = publicApi(desks)
    .route('/', publicShopApi(desks))
    .route('/', publicPartyApi(desks));
  app.route('/', forVisitors);
  app.route('/', applyPages({ ...page, ...desks, forms }));
  app.route('/', visitorHandovers({ ...page, ...desks, forms }));
  // From here on for people and their programs; what stands above is not held up by them.
  const cookie = new SessionCookie(deps.origin?.protocol === 'https:');
  const { secondFactor } = deps.accounts;
  app.route('/', people({ ...stores, ...deps, secondFactor, cookie }));
  app.route('/', liveRoutes(board, page.views, stillThere(deps, 'board.read')));
  app.route('/', pages({ page, cookie, read, desks }));
  const stillReads = stillThere(deps, 'list.read');
  const liveLists = livePublication({ ...page, ...desks, stillThere: stillReads });
  app.route('/', liveLists.routes);
  app.route('/', api(desks, forVisitors));
  app.notFound((c) => (wantsPage(c) ? notFoundPage(c, page) : answerProblem(c, NOT_FOUND)));
  app.onError((error, c) => {
    if (error instanceof RefusedError) return answerRefusal(c, error, page);
    // What the framework refuses, above all a body that is not JSON.
    if (error instanceof HTTPException) return answerProblem(c, MALFORMED);
    if (!(error instanceof ProblemError)) return answerDefect(c, error, log);
    const signInFirst = error.problem.code === 'ERR_ACCESS_NOBODY' && wantsPage(c);
    return signInFirst ? leadToSignIn(c) : answerProblem(c, error.problem);
  });
  const close = () => {
    board.close();
    liveLists.close();
    for (const { latest } of [bundles, ...eventBundles.map(({ files }) => files)]) latest.close();
  };
  const settled = async () => {
    const { importer, dispatcher, conductor, scheduler, expiry } = desks;
    const all = [importer, dispatcher, conductor, scheduler, expiry];
    await Promise.all(all.map((one) => one.close()));
  };
  const start = () => {
    desks.dispatcher.start();
    desks.conductor.start();
    desks.expiry.start();
    desks.scheduler.start();
  };
  const { fetch, request } = app;
  return { fetch, request, routes: routesOf(app), desks, start, close, settled };
}

function stillThere(
  { stores: { sessions }, accounts, now }: AppDeps,
  permission: Permission,
): StillThere {
  return async ({ hash }) => {
    const at = now();
    const session = await sessions.find(hash, at);
    if (!session || !may(actorOf(session, accounts.secondFactor), permission)) return false;
    if (at - session.seenAt >= SEEN_NOTED_MS) await sessions.note(hash, at);
    return true;
  };
}

function routesOf(app: Hono<VisitorEnv>): App['routes'] {
  const found = new Map<string, { method: string; path: string; access: Access | undefined }>();
  for (const { method, path, handler } of app.routes) {
    if (method === 'ALL') continue;
    const key = `${method} ${path}`;
    const access = found.get(key)?.access ?? accessOf(handler);
    found.set(key, { method, path, access });
  }
  return [...found.values()];
}
