import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { VisitorEnv } from './access.ts';
import { clientAddress } from './client-address.ts';
import { language } from './live.ts';
import { bodyTooLarge, ProblemError } from './problem.ts';
import { holdsSeats, PAYMENTS_PATH, PUBLIC_PATHS } from './public-paths.ts';
import { RateLimit } from './rate-limit.ts';
import { KeyedRates, type RequestRates } from './request-rates.ts';
import { FORM_TOKEN, FORM_TYPE, JSON_TYPE } from './same-site.ts';

export interface PublicDeps {
  readonly origin: URL | undefined;
  readonly proxies: readonly string[];
  readonly rates: Pick<RequestRates, 'visitor' | 'visitors' | 'applying'>;
  readonly forms: VisitorForms;
  readonly now: () => number;
}

/** A statement with certificates and a captured card is the longest. */
export const MAX_PUBLIC_LENGTH = 64 * 1024;

/**
 * What stands before every page and route for people who have no account: no session and no key is looked at, so
 * that nobody has more rights here than anybody else.
 */
export const visitors = (deps: PublicDeps): Hono<VisitorEnv> => {
  const { proxies, rates, now, forms, origin } = deps;
  const stack: MiddlewareHandler<VisitorEnv>[] = [
    language,
    clientAddress(proxies),
    limitVisitors(rates, now),
    bodyLimit({ maxSize: MAX_PUBLIC_LENGTH, onError: bodyTooLarge(MAX_PUBLIC_LENGTH) }),
    quiet,
    ownForms(forms, origin?.origin),
  ];
  const app = new Hono<VisitorEnv>();
  for (const path of PUBLIC_PATHS) app.use(path, ...stack);
  return app;
};

/** A code stands in no address, and the pages that show one are kept by nobody. */
const quiet: MiddlewareHandler<VisitorEnv> = async (c, next) => {
  await next();
  c.header('cache-control', 'no-store');
};

function limitVisitors(
  { visitor, visitors: all, applying }: PublicDeps['rates'],
  now: () => number,
): MiddlewareHandler<VisitorEnv> {
  const rates = new KeyedRates(visitor, now);
  const held = new KeyedRates(applying, now);
  const together = new RateLimit({ ...all, now });
  return async (c, next) => {
    // First of the one address: whoever asks too much takes nothing from the others. Payments come from one.
    const { path, method } = c.req;
    const address = c.get('address');
    const own = path === PAYMENTS_PATH ? 0 : rates.take(address);
    const holds = own === 0 && method === 'POST' && holdsSeats(path) ? held.take(address) : 0;
    const waitS = own || holds || together.waitS;
    if (waitS > 0) {
      c.header('retry-after', String(waitS));
      throw new ProblemError(TOO_MANY);
    }
    together.take();
    await next();
  };
}

/** Forms of visitors carry that we made them, and until when they are good. There is no session to hold them to. */
export class VisitorForms {
  readonly #key: Uint8Array;
  readonly #now: () => number;

  constructor(key: Uint8Array, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  token(): string {
    const expires = (this.#now() + FORM_MS).toString(36);
    return `${expires}.${this.#mark(expires)}`;
  }

  isGood(token: unknown): boolean {
    if (typeof token !== 'string' || token.length > 100) return false;
    const [expires = '', mark = ''] = token.split('.');
    const wanted = Buffer.from(this.#mark(expires));
    const given = Buffer.from(mark);
    if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return false;
    return Number.parseInt(expires, 36) > this.#now();
  }

  #mark(expires: string): string {
    return createHmac('sha256', this.#key).update(`visitor form ${expires}`).digest('base64url');
  }
}

/** Somebody may take their time with a form. */
const FORM_MS = 12 * 3_600_000;

/** A form is of a page of ours; what is JSON comes of programs, which no browser sends by itself. */
function ownForms(
  forms: VisitorForms,
  ownOrigin: string | undefined,
): MiddlewareHandler<VisitorEnv> {
  return async (c, next) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return next();
    const wanted = c.req.path.startsWith('/api/') ? JSON_TYPE : FORM_TYPE;
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (type !== wanted) throw new ProblemError(otherType(wanted));
    if (wanted === FORM_TYPE) await requireOwn(c, forms, ownOrigin);
    return next();
  };
}

async function requireOwn(
  c: Context,
  forms: VisitorForms,
  ownOrigin: string | undefined,
): Promise<void> {
  if (!isOwnPage(c, ownOrigin)) throw new ProblemError(CROSS_SITE);
  if (!forms.isGood((await c.req.parseBody())[FORM_TOKEN])) throw new ProblemError(OLD_FORM);
}

/** Pages that send no referrer send their forms with the origin `null`: then it is the browser's other word. */
function isOwnPage(c: Context, ownOrigin: string | undefined): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = c.req.header('origin');
  if (origin === undefined || !URL.canParse(origin)) return false;
  return origin === ownOrigin || new URL(origin).host === new URL(c.req.url).host;
}

const otherType = (wanted: string) =>
  ({
    status: 415,
    code: 'ERR_HTTP_CONTENT_TYPE',
    title: `a body here is of type ${wanted}`,
  }) as const;

const TOO_MANY = {
  status: 429,
  code: 'ERR_HTTP_RATE',
  title: 'too many requests: wait, then try again',
} as const;

const CROSS_SITE = {
  status: 403,
  code: 'ERR_HTTP_CROSS_SITE',
  title: 'the request does not come from a page of this console',
} as const;

const OLD_FORM = {
  status: 403,
  code: 'ERR_HTTP_FORM_TOKEN',
  title: 'the page is too old: load it again',
} as const;
