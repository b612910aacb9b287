import type { Context } from 'hono';
import { may, type Permission } from '../../domain/permission.ts';
import type { Language } from '../../views/language.ts';
import type { View, Viewer, Views } from '../../views/view.ts';
import type { VisitorEnv } from '../access.ts';
import { MALFORMED, NOT_FOUND, ProblemError } from '../problem.ts';

/** The pages in the bar, and what it takes to see them. The first that somebody may see is their home. */
const PAGES: readonly (readonly [path: string, permission: Permission])[] = [
  ['/', 'board.read'],
  ['/gates', 'gate.read'],
  ['/keys', 'key.read'],
  ['/rules', 'board.read'],
  ['/events', 'event.read'],
  ['/payments', 'payment.read'],
  ['/vendors', 'vendor.read'],
  ['/operators', 'operator.read'],
  ['/api-keys', 'api-key.read'],
  ['/webhooks', 'webhook.read'],
  ['/audit', 'audit.read'],
];

/** What every page is given. */
export function pageOf(c: Context<VisitorEnv>, { views, assets, now }: PageDeps) {
  return { view: viewOf(c, views), assets, now: now(), refused: refusedOf(c) };
}

/** What a form says that somebody saw. */
export function revisionOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ProblemError(MALFORMED);
}

/** In a path of a page: 32 hex digits, or there is nothing. */
export function idOf(c: Context<VisitorEnv>): string {
  const id = c.req.param('id') ?? '';
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new ProblemError(NOT_FOUND);
}

export interface PageDeps {
  readonly views: Views;
  readonly assets: string;
  readonly now: () => number;
}

/** Words of the visitor's language, and the visitor. Sets what every page of theirs carries. */
export function viewOf(c: Context<VisitorEnv>, views: Views): View {
  const view = views[c.get('language') as Language];
  c.header('content-language', view.format.language);
  c.header('vary', 'accept-language');
  c.header('cache-control', 'no-store');
  return { ...view, viewer: viewerOf(c) };
}

function viewerOf(c: Context<VisitorEnv>): Viewer | undefined {
  const formToken = c.get('formToken');
  const session = c.get('session');
  if (formToken === undefined || !session) return undefined;
  return { name: session.operator.name, formToken, pages: pagesOf(c) };
}

function pagesOf(c: Context<VisitorEnv>): string[] {
  const actor = c.get('actor');
  return PAGES.flatMap(([path, permission]) => (actor && may(actor, permission) ? [path] : []));
}

/** In the language of the page that one comes from. */
export function goTo(
  c: Context<VisitorEnv>,
  path: string,
  told: Readonly<Record<string, number>> = {},
): Response {
  c.header('cache-control', 'no-store');
  const more = Object.entries(told).map(([name, value]) => `&${name}=${value}`);
  return c.redirect(`${path}?lang=${c.get('language')}${more.join('')}`, 303);
}

export function home(c: Context<VisitorEnv>): string {
  return pagesOf(c)[0] ?? '/account';
}

/** Why the last request was refused, where its answer was to come back here. */
export function refusedOf(c: Context<VisitorEnv>): string | undefined {
  const code = c.req.query('refused');
  return code !== undefined && /^ERR_[A-Z_]{1,40}$/.test(code) ? code : undefined;
}

/** A field of a form, as text: missing ones and files are empty. */
export async function fieldsOf(c: Context<VisitorEnv>): Promise<(name: string) => string> {
  const form = await c.req.parseBody();
  return (name) => {
    const value = form[name];
    return typeof value === 'string' ? value : '';
  };
}
