import type { Context } from 'hono';
import { NotFoundPage } from '../views/not-found.tsx';
import type { VisitorEnv } from './access.ts';
import { type PageDeps, viewOf } from './pages/page.ts';

export function notFoundPage(c: Context<VisitorEnv>, { views, assets, now }: PageDeps) {
  return c.html(<NotFoundPage view={viewOf(c, views)} assets={assets} now={now()} />, 404);
}
