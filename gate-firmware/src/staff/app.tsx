import { readFile } from 'node:fs/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Operator } from '@pinless-gate/protocol/journal/act';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import { fontFile, type StaticFile, staticFile } from '../display/files.ts';
import type { Acts } from './acts.ts';
import type { Board } from './board.ts';
import type { Operators } from './operators.ts';
import { type Done, orderSchema } from './order.ts';
import { BoardPage } from './page.tsx';
import { isCsrf, type Session, type Sessions } from './sessions.ts';
import { SignInPage } from './shell.tsx';
import { type StaffLanguage, WORDS } from './words.ts';

export interface StaffAppOptions {
  readonly board: Board;
  readonly acts: Acts;
  readonly operators: Operators;
  readonly sessions: Sessions;
  readonly proofs: readonly string[];
}

const COOKIE = 'staff';
const LANGUAGE = 'staff-language';
const MAX_BODY = 16_384;
const CODE = /^[A-Z]\d-\d{2}$/;

const orderBody = z.strictObject({ operator: z.string(), pin: z.string(), order: orderSchema });

/** The staff page and the door of `gate staff`: `GET /staff`, and all else under it. No script runs in it. */
export function createStaffApp(options: StaffAppOptions): Hono {
  const { acts, operators, sessions } = options;
  const app = new Hono();
  app.use(headers);
  app.use(bodyLimit({ maxSize: MAX_BODY }));

  app.get('/staff', (c) => showBoard(c, options));

  app.post('/staff/sign-in', async (c) => {
    const { operator, pin } = await c.req.parseBody();
    try {
      const { id } = await operators.signIn(String(operator), String(pin));
      sessions.close(getCookie(c, COOKIE));
      setCookie(c, COOKIE, sessions.open(id), COOKIE_OPTIONS);
      return c.redirect('/staff', 303);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      return c.html(page(<SignInPage language={language(c)} problem={line(error)} />), 403);
    }
  });

  app.post('/staff/sign-out', async (c) => {
    const signedIn = await signedInBy(c, options);
    if (signedIn && isCsrf(signedIn.session, (await c.req.parseBody()).csrf)) {
      sessions.close(getCookie(c, COOKIE));
      deleteCookie(c, COOKIE, COOKIE_OPTIONS);
    }
    return c.redirect('/staff', 303);
  });

  app.post('/staff/act', async (c) => {
    const signedIn = await signedInBy(c, options);
    const { csrf, ...fields } = await c.req.parseBody();
    if (!signedIn || !isCsrf(signedIn.session, csrf)) return c.redirect('/staff', 303);
    signedIn.session.notice = perform(options, signedIn.operator, fields, language(c));
    return c.redirect('/staff', 303);
  });

  app.post('/staff/api/act', async (c) => {
    // A page from elsewhere cannot send JSON here without asking first; and it does not know the PIN.
    if (c.req.header('content-type') !== 'application/json') return c.text('not JSON', 415);
    const body = orderBody.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) return c.json({ code: 'ERR_STAFF_ORDER', message: issue(body.error) }, 400);
    const { operator, pin, order } = body.data;
    try {
      return c.json(acts.perform(await operators.signIn(operator, pin), order));
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      const { code, message, hint } = error;
      return c.json({ code, message, hint }, 403);
    }
  });

  app.get('/staff/assets/staff.css', async () =>
    send({ type: 'text/css; charset=utf-8', content: new Uint8Array(await readFile(STYLE)) }),
  );
  app.get('/staff/assets/:name', async (c) => send(await staticFile(c.req.param('name'))));
  app.get('/staff/assets/files/:name', async (c) => send(await fontFile(c.req.param('name'))));
  return app;
}

/** Lies with the sources, whether these modules run from `src/` or from `dist/`. */
const STYLE = new URL('../../src/staff/assets/staff.css', import.meta.url);

const COOKIE_OPTIONS = { httpOnly: true, sameSite: 'Strict', path: '/staff' } as const;

/** Everything from this server, no scripts, forms only to it. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  strictTransportSecurity: false,
});

async function showBoard(c: Context, options: StaffAppOptions): Promise<Response> {
  const chosen = c.req.query('lang');
  if (chosen === 'ja' || chosen === 'en') setCookie(c, LANGUAGE, chosen, COOKIE_OPTIONS);
  const spoken = chosen === 'ja' || chosen === 'en' ? chosen : language(c);
  c.header('cache-control', 'no-store');
  const signedIn = await signedInBy(c, options);
  if (!signedIn) return c.html(page(<SignInPage language={spoken} />));
  const { board, proofs } = options;
  const code = c.req.query('code')?.trim().toUpperCase();
  const search = code !== undefined && CODE.test(code) && { code, found: board.search(code) };
  const shown = (
    <BoardPage
      {...signedIn}
      language={spoken}
      board={board.view()}
      proofs={proofs}
      search={search || undefined}
    />
  );
  const html = page(shown);
  signedIn.session.notice = undefined;
  return c.html(html);
}

interface SignedIn {
  readonly session: Session;
  readonly operator: Operator;
}

async function signedInBy(
  c: Context,
  { sessions, operators }: StaffAppOptions,
): Promise<SignedIn | undefined> {
  const token = getCookie(c, COOKIE);
  const session = sessions.find(token);
  if (!session) return undefined;
  const operator = await operators.current(session.operatorId);
  if (!operator) sessions.close(token);
  return operator && { session, operator };
}

function perform(
  { acts }: StaffAppOptions,
  operator: Operator,
  fields: Record<string, unknown>,
  spoken: StaffLanguage,
): NonNullable<Session['notice']> {
  // One form serves several acts: what an act has no use for is not sent on.
  const { proof, ...others } = fields;
  const order = orderSchema.safeParse(fields.act === 'accept' ? fields : others);
  if (!order.success) return { good: false, text: issue(order.error) };
  try {
    return { good: true, text: told(acts.perform(operator, order.data), spoken) };
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return { good: false, text: line(error) };
  }
}

function told({ sequence, code, tickets, readmitted }: Done, spoken: StaffLanguage): string {
  const numbers = tickets.map(({ ticketNo }) => ticketNo).join(', ');
  const said = [code, numbers, readmitted === undefined ? '' : `${readmitted}`].filter(Boolean);
  return `${WORDS[spoken].done} #${sequence ?? '-'} ${said.join(' · ')}`.trimEnd();
}

function line({ message, hint, code }: GateError): string {
  return `${message}${hint === undefined ? '' : `: ${hint}`} [${code}]`;
}

function issue(error: z.ZodError): string {
  const [first] = error.issues;
  return `${first?.path.join('.') || 'order'}: ${first?.message ?? 'wrong'}`;
}

function language(c: Context): StaffLanguage {
  const chosen = getCookie(c, LANGUAGE);
  if (chosen === 'ja' || chosen === 'en') return chosen;
  return /^\s*en\b/i.test(c.req.header('accept-language') ?? '') ? 'en' : 'ja';
}

const page = (content: unknown) => `<!doctype html>${String(content)}`;

function send(file: StaticFile | undefined): Response {
  if (!file) return new Response('not found', { status: 404 });
  return new Response(file.content, {
    headers: { 'content-type': file.type, 'cache-control': 'max-age=3600' },
  });
}
