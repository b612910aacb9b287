import { Hono } from 'hono';
import type { Holdings } from '../../domain/holdings.ts';
import type { Overview } from '../../domain/overview.ts';
import { HoldingsPage } from '../../views/holdings.tsx';
import { OverviewPage } from '../../views/overview.tsx';
import { allow, type VisitorEnv } from '../access.ts';
import { type PageDeps, viewOf } from './page.ts';

export interface BoardPagesDeps extends PageDeps {
  readonly read: () => Promise<Overview>;
  readonly holdings: () => Promise<Holdings>;
}

export const boardPages = ({ read, holdings, views, assets }: BoardPagesDeps) =>
  new Hono<VisitorEnv>()
    .get('/', allow('board.read'), async (c) => {
      const view = viewOf(c, views);
      return c.html(<OverviewPage view={view} overview={await read()} assets={assets} />);
    })
    .get('/gates', allow('gate.read'), async (c) => {
      const view = viewOf(c, views);
      return c.html(<HoldingsPage view={view} holdings={await holdings()} assets={assets} />);
    });
