import { randomBytes } from 'node:crypto';
import { KEY_SCOPES, Scope } from '@pinless-gate/issuer-console/domain/permission';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit } from '../browsing.ts';
import { EVENT, enrolledGate, invite } from '../enrolling.ts';
import { eventOf, imported, newEvent } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';
import { handoverActs, handoverBody, LINKED } from '../handover-acts.ts';
import { FakeBuilder, fingerprintOf, planOf, publishingOf } from '../publishing.ts';

const ALL = Scope.everything;
const ORIGIN = { by: { kind: 'command', id: 'test' }, at: 0 } as const;
let started: TestConsole;
let admin: SignedIn;
/** Two vendors that must not see one another, each with somebody and a key. */
let a: Vendor;
let b: Vendor;

interface Vendor extends SignedIn {
  readonly vendorId: string;
  readonly keyId: string;
  readonly apiKey: string;
  readonly eventId: string;
  readonly importId: string;
  readonly publicationId: string;
}

beforeAll(async () => {
  started = await startConsole({
    publishing: publishingOf(new FakeBuilder(), planOf('e'.repeat(32))),
  });
  admin = await signedIn(started.stores, { name: 'root', role: 'issuer-admin' });
  [a, b] = [await vendor('a-tickets'), await vendor('b-tickets')];
}, 60_000);
afterAll(() => started.close());

async function vendor(name: string): Promise<Vendor> {
  const vendorId = await newVendor(started.stores, name);
  const person = await signedIn(started.stores, { name, role: 'vendor', vendorId });
  const wanted = { vendorId, name: 'shop', scopes: KEY_SCOPES, days: 30 };
  const given = await answer(await ask(started, person, 'POST', '/api/v1/api-keys', wanted));
  const eventId = await newEvent(started, vendorId, person);
  const importId = await imported(started, person, eventId, feedOf(purchase(1)));
  const publicationId = randomBytes(16).toString('hex');
  const wantedList = { id: publicationId, eventId, vendorId, why: 'manual' } as const;
  await started.stores.publications.add(wantedList, ORIGIN);
  const keyed = { keyId: given.id as string, apiKey: given.key as string };
  return { ...person, vendorId, eventId, importId, publicationId, ...keyed };
}

async function answer(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: object }>; security: object[] }>
  >;
}

const document = async () =>
  (await answer(await ask(started, undefined, 'GET', '/api/openapi.json'))) as unknown as Document;

