import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { isLoopback, type PublisherConfig } from './config.ts';
import type { EnrolmentStore } from './domain/enrolment.ts';
import type { GateStore } from './domain/gate.ts';
import type { JournalStore } from './domain/journal.ts';
import type { KeyDeliveryStore } from './domain/keys.ts';
import { type OverviewStore, readOverview } from './domain/overview.ts';
import type { BundleFiles } from './domain/publication.ts';
import { ConsoleMetrics } from './metrics.ts';
import { Assets } from './routes/assets.ts';
import { Board } from './routes/board.ts';
import { bundleRoutes } from './routes/bundle.ts';
import { enrolmentRoutes } from './routes/enrolment.ts';
import { gateAuth } from './routes/gate-auth.ts';
import { healthRoutes } from './routes/health.ts';
import { journalRoutes } from './routes/journal.ts';
import { keyRoutes } from './routes/keys.ts';
import { liveRoutes } from './routes/live.ts';
import { notFoundPage } from './routes/not-found.tsx';
import { pageRoutes } from './routes/pages.tsx';
import { answerProblem, NOT_FOUND, ProblemError } from './routes/problem.ts';
import { viewsIn } from './views/view.ts';

export interface AppDeps {
  readonly gates: GateStore;
  readonly journal: JournalStore;
  readonly overview: OverviewStore;
  readonly enrolment: EnrolmentStore;
  readonly keys: KeyDeliveryStore;
  /** This console's id, 32 hex digits. */
  readonly consoleId: () => Promise<string>;
  readonly publishers: PublisherConfig | undefined;
  readonly random: (length: number) => Uint8Array;
  readonly bundles: BundleFiles;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly timeZone: string;
  readonly silentAfterMs: number;
  readonly version: string;
}

export interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly request: Hono['request'];
  /** Lets live pages and waiting gates go, so that the server can close. */
  close(): void;
}

export const MAX_LIVE_PAGES = 50;
const LIVE_MIN_INTERVAL_MS = 250;
const LIVE_MAX_INTERVAL_MS = 2000;

/** The whole console, without a socket: everything it touches of the outside is handed in. */
export function createApp(deps: AppDeps): App {
  const { log, now, bundles, gates, journal } = deps;
  const assets = new Assets();
  const views = viewsIn(deps.timeZone);
  const metrics = new ConsoleMetrics(deps.version);
  const read = () =>
    readOverview({ store: deps.overview, bundles, now, silentAfterMs: deps.silentAfterMs });
  const holdings = async () => {
    const [known, keys] = await Promise.all([deps.enrolment.records(), deps.keys.keys()]);
    return { now: now(), gates: known, keys };
  };
  const board = new Board({
    read,
    onError: (error) => log.error(describe(error), 'live page could not be read'),
    maxWatchers: MAX_LIVE_PAGES,
    minIntervalMs: LIVE_MIN_INTERVAL_MS,
    maxIntervalMs: LIVE_MAX_INTERVAL_MS,
  });

  const authentic = gateAuth({ gates, now });
  const app = new Hono()
    .use(async (c, next) => {
      await next();
      metrics.answered(c.res.status);
    })
    .use(headers)
    .use(async (c, next) => {
      // No accounts yet: a web page elsewhere must not reach us through a name of its own.
      if (!isLoopback(hostName(c))) throw new ProblemError(MISDIRECTED);
      await next();
    })
    .route('/', pageRoutes({ read, holdings, views, assets: assets.prefix }))
    .route('/', liveRoutes(board, views))
    .route(
      '/',
      journalRoutes({
        authentic,
        journal,
        now,
        onPlaced: (gateId, placement) => {
          metrics.placed(placement);
          const { outcome, sequence } = placement;
          if (outcome === 'conflict')
            log.warn({ gateId, sequence, at: placement.at }, 'journal conflict');
          board.changed();
        },
      }),
    )
    .route(
      '/',
      enrolmentRoutes({
        ...deps,
        onJudged: (outcome, gateId) => {
          metrics.enrolled(outcome);
          if (outcome === 'enrolled') log.info({ gateId }, 'gate enrolled');
          else log.warn({ reason: outcome }, 'enrolment refused');
          board.changed();
        },
      }),
    )
    .route(
      '/',
      keyRoutes({
        authentic,
        keys: deps.keys,
        now,
        onWord: (gateId, word) => {
          if (word !== 'fetched') log.info({ gateId, word }, 'word of a key');
        },
      }),
    )
    .route('/', bundleRoutes(bundles))
    .route('/', assets.routes())
    .route(
      '/',
      healthRoutes({
        ready: async () => {
          try {
            await deps.overview.gates();
            return true;
          } catch (error) {
            log.warn(describe(error), 'not ready');
            return false;
          }
        },
        metrics: async () => metrics.text(await read(), board.watchers),
      }),
    );

  app.notFound((c) =>
    c.req.header('accept')?.includes('text/html') && c.req.method === 'GET'
      ? notFoundPage(c, { views, assets: assets.prefix, now: now() })
      : answerProblem(c, NOT_FOUND),
  );
  app.onError((error, c) => {
    if (error instanceof ProblemError) return answerProblem(c, error.problem);
    log.error(describe(error), 'request failed');
    const code = error instanceof GateError ? error.code : 'ERR_DEFECT';
    const status = code === 'ERR_STORE_UNREACHABLE' ? 503 : 500;
    return answerProblem(c, { status, code, title: 'the console could not do this' });
  });
  const close = () => {
    board.close();
    bundles.latest.close();
  };
  return { fetch: app.fetch, request: app.request, close };
}

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
  // Plain HTTP on loopback: nothing to promise about TLS.
  strictTransportSecurity: false,
  permissionsPolicy: { camera: [], microphone: [], geolocation: [] },
});

const MISDIRECTED = {
  status: 421,
  code: 'ERR_HTTP_HOST',
  title: 'this console answers only to a loopback name',
} as const;

function hostName(c: Context): string {
  return new URL(c.req.url).hostname;
}

/** What a log may hold of an error: of one that is not ours where it arose, not its message. */
function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof GateError) return { code: error.code, error: error.message };
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return { error: error.name, at: frames.slice(0, 5).map((line) => line.trim()) };
}
