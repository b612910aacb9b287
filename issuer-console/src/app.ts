import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { PublisherConfig } from './config.ts';
import { account } from './domain/account.ts';
import { apiKeys } from './domain/api-key.ts';
import type { Passkeys, Passwords, Seal, TotpCodes } from './domain/credential.ts';
import { directory } from './domain/directory.ts';
import { eventDesk } from './domain/event.ts';
import { office } from './domain/office.ts';
import { readOverview } from './domain/overview.ts';
import { may } from './domain/permission.ts';
import type { BundleFiles } from './domain/publication.ts';
import { RefusedError } from './domain/refusal.ts';
import { actorOf, SEEN_NOTED_MS, type SecondFactor } from './domain/session.ts';
import { type SignInDeps, signIn } from './domain/sign-in.ts';
import { SignInThrottle } from './domain/throttle.ts';
import { ConsoleMetrics } from './metrics.ts';
import { Importer } from './purchases/importer.ts';
import { type Access, accessOf, type VisitorEnv } from './routes/access.ts';
import { api } from './routes/api/document.ts';
import { Assets } from './routes/assets.ts';
import { Board } from './routes/board.ts';
import { gateFacing } from './routes/gate-facing.ts';
import { headers, loopbackOnly, ownNames } from './routes/headers.ts';
import { healthRoutes } from './routes/health.ts';
import { liveRoutes, type StillThere } from './routes/live.ts';
import { notFoundPage } from './routes/not-found.tsx';
import { accountPages } from './routes/pages/account.tsx';
import { apiKeyPages } from './routes/pages/api-keys.tsx';
import { auditPages } from './routes/pages/audit.tsx';
import { boardPages } from './routes/pages/board.tsx';
import { operatorPages, vendorPages } from './routes/pages/directory.tsx';
import { eventPages } from './routes/pages/events.tsx';
import { answerRefusal, leadToSignIn, wantsPage } from './routes/pages/refused.tsx';
import { signInPages } from './routes/pages/sign-in.tsx';
import { people } from './routes/people.ts';
import { answerProblem, MALFORMED, NOT_FOUND, ProblemError } from './routes/problem.ts';
import type { RequestRates } from './routes/request-rates.ts';
import { SessionCookie } from './routes/visitor.ts';
import type { Stores } from './store/stores.ts';
import { viewsIn } from './views/view.ts';

export interface AppDeps {
  readonly stores: Stores;
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
  /** Undefined where the console is reached by loopback names only. */
  readonly origin: URL | undefined;
  readonly proxies: readonly string[];
  readonly rates: RequestRates;
  readonly accounts: {
    readonly passwords: Passwords;
    readonly totp: TotpCodes;
    readonly seal: Seal | undefined;
    readonly passkeys: Passkeys | undefined;
    readonly secondFactor: SecondFactor;
  };
}

export interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly request: Hono['request'];
  /** Every route, and whom it is for: undefined for what gates and machines ask. */
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly access: Access | undefined;
  }[];
  /** Lets live pages and waiting gates go, so that the server can close. */
  close(): void;
  /** Imports that were under way have stopped: the database may be closed. */
  settled(): Promise<void>;
}

export const MAX_LIVE_PAGES = 50;
const LIVE_MIN_INTERVAL_MS = 250;
const LIVE_MAX_INTERVAL_MS = 2000;

