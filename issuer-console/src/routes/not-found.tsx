import type { Context } from 'hono';
import type { Language } from '../views/language.ts';
import { NotFoundPage } from '../views/not-found.tsx';
import type { Views } from '../views/view.ts';
import { language } from './live.ts';

export interface NotFoundDeps {
  readonly views: Views;
  readonly assets: string;
  readonly now: number;
}

export async function notFoundPage(c: Context, { views, assets, now }: NotFoundDeps) {
  await language(c, async () => {});
  const view = views[c.get('language') as Language];
  return c.html(<NotFoundPage view={view} assets={assets} now={now} />, 404);
}
