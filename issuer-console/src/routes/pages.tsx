import { Hono } from 'hono';
import type { Overview } from '../domain/overview.ts';
import type { Language } from '../views/language.ts';
import { OverviewPage } from '../views/overview.tsx';
import type { Views } from '../views/view.ts';
import { language } from './live.ts';

export interface PageRoutesDeps {
  readonly read: () => Promise<Overview>;
  readonly views: Views;
  readonly assets: string;
}

export const pageRoutes = ({ read, views, assets }: PageRoutesDeps) =>
  new Hono<{ Variables: { language: string } }>().get('/', language, async (c) => {
    const view = views[c.get('language') as Language];
    c.header('content-language', view.format.language);
    c.header('vary', 'accept-language');
    c.header('cache-control', 'no-store');
    return c.html(<OverviewPage view={view} overview={await read()} assets={assets} />);
  });
