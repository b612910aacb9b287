import { type CheckedGate, receiptCheckPage } from '@pinless-gate/runtime/receipt-check';
import { Hono } from 'hono';
import type { GateRecord } from '../../domain/enrolment.ts';
import type { Holdings } from '../../domain/holdings.ts';
import type { Overview } from '../../domain/overview.ts';
import { may } from '../../domain/permission.ts';
import { HoldingsPage } from '../../views/holdings.tsx';
import { OverviewPage } from '../../views/overview.tsx';
import { RulesPage } from '../../views/rules.tsx';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { type PageDeps, pageOf, viewOf } from './page.ts';

export interface BoardPagesDeps extends PageDeps {
  readonly read: () => Promise<Overview>;
  readonly holdings: () => Promise<Holdings>;
  /** Of the venue, IANA name. */
  readonly timeZone: string;
}

export const boardPages = (deps: BoardPagesDeps) => {
  const { read, holdings, views, assets } = deps;
  return new Hono<VisitorEnv>()
    .get('/', allow('board.read'), async (c) => {
      const view = viewOf(c, views);
      return c.html(<OverviewPage view={view} overview={await read()} assets={assets} />);
    })
    .get('/gates', allow('gate.read'), async (c) => {
      const actor = actorOn(c);
      const acts = { invite: may(actor, 'gate.invite'), revoke: may(actor, 'gate.revoke') };
      const page = pageOf(c, deps);
      return c.html(<HoldingsPage {...page} holdings={await holdings()} acts={acts} />);
    })
    .get('/gates/receipt-check.html', allow('gate.read'), async (c) => {
      const { gates } = await holdings();
      // To be saved: this page's policy forbids the script that the file is there for.
      c.header('content-disposition', 'attachment; filename="receipt-check.html"');
      return c.html(receiptCheckPage(gates.flatMap(checkedGate), deps.timeZone));
    })
    .get('/rules', allow('board.read'), async (c) => {
      const { list, further, now } = await read();
      const rules = { view: viewOf(c, views), list, further, now, assets };
      return c.html(<RulesPage {...rules} />);
    });
};

/** One that may still sign. */
function checkedGate({ name, deviceKey, revokedAt }: GateRecord): CheckedGate[] {
  if (deviceKey === undefined || revokedAt !== undefined) return [];
  return [{ name, deviceKey: new Uint8Array(Buffer.from(deviceKey, 'base64')) }];
}
