import { Hono } from 'hono';
import { askerOf } from '../../domain/asker.ts';
import { type Author, authorOf } from '../../domain/audit.ts';
import type { KeyDesk } from '../../domain/key-desk.ts';
import type { KeyDeliveryStore } from '../../domain/keys.ts';
import type { Office } from '../../domain/office.ts';
import { may } from '../../domain/permission.ts';
import { qrSvg } from '../../views/barcode.ts';
import { GatePage } from '../../views/gate.tsx';
import { InvitationPage } from '../../views/invitation.tsx';
import { acceptable } from '../acceptable.ts';
import { actorOn, allow, type VisitorEnv } from '../access.ts';
import { NOT_FOUND, ProblemError } from '../problem.ts';
import { fieldsOf, goTo, idOf, type PageDeps, pageOf } from './page.ts';

export interface GatePagesDeps extends PageDeps {
  readonly officeOf: (by: Author) => Office;
  readonly keyDesk: KeyDesk;
  readonly deliveries: Pick<KeyDeliveryStore, 'keys'>;
  readonly origin: URL | undefined;
}

const HOUR_MS = 3_600_000;

/** Invites gates, shows each, and puts them out again. */
export const gatePages = (deps: GatePagesDeps) => {
  const { keyDesk, officeOf, deliveries, origin } = deps;
  return new Hono<VisitorEnv>()
    .post('/gates/invite', allow('gate.invite'), async (c) => {
      const field = await fieldsOf(c);
      const validMs = Number(field('hours')) * HOUR_MS;
      const wanted = { name: field('name'), eventIds: eventsOf(field('event')), validMs };
      const office = officeOf(authorOf(actorOn(c)));
      const invited = await acceptable(() => office.invite(wanted));
      const at = (origin ?? new URL('/', c.req.url)).href;
      const shown = { invited, qr: qrSvg(invited.token), origin: at };
      return c.html(<InvitationPage {...pageOf(c, deps)} {...shown} />);
    })
    .get('/gates/:id', allow('gate.read'), async (c) => {
      const actor = actorOn(c);
      const gate = await keyDesk.gate(idOf(c));
      const keys = (await deliveries.keys()).filter(({ gateId }) => gateId === gate.id);
      const acts = { compare: may(actor, 'key.write'), revoke: may(actor, 'gate.revoke') };
      return c.html(<GatePage {...pageOf(c, deps)} {...{ gate, keys, acts }} />);
    })
    .get('/gates/:id/gate-key', allow('key.read'), async (c) => {
      const { gateId, gateKey } = await keyDesk.gateKey(idOf(c));
      return c.body(new Uint8Array(Buffer.from(gateKey ?? '', 'base64')), 200, {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${gateId}.gate-key"`,
        'cache-control': 'no-store',
      });
    })
    .post('/gates/:id/compare', allow('key.write'), async (c) => {
      const id = idOf(c);
      await keyDesk.compare(askerOf(actorOn(c)), id, (await fieldsOf(c))('code'));
      return goTo(c, `/gates/${id}`);
    })
    .post('/gates/:id/revoke', allow('gate.revoke'), async (c) => {
      const outcome = await officeOf(authorOf(actorOn(c))).revoke(idOf(c));
      if (outcome === 'unknown') throw new ProblemError(NOT_FOUND);
      return goTo(c, '/gates');
    });
};

/** None: the gate serves whatever events come. */
const eventsOf = (event: string): string[] => (event === '' ? [] : [event]);