/** The whole console, without a socket: everything it touches of the outside is handed in. */
export function createApp(deps: AppDeps): App {
  const { log, now, bundles, stores } = deps;
  const metrics = new ConsoleMetrics(deps.version);
  const assets = new Assets();
  const page = { views: viewsIn(deps.timeZone), assets: assets.prefix, now };
  const read = () =>
    readOverview({ store: stores.overview, bundles, now, silentAfterMs: deps.silentAfterMs });
  const board = new Board({
    read,
    onError: (error) => log.error(describe(error), 'live page could not be read'),
    maxWatchers: MAX_LIVE_PAGES,
    minIntervalMs: LIVE_MIN_INTERVAL_MS,
    maxIntervalMs: LIVE_MAX_INTERVAL_MS,
  });
  const changed = () => board.changed();
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
  // From here on for people and their programs; what stands above is not held up by them.
  const cookie = new SessionCookie(deps.origin?.protocol === 'https:');
  const { secondFactor } = deps.accounts;
  app.route('/', people({ ...stores, ...deps, secondFactor, cookie }));
  app.route('/', liveRoutes(board, page.views, stillThere(deps)));
  const importer = new Importer({ ...deps, ...stores, seal: deps.accounts.seal });
  const parts = { ...apiDeps(deps), importer };
  app.route('/', pages(deps, { page, cookie, read, parts }));
  app.route('/', api(parts));
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
    bundles.latest.close();
  };
  const settled = () => importer.close();
  return { fetch: app.fetch, request: app.request, routes: routesOf(app), close, settled };
}

interface PageParts {
  readonly page: {
    readonly views: ReturnType<typeof viewsIn>;
    readonly assets: string;
    readonly now: () => number;
  };
  readonly cookie: SessionCookie;
  readonly read: () => ReturnType<typeof readOverview>;
  readonly parts: ReturnType<typeof apiDeps> & { readonly importer: Importer };
}

function pages(deps: AppDeps, { page, cookie, read, parts }: PageParts): Hono<VisitorEnv> {
  const { now, stores, accounts } = deps;
  const signInDeps: SignInDeps = {
    ...stores,
    ...accounts,
    throttle: new SignInThrottle(now),
    now,
    random: deps.random,
  };
  const canPasskey = accounts.passkeys !== undefined;
  const canTotp = accounts.seal !== undefined;
  const { secondFactor } = accounts;
  const own = { ...page, cookie, canPasskey, canTotp, secondFactor };
  const holdings = async () => {
    const [gates, keys] = await Promise.all([stores.enrolment.records(), stores.keys.keys()]);
    return { now: now(), gates, keys };
  };
  const app = new Hono<VisitorEnv>();
  const shared = { ...page, ...parts };
  app.route('/', boardPages({ ...shared, read, holdings }));
  app.route('/', signInPages({ ...own, signIn: signIn(signInDeps) }));
  app.route('/', accountPages({ ...own, account: account(signInDeps) }));
  app.route('/', vendorPages(shared));
  app.route('/', operatorPages(shared));
  app.route('/', apiKeyPages({ ...shared, keysOffice: shared.keys }));
  app.route('/', eventPages(shared));
  app.route('/', auditPages(shared));
  return app;
}

function apiDeps(deps: AppDeps) {
  const { stores, publishers, accounts } = deps;
  return {
    ...deps,
    ...stores,
    directory: directory({ ...deps, ...stores, passwords: accounts.passwords }),
    desk: eventDesk({ ...deps, ...stores, seal: accounts.seal }),
    keys: apiKeys({ ...deps, ...stores, keys: stores.apiKeys }),
    officeOf: (by: Parameters<typeof office>[0]['by']) =>
      office({ ...deps, ...stores, by, hasPublishers: publishers !== undefined }),
  };
}

function stillThere({ stores: { sessions }, accounts, now }: AppDeps): StillThere {
  return async ({ hash }) => {
    const at = now();
    const session = await sessions.find(hash, at);
    if (!session || !may(actorOf(session, accounts.secondFactor), 'board.read')) return false;
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

function answerDefect(c: Context, error: Error, log: AppDeps['log']): Response {
  log.error(describe(error), 'request failed');
  const code: ErrorCode = error instanceof GateError ? error.code : 'ERR_DEFECT';
  const status = code === 'ERR_STORE_UNREACHABLE' ? 503 : 500;
  return answerProblem(c, { status, code, title: 'the console could not do this' });
}

/** What a log may hold of an error: of one that is not ours where it arose, not its message. */
function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof GateError) return { code: error.code, error: error.message };
  if (!(error instanceof Error)) return { error: typeof error };
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return { error: error.name, at: frames.slice(0, 5).map((line) => line.trim()) };
}
