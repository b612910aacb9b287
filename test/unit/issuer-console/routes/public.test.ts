import { randomBytes } from 'node:crypto';
import { VisitorDesk } from '@pinless-gate/issuer-console/domain/visitor-desk';
import {
  formatVisitorCode,
  hashVisitorSecret,
  type NewVisitorToken,
} from '@pinless-gate/issuer-console/domain/visitor-token';
import type { VisitorEnv } from '@pinless-gate/issuer-console/routes/access';
import { publicApi } from '@pinless-gate/issuer-console/routes/api/public';
import { VisitorForms, visitors } from '@pinless-gate/issuer-console/routes/public';
import {
  addVisitorToken,
  useVisitorToken,
  withdrawVisitorTokens,
} from '@pinless-gate/issuer-console/store/visitor-tokens';
import type { GateError } from '@pinless-gate/protocol/errors';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONSOLE_ID, NOW, startConsole, type TestConsole } from '../fixture.ts';
import { answerOf, ORIGIN, plainStatements, readRequest, stated, visit } from '../visiting.ts';

let started: TestConsole;
beforeAll(async () => {
  started = await startConsole({ statements: plainStatements });
}, 60_000);
afterAll(() => started.close());

const HOLDER = { serial: '0705d990', issuer: 'jpki-auth' };
const EVENT = 'e'.repeat(32);

async function newCode(more: Partial<NewVisitorToken> = {}) {
  const secret = new Uint8Array(randomBytes(15));
  const token = {
    hash: hashVisitorSecret(secret),
    purpose: 'companion' as const,
    eventId: EVENT,
    vendorId: 'a'.repeat(32),
    subject: 'I-1',
    issuedAt: NOW,
    expiresAt: NOW + 3_600_000,
    usesLeft: 1,
    ...more,
  };
  await started.stores.visitorTokens.add(token);
  return { code: formatVisitorCode(secret), hash: token.hash };
}

/** A desk that hands out what it was told. */
function newDesk(now = () => started.now) {
  const taken: unknown[] = [];
  const desk = new VisitorDesk({
    tokens: started.stores.visitorTokens,
    statements: plainStatements,
    now,
    handlers: {
      companion: {
        asking: async ({ token }) => ({
          methods: ['authentication', 'signature'],
          kazashi: token.subject === 'I-kazashi',
          lines: ['A seat for you'],
        }),
        take: async ({ proven, secret }) => {
          taken.push(proven.holder, secret.length);
          return { state: 'linked', facts: { tickets: 1 } };
        },
        refused: async (_, { code }) =>
          (code as string) === 'ERR_STATEMENT_REVOKED' ? { state: 'revoked' } : undefined,
      },
    },
  });
  return { desk, taken };
}