describe('the document', () => {
  test('has every route of the JSON API, and no other, each with its problems', async () => {
    const { paths } = await document();
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const mounted = started.app.routes
      .filter(({ path }) => /^\/api\/(?:v1|public)\//.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(told.sort()).toEqual(mounted.sort());
    expect(told.length).toBeGreaterThan(15);
    for (const methods of Object.values(paths)) {
      for (const { responses, security } of Object.values(methods)) {
        expect(security.length).toBeGreaterThan(0);
        for (const status of ['400', '401', '403', '404', '409', '413', '415', '422', '429']) {
          expect(Object.keys(responses[status]?.content ?? {})).toEqual([
            'application/problem+json',
          ]);
        }
      }
    }
  });
});

/** What gates and machines ask: each proves itself, or nothing is told. */
const WITHOUT_ACCOUNT =
  /^(?:POST \/api\/journal|POST \/api\/enrolment(?:\/offer)?|GET \/api\/keys|POST \/api\/keys\/(?::id\/taken|destroyed)|PUT \/api\/gate-key|GET \/bundle\/(?::event\/)?:name|GET \/(?:healthz|readyz|metrics)|GET \/assets\/.*)$/;
const OPEN = [
  'GET /sign-in',
  'POST /sign-in',
  'POST /sign-in/passkey/options',
  'POST /sign-in/passkey',
  'POST /sign-out',
  'GET /api/openapi.json',
  ...['/apply/:id', '/apply/standing', '/apply/slip', '/check', '/party', '/join'].flatMap(
    (path) => [`GET ${path}`, `POST ${path}`],
  ),
  'GET /api/public/events/:id/offers',
  'POST /api/public/applications',
  'POST /api/public/applications/standing',
  'POST /api/public/checks',
  'POST /api/public/payments',
  'POST /api/public/parties',
  'POST /api/public/parties/invitations',
  'POST /api/public/parties/withdrawals',
  'POST /api/public/parties/unlinked',
  'POST /api/public/requests',
  'POST /api/public/statements',
];

describe('every route', () => {
  test('names a permission, or is one of those that need none', () => {
    const unnamed = started.app.routes.filter(({ access }) => access === undefined);
    for (const { method, path } of unnamed) expect(`${method} ${path}`).toMatch(WITHOUT_ACCOUNT);
    const open = started.app.routes.filter(({ access }) => access === 'open');
    expect(open.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(OPEN.sort());
  });

  test('tells nobody anything who is not signed in', async () => {
    const closed = started.app.routes.filter(
      ({ access }) => access !== undefined && access !== 'open',
    );
    expect(closed.length).toBeGreaterThan(30);
    for (const { method, path } of closed) {
      const response = await ask(started, undefined, method, path.replace(':id', 'f'.repeat(32)));
      expect([method, path, response.status]).toEqual([method, path, 401]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
  });

  test('of a page is refused to those who may not', async () => {
    const staff = await signedIn(started.stores, { name: 'staff', role: 'venue-staff' });
    for (const path of ['/vendors', '/operators', '/api-keys', '/audit', '/gates']) {
      expect((await ask(started, staff, 'GET', path)).status).toBe(403);
    }
    expect((await ask(started, staff, 'GET', '/')).status).toBe(200);
    expect((await ask(started, a, 'GET', '/')).status).toBe(403);
  });
});

describe('S4 a vendor and what is another vendor’s', () => {
  test('every id of the other one is as unknown as none, by session, key and form', async () => {
    const ids = {
      vendors: b.vendorId,
      operators: b.id,
      'api-keys': b.keyId,
      events: b.eventId,
      imports: b.importId,
      publications: b.publicationId,
    };
    const byId = started.app.routes.filter(({ path }) =>
      /^\/(?:api\/v1\/)?(?:vendors|operators|api-keys|events|imports|publications)\/:id/.test(path),
    );
    expect(byId.length).toBeGreaterThan(17);
    const body = { revision: 1, name: 'taken over', role: 'auditor' };
    const bodyOf = (path: string) => {
      if (path.includes('/operators/') || path.endsWith('/events/:id')) return { revision: 1 };
      if (path.endsWith('/publications')) return {};
      if (path.endsWith('/publication-rules')) return { secondApproval: [] };
      const handover = handoverBody(path);
      if (handover) return handover;
      if (path.endsWith('/offers')) return offerOf();
      if (path.endsWith('/signatures')) return { signatures: 'AAAA' };
      return /publish$|approve$/.test(path) ? { fingerprint: 'K7F2QD' } : undefined;
    };
    for (const { method, path, access } of byId) {
      const kind = /(vendors|operators|api-keys|events|imports|publications)\/:id/.exec(
        path,
      )![1] as keyof typeof ids;
      const at = (id: string) => path.replace(':id', id).replace(':purchaseId', 'P-1');
      const [foreign, none] = [at(ids[kind]), at('f'.repeat(32))];
      const reached = async (to: string) => {
        if (!path.startsWith('/api/') && method === 'POST') {
          const fields = { ...body, revision: '1' };
          const { headers } = await submit(started, to, fields, a);
          // Back to the page that the form stands on, whatever it is of.
          return headers.get('location')?.replaceAll(/[0-9a-f]{32}/g, ':id');
        }
        const sent = path.includes('rotate') || path.includes('reset') ? undefined : body;
        const response = await ask(started, a, method, to, bodyOf(path) ?? sent);
        return [response.status, (await answer(response)).code];
      };
      const found = await reached(foreign);
      expect([path, found]).toEqual([path, await reached(none)]);
      if (path.startsWith('/api/') || method === 'GET')
        expect([403, 404]).toContain((found as [number])[0]);
      if (access !== 'vendor.write') expect(JSON.stringify(found)).toContain('UNKNOWN');
      const byKey = await ask(started, { key: a.apiKey }, method, foreign);
      expect([401, 403, 404, 400]).toContain(byKey.status);
    }
    expect(await started.stores.vendors.list(ALL)).toContainEqual(
      expect.objectContaining({ id: b.vendorId, name: 'b-tickets', revision: 1 }),
    );
  });

  test.each(['vendors', 'operators', 'api-keys', 'audit', 'events'])(
    'lists hold none: %s',
    async (path) => {
      const text = await (await ask(started, a, 'GET', `/api/v1/${path}`)).text();
      expect(text).toContain(a.vendorId);
      for (const foreign of [b.vendorId, b.id, b.keyId, b.eventId, b.importId, 'b-tickets']) {
        expect(text).not.toContain(foreign);
      }
    },
  );

  test('nobody is put into another vendor, and nobody is made an administrator', async () => {
    const add = (more: object) =>
      ask(started, a, 'POST', '/api/v1/operators', { name: 'mole', role: 'auditor', ...more });
    expect((await add({ vendorId: b.vendorId })).status).toBe(404);
    expect((await add({ role: 'issuer-admin' })).status).toBe(422);
    expect(
      (
        await ask(started, a, 'POST', '/api/v1/api-keys', {
          vendorId: b.vendorId,
          name: 'x',
          scopes: KEY_SCOPES,
          days: 1,
        })
      ).status,
    ).toBe(404);
  });
});

describe('API keys', () => {
  test('say who they are, and do what they were given', async () => {
    const me = await answer(await ask(started, { key: a.apiKey }, 'GET', '/api/v1/me'));
    expect(me).toEqual({
      kind: 'api-key',
      id: a.keyId,
      vendorId: a.vendorId,
      permissions: KEY_SCOPES,
    });
    expect((await ask(started, { key: a.apiKey }, 'GET', '/api/v1/api-keys')).status).toBe(403);
    expect(a.apiKey).toMatch(/^pgk_[0-9a-f]{8}_[0-9a-f]{64}$/);
  });

  test('rotation: two are good, the third replaces the first; revoked is over at once', async () => {
    const made = await vendor('c-tickets');
    const rotate = async (id: string) => {
      const response = await ask(started, made, 'POST', `/api/v1/api-keys/${id}/rotate`);
      return [response.status, await answer(response)] as const;
    };
    const good = async (key: string) =>
      (await ask(started, { key }, 'GET', '/api/v1/me')).status === 200;
    const [, second] = await rotate(made.keyId);
    expect([await good(made.apiKey), await good(second.key as string)]).toEqual([true, true]);
    expect((await rotate(made.keyId))[0]).toBe(409);
    const [, third] = await rotate(second.id as string);
    const three = [made.apiKey, second.key as string, third.key as string];
    expect(await Promise.all(three.map(good))).toEqual([false, true, true]);
    await ask(started, made, 'DELETE', `/api/v1/api-keys/${third.id}`);
    expect(await good(third.key as string)).toBe(false);
  });

  test('a key that is nobody’s says no more than none', async () => {
    for (const key of ['pgk_', `pgk_00000000_${'0'.repeat(64)}`, 'x'.repeat(10_000)]) {
      expect((await ask(started, { key }, 'GET', '/api/v1/me')).status).toBe(401);
    }
  });
});

test('S10 two who edit the same thing at once: one is told', async () => {
  const edit = (name: string) =>
    ask(started, admin, 'PATCH', `/api/v1/vendors/${b.vendorId}`, { name, revision: 1 });
  const both = await Promise.all([edit('one'), edit('two')]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  const refused = both.find(({ status }) => status === 409)!;
  expect(await answer(refused)).toMatchObject({ code: 'ERR_EDIT_CONFLICT' });
});

test('the last administrator stays one', async () => {
  const all = (await answer(await ask(started, admin, 'GET', '/api/v1/operators'))) as {
    operators: { id: string; role: string; revision: number }[];
  };
  const admins = all.operators.filter(({ role }) => role === 'issuer-admin');
  expect(admins).toHaveLength(2);
  const [self, other] = [
    admins.find(({ id }) => id === admin.id)!,
    admins.find(({ id }) => id !== admin.id)!,
  ];
  const disable = (by: SignedIn, { id, revision }: typeof self) =>
    ask(started, by, 'PATCH', `/api/v1/operators/${id}`, { revision, disabled: true });
  expect(await answer(await disable(admin, self))).toMatchObject({ code: 'ERR_OPERATOR_SELF' });
  expect((await disable(admin, other)).status).toBe(200);
  const asCommand = { revision: self.revision, id: self.id, disabled: true };
  expect(await started.stores.operators.edit(ALL, asCommand, ORIGIN)).toBe('last-admin');
});

describe('S6 what is too large', () => {
  test.each(['/api/v1/vendors', '/sign-in'])('ten million octets to %s', async (path) => {
    const response = await started.app.request(path, {
      method: 'POST',
      headers: {
        'content-type': path.startsWith('/api')
          ? 'application/json'
          : 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        cookie: admin.cookie,
        'form-token': admin.formToken,
      },
      body: 'x'.repeat(10_000_000),
    });
    expect(response.status).toBe(413);
  });
});

test('nonsense is refused by every route, and breaks none', async () => {
  const nothing = '\u0000';
  const bodies: [string, string][] = [
    ['application/json', '{'],
    ['application/json', '[]'],
    ['application/json', JSON.stringify({ name: nothing, id: nothing, answer: 7, revision: 1e15 })],
    ['application/x-www-form-urlencoded', 'name=%00&vendor=%00&revision=x&days=x&role=x&id=%00'],
    [
      'application/x-www-form-urlencoded',
      'name=abc&vendor=x&revision=9999999999&password=%00&code=%00',
    ],
  ];
  const changing = started.app.routes.filter(
    ({ method, access, path }) => method !== 'GET' && access !== undefined && path !== '/sign-out',
  );
  for (const { method, path } of changing) {
    for (const [type, body] of bodies) {
      const response = await started.app.request(path.replace(':id', 'f'.repeat(32)), {
        method,
        headers: {
          'content-type': type,
          'sec-fetch-site': 'same-origin',
          cookie: admin.cookie,
          'form-token': admin.formToken,
        },
        body: type.endsWith('urlencoded') ? `form-token=${admin.formToken}&${body}` : body,
      });
      expect([method, path, body, response.status < 500]).toEqual([method, path, body, true]);
    }
  }
});

describe('S1 paths written otherwise', () => {
  test.each([
    '//vendors',
    '/%2fvendors',
    '/api/v1//vendors',
    '/api/v1/..;/vendors',
    '/vendors%2f',
    '/VENDORS',
    '/./vendors;x',
  ])('%s leads nowhere without a session', async (path) => {
    const response = await started.app.request(`http://localhost${path}`);
    expect([401, 404]).toContain(response.status);
  });
});

/** Stands for the publication or handover that was asked for last. */
const NEWEST = 'newest';

/** What needs a sale first: shop.test.ts and payments.test.ts look at the entries of these. */
const SWEPT_AT_SALES = new Set([
  'DELETE /api/v1/offers/:id',
  'DELETE /api/v1/payment-secrets/:secretId',
  'POST /api/v1/applications/:id/paid',
  'POST /api/v1/evidence/:evidenceId',
  'POST /api/v1/payments/:id/settled',
]);

const offerOf = () => ({
  category: 'adult',
  priceYen: 1,
  perCard: 1,
  sale: { from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' },
  seats: [{ gate: 'A', places: 1 }],
});

describe('the audit log', () => {
  test('every route that changes something leaves an entry with what it did', async () => {
    const person = await signedIn(started.stores, {
      name: 'swept',
      role: 'auditor',
      vendorId: a.vendorId,
    });
    const { gateId } = await invite(started);
    const own = await enrolledGate(started);
    const { revision } = (await started.stores.vendors.find(ALL, a.vendorId))!;
    const toBuild = `/api/v1/events/${'e'.repeat(32)}`;
    const publicationAt = (act: string) => `/api/v1/publications/${NEWEST}/${act}`;
    let newest: { readonly id: string } | undefined;
    const waiting = () =>
      vi.waitUntil(async () => (await started.stores.publications.open()).find((one) => one.list), {
        timeout: 30_000,
      });
    const hook = { vendorId: a.vendorId, url: 'https://shop.example.jp/', types: ['event.added'] };
    const hooked = await ask(started, admin, 'POST', '/api/v1/webhooks', hook);
    const webhook = `/api/v1/webhooks/${((await hooked.json()) as { id: string }).id}`;
    const always = { from: '1970-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' };
    const acts: [string, string, object | undefined, string][] = [
      ['POST', '/api/v1/vendors', { name: 'd' }, 'vendor.added'],
      ['PATCH', `/api/v1/vendors/${a.vendorId}`, { name: 'e', revision }, 'vendor.renamed'],
      ['POST', '/api/v1/operators', { name: 'new-one', role: 'auditor' }, 'operator.added'],
      [
        'PATCH',
        `/api/v1/operators/${person.id}`,
        { revision: 1, role: 'vendor' },
        'operator.changed',
      ],
      ['POST', `/api/v1/operators/${person.id}/reset`, undefined, 'operator.reset'],
      [
        'POST',
        '/api/v1/api-keys',
        { vendorId: a.vendorId, name: 'k', scopes: KEY_SCOPES, days: 9 },
        'api-key.given',
      ],
      ['POST', `/api/v1/api-keys/${a.keyId}/rotate`, undefined, 'api-key.rotated'],
      ['DELETE', `/api/v1/api-keys/${a.keyId}`, undefined, 'api-key.revoked'],
      ['POST', '/api/v1/events', eventOf('e'.repeat(32), a.vendorId), 'event.added'],
      ['POST', `/api/v1/events/${a.eventId}/imports`, [purchase(2), LINKED], 'import.finished'],
      ...handoverActs(a.eventId, NEWEST),
      ['POST', `${toBuild}/publications`, {}, 'list.requested'],
      ['POST', publicationAt('publish'), { fingerprint: fingerprintOf(1) }, 'list.approved'],
      ['POST', `${toBuild}/publications`, {}, 'list.requested'],
      ['POST', publicationAt('approve'), { fingerprint: fingerprintOf(2) }, 'list.approved'],
      ['POST', `${toBuild}/publications`, {}, 'list.requested'],
      ['POST', publicationAt('signatures'), { signatures: 'AAAA' }, 'list.signed'],
      ['POST', publicationAt('withdraw'), {}, 'list.withdrawn'],
      ['PUT', `${toBuild}/publication-rules`, { secondApproval: [] }, 'list.rules-changed'],
      ['POST', '/api/v1/webhooks', hook, 'webhook.added'],
      ['PATCH', webhook, { revision: 1, enabled: false }, 'webhook.changed'],
      ['POST', `${webhook}/rotate`, undefined, 'webhook.rotated'],
      ['POST', `${webhook}/test`, undefined, 'webhook.tested'],
      ['POST', `${webhook}/resume`, undefined, 'webhook.resumed'],
      ['POST', `${webhook}/replays`, always, 'webhook.replayed'],
      ['DELETE', webhook, undefined, 'webhook.removed'],
      ['PATCH', `/api/v1/events/${a.eventId}`, { revision: 1, name: 'e' }, 'event.changed'],
      ['POST', `/api/v1/events/${a.eventId}/offers`, offerOf(), 'offer.added'],
      ['POST', `/api/v1/events/${a.eventId}/purchases/P-1/check-code`, {}, 'code.given'],
      ['POST', '/api/v1/payment-secrets', { vendorId: a.vendorId }, 'payment-secret.given'],
      ['POST', '/api/v1/gates', { name: 'G' }, 'gate.invited'],
      ['POST', `/api/v1/gates/${gateId}/revoke`, undefined, 'invitation.withdrawn'],
      ['POST', `/api/v1/gates/${own.gateId}/compare`, { code: own.code }, 'gate.compared'],
      ['POST', '/api/v1/keys/files', { files: [own.file] }, 'keys.put'],
      ['POST', `/api/v1/keys/events/${EVENT}/destroy`, undefined, 'keys.ordered'],
    ];
    for (const [method, template, body, action] of acts) {
      const path = template.replace(NEWEST, () => newest?.id ?? '');
      const response = await ask(started, admin, method, path, body);
      expect([path, response.status < 300]).toEqual([path, true]);
      const last = async () =>
        (await started.stores.audit.entries(ALL, { before: undefined, limit: 3 })).map(
          ({ entry }) => entry,
        );
      // What goes on after the answer is waited for.
      const by = { kind: 'operator', id: admin.id };
      const noted = expect.arrayContaining([expect.objectContaining({ action, by })]);
      await expect.poll(last, { timeout: 30_000 }).toEqual(noted);
      if (path.endsWith('/publications')) newest = await waiting();
      if (/invitations$|resales$/.test(path)) {
        newest = (await answer(response)).handover as { readonly id: string };
      }
    }
    // What is swept is all there is: a new route is added here.
    const changing = started.app.routes.filter(({ method }) => method !== 'GET');
    const swept = new Set(
      acts.map(
        ([method, path]) =>
          `${method} ${path
            .replace(/[0-9a-f]{32}/, ':id')
            .replace(NEWEST, ':id')
            .replace(/P-\d/, ':purchaseId')}`,
      ),
    );
    const missing = changing
      .map(({ method, path }) => `${method} ${path}`)
      .filter(
        (route) => route.includes('/api/v1/') && !swept.has(route) && !SWEPT_AT_SALES.has(route),
      );
    expect(missing).toEqual([]);
    expect((await started.stores.audit.verify()).sequence).toBeGreaterThan(acts.length);
  });

  test('an entry that was changed, and one that is gone, break the chain', async () => {
    const { audit } = started.stores;
    const end = await audit.verify();
    const { db } = started.database;
    await db.execute('create table kept as select * from audit_entries');
    const restore = async () => {
      await db.execute('truncate audit_entries');
      await db.execute('insert into audit_entries select * from kept');
    };
    const broken = { code: 'ERR_AUDIT_CHAIN' };
    await db.execute(`update audit_entries set raw = set_byte(raw, 40, 1) where sequence = 3`);
    await expect(audit.verify()).rejects.toMatchObject(broken);
    await db.execute('delete from audit_entries where sequence = 3');
    await expect(audit.verify()).rejects.toMatchObject(broken);
    await restore();
    await db.execute(`delete from audit_entries where sequence = ${end.sequence}`);
    await expect(audit.verify()).rejects.toMatchObject(broken);
    await restore();
    expect(await audit.verify(end)).toEqual(end);
    const foreign = { ...end, hash: new Uint8Array(32) };
    await expect(audit.verify(foreign)).rejects.toMatchObject(broken);
  });

  test('S11 no secret stands in a log, in the audit log or in the database', async () => {
    const rows = await started.database.db.execute(
      `select coalesce(string_agg(encode(raw, 'escape'), ''), '') || (select string_agg(k::text, '') from api_keys k)
       || (select string_agg(s::text, '') from sessions s) as everything from audit_entries`,
    );
    const everything = JSON.stringify(rows) + started.logged.join();
    const token = admin.cookie.slice('session='.length);
    for (const secret of [a.apiKey, token, Buffer.from(token).toString('hex'), admin.formToken]) {
      expect(everything).not.toContain(secret);
    }
    expect(everything).toContain('vendor.added');
  });
});
