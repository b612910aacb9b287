import { type Context, Hono } from 'hono';
import type { Holdings } from '../domain/holdings.ts';
import type { Overview } from '../domain/overview.ts';
import { HoldingsPage } from '../views/holdings.tsx';
import type { Language } from '../views/language.ts';
import { OverviewPage } from '../views/overview.tsx';
import type { View, Views } from '../views/view.ts';
import { language } from './live.ts';

export interface PageRoutesDeps {
  readonly read: () => Promise<Overview>;
  readonly holdings: () => Promise<Holdings>;
  readonly views: Views;
  readonly assets: string;
}

export const pageRoutes = ({ read, holdings, views, assets }: PageRoutesDeps) =>
  new Hono<{ Variables: { language: string } }>()
    .get('/', language, async (c) => {
      const view = viewOf(c, views);
      return c.html(<OverviewPage view={view} overview={await read()} assets={assets} />);
    })
    .get('/gates', language, async (c) => {
      const view = viewOf(c, views);
      return c.html(<HoldingsPage view={view} holdings={await holdings()} assets={assets} />);
    });

function viewOf(c: Context<{ Variables: { language: string } }>, views: Views): View {
  const view = views[c.get('language') as Language];
  c.header('content-language', view.format.language);
  c.header('vary', 'accept-language');
  c.header('cache-control', 'no-store');
  return view;
}