describe('a code and a statement', () => {
  test('are asked for, taken and answered', async () => {
    const { desk, taken } = newDesk();
    const { code, hash } = await newCode();
    const asked = await desk.request(code, ORIGIN);
    expect(asked).toMatchObject({ purpose: 'companion', methods: ['authentication', 'signature'] });
    const request = Buffer.from(asked.request).toString('base64url');
    expect(readRequest(request)).toMatchObject({
      origin: ORIGIN,
      purpose: 'companion',
      subject: 'I-1',
      eventId: EVENT,
      lines: ['A seat for you'],
      expiresAt: NOW + 900_000,
    });
    const statement = stated(request, { method: 'authentication', holder: HOLDER });
    expect(await desk.state(code, statement)).toEqual({ state: 'linked', facts: { tickets: 1 } });
    expect(taken).toEqual([HOLDER, 15]);
    const kept = await started.stores.visitorTokens.find(hash);
    expect(kept).toMatchObject({ answer: { word: 'linked', at: NOW } });
  });

  test('a request takes the place of the one before, and grows old', async () => {
    let at = NOW;
    const { desk } = newDesk(() => at);
    const { code } = await newCode();
    const first = Buffer.from((await desk.request(code, ORIGIN)).request).toString('base64url');
    const second = Buffer.from((await desk.request(code, ORIGIN)).request).toString('base64url');
    const proven = { method: 'authentication' as const, holder: HOLDER };
    await expect(desk.state(code, stated(first, proven))).rejects.toMatchObject({
      code: 'ERR_STATEMENT_REQUEST',
    });
    at += 900_000;
    await expect(desk.state(code, stated(second, proven))).rejects.toMatchObject({
      code: 'ERR_VISITOR_REQUEST',
    });
  });

  test.each([
    ['read', 'I-1', HOLDER, 'ERR_VISITOR_METHOD'],
    ['authentication', 'I-kazashi', HOLDER, 'ERR_VISITOR_KAZASHI'],
  ] as const)('by %s for %s is refused: %#', async (method, subject, holder, code) => {
    const { desk, taken } = newDesk();
    const given = await newCode({ subject });
    const asked = await desk.request(given.code, ORIGIN);
    const request = Buffer.from(asked.request).toString('base64url');
    const outcome = desk.state(given.code, stated(request, { method, holder }));
    await expect(outcome).rejects.toMatchObject({ code });
    expect(taken).toEqual([]);
  });

  test('a refusal may be an answer to whoever has the code', async () => {
    const { desk } = newDesk();
    const { code } = await newCode();
    const request = async () =>
      Buffer.from((await desk.request(code, ORIGIN)).request).toString('base64url');
    const revoked = stated(await request(), { refuse: 'ERR_STATEMENT_REVOKED' });
    expect(await desk.state(code, revoked)).toEqual({ state: 'revoked' });
    const signature = stated(await request(), { refuse: 'ERR_STATEMENT_SIGNATURE' });
    await expect(desk.state(code, signature)).rejects.toMatchObject({
      code: 'ERR_STATEMENT_SIGNATURE',
    });
  });
});

describe('codes that open nothing', () => {
  test('are refused alike, whatever is wrong with them', async () => {
    const { desk } = newDesk();
    const withdrawn = await newCode({ subject: 'I-withdrawn' });
    await started.database.db.transaction((tx) =>
      withdrawVisitorTokens(
        tx,
        { eventId: EVENT, subject: 'I-withdrawn', purpose: 'companion' },
        1,
      ),
    );
    const codes = {
      unknown: formatVisitorCode(new Uint8Array(randomBytes(15))),
      malformed: 'not a code',
      empty: '',
      expired: (await newCode({ expiresAt: NOW })).code,
      withdrawn: withdrawn.code,
    };
    const said = new Set<string>();
    for (const [what, code] of Object.entries(codes)) {
      for (const path of ['/api/public/requests', '/api/public/statements']) {
        const more = path.endsWith('statements') ? { statement: {} } : {};
        const response = await visit(started, path, { code, ...more });
        expect([what, response.status]).toEqual([what, 404]);
        said.add(await response.text());
      }
      await expect(desk.request(code, ORIGIN)).rejects.toMatchObject({ code: 'ERR_VISITOR_CODE' });
    }
    const untaken = await newCode({ purpose: 'transfer' });
    await expect(desk.request(untaken.code, ORIGIN)).rejects.toMatchObject({
      code: 'ERR_VISITOR_CODE',
    });
    expect([...said]).toHaveLength(1);
    expect([...said][0]).not.toContain(codes.unknown);
  });

  test('one is used as often as it may be, by however many at once', async () => {
    const { hash } = await newCode({ usesLeft: 3 });
    const { db } = started.database;
    const uses = await Promise.all(
      Array.from({ length: 8 }, () => db.transaction((tx) => useVisitorToken(tx, hash, NOW))),
    );
    expect(uses.filter(Boolean)).toHaveLength(3);
    expect(await db.transaction((tx) => useVisitorToken(tx, hash, NOW + 3_600_000))).toBe(false);
  });

  test('are kept as their hash, and not for ever', async () => {
    const { code, hash } = await newCode();
    const { db } = started.database;
    const rows = JSON.stringify(await db.execute('select v::text from visitor_tokens v'));
    expect(rows).toContain(Buffer.from(hash).toString('hex'));
    expect(rows).not.toContain(code.replaceAll('-', ''));
    const late = NOW + 40 * 86_400_000;
    const secret = new Uint8Array(15);
    const token = {
      hash: hashVisitorSecret(secret),
      purpose: 'check' as const,
      eventId: EVENT,
      vendorId: 'a'.repeat(32),
      subject: 'P-1',
      issuedAt: late,
      expiresAt: late + 1,
      usesLeft: 1,
    };
    await db.transaction((tx) => addVisitorToken(tx, token));
    expect(await started.stores.visitorTokens.find(hash)).toBeUndefined();
  });
});

describe('routes for visitors', () => {
  test('are kept by nobody, and tell no other page where one came from', async () => {
    const response = await visit(started, '/api/public/requests', { code: 'x' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  test('take a program’s JSON from anywhere, and nothing else', async () => {
    const post = (type: string, body: string) =>
      started.app.request('/api/public/requests', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
    const [status] = await answerOf(await post('application/json', '{"code":"x"}'));
    expect(status).toBe(404);
    expect((await post('text/plain', '{"code":"x"}')).status).toBe(415);
    expect((await post('application/json', '{')).status).toBe(400);
    expect((await post('application/json', '{"code":7}')).status).toBe(400);
    expect((await post('application/json', JSON.stringify('x'.repeat(70_000)))).status).toBe(413);
  });

  test('a session and a key change nothing', async () => {
    const response = await visit(
      started,
      '/api/public/requests',
      { code: 'x' },
      { cookie: started.cookie, authorization: 'Bearer nonsense' },
    );
    expect(response.status).toBe(404);
  });

  test('without cards there is a word for it', async () => {
    const deps = { visitors: undefined, consoleId: async () => CONSOLE_ID, origin: undefined };
    const app = new Hono<VisitorEnv>().route('/', publicApi(deps));
    app.onError((error, c) => c.text((error as GateError).code));
    const response = await app.request('/api/public/requests', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"code":"x"}',
    });
    expect(await response.text()).toBe('ERR_VISITOR_CARDS');
  });

  test('have a limit of their own, which one address does not use up for the others', async () => {
    const rates = {
      visitor: { burst: 3, everyMs: 1000 },
      visitors: { burst: 6, everyMs: 1000 },
      applying: { burst: 1, everyMs: 1000 },
    };
    const forms = new VisitorForms(new Uint8Array(32), () => NOW);
    const deps = { origin: undefined, proxies: ['unknown'], rates, forms, now: () => NOW };
    const app = new Hono<VisitorEnv>()
      .route('/', visitors(deps))
      .get('/check', (c) => c.text(''))
      .post('/api/public/applications', (c) => c.text(''));
    app.onError((error, c) => c.text((error as GateError).code, 429));
    const from = async (address: string) =>
      (await app.request('/check', { headers: { 'x-forwarded-for': address } })).status;
    for (let i = 0; i < 3; i++) expect(await from('192.0.2.1')).toBe(200);
    for (let i = 0; i < 5; i++) expect(await from('192.0.2.1')).toBe(429);
    expect(await from('192.0.2.2')).toBe(200);
    expect(await from('192.0.2.3')).toBe(200);
    const apply = async () =>
      (
        await app.request('/api/public/applications', {
          method: 'POST',
          headers: { 'x-forwarded-for': '192.0.2.3', 'content-type': 'application/json' },
          body: '{}',
        })
      ).status;
    expect([await apply(), await apply()]).toEqual([200, 429]);
    expect(await from('192.0.2.4')).toBe(429);
  });
});

describe('a form of a visitor', () => {
  let now = 0;
  const forms = new VisitorForms(new Uint8Array(32).fill(1), () => now);

  test('is good for half a day, and made here', () => {
    const token = forms.token();
    expect(forms.isGood(token)).toBe(true);
    const [expires, mark] = token.split('.');
    const later = (Number.parseInt(expires!, 36) + 1).toString(36);
    for (const bad of [undefined, 7, '', '.', 'x.y', `${later}.${mark}`, `${expires}.${mark}x`])
      expect([bad, forms.isGood(bad)]).toEqual([bad, false]);
    expect(new VisitorForms(new Uint8Array(32), () => now).isGood(token)).toBe(false);
    now += 12 * 3_600_000;
    expect(forms.isGood(token)).toBe(false);
  });
});
