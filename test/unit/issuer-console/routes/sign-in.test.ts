import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVendor, PASSWORD, type SignedIn, signedIn } from '../accounts.ts';
import { codeOf } from '../authenticator.ts';
import { ask, submit, visitorOf, whither } from '../browsing.ts';
import { GATE_A, NOW, startConsole, type TestConsole, TestGate } from '../fixture.ts';

let started: TestConsole;
let admin: SignedIn;
let people = 0;
beforeAll(async () => {
  started = await startConsole({ origin: new URL('https://console.example.jp') });
  admin = overHttps(await signedIn(started.stores, { name: 'root', role: 'issuer-admin' }));
}, 60_000);
afterAll(() => started.close());

/** The cookie as it is called there. */
function overHttps(visitor: SignedIn): SignedIn {
  return { ...visitor, cookie: `__Host-${visitor.cookie}` };
}

/** Somebody with a password of their own, by name. */
async function person(): Promise<string> {
  people += 1;
  const name = `person-${people}`;
  await signedIn(started.stores, { name, role: 'venue-staff' });
  return name;
}

const from = (path: string, visitor?: { cookie: string }) =>
  started.app.request(`https://console.example.jp${path}`, {
    headers: { accept: 'text/html', ...(visitor && { cookie: visitor.cookie }) },
  });
const signIn = (name: string, password = PASSWORD) =>
  submit(started, 'https://console.example.jp/sign-in', { name, password });

describe('POST /sign-in', () => {
  test('a session, by a cookie that only this origin gets and no script sees', async () => {
    const answer = await signIn(await person());
    expect(whither(answer)).toEqual([303, '/home?lang=ja']);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect((await from('/', visitorOf(answer))).status).toBe(200);
  });

  test.each([
    ['another password', person, 'wrong horse battery'],
    ['a name that nobody has', async () => 'nobody', PASSWORD],
  ])('%s is refused in the same words', async (_, who, password) => {
    const answer = await signIn(await who(), password);
    expect(whither(answer)).toEqual([303, '/sign-in?lang=ja&refused=ERR_SIGN_IN']);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  test('a password that was given out is to be changed, and good for a day', async () => {
    const page = await submit(
      started,
      '/operators',
      { name: 'newcomer', role: 'auditor', vendor: '' },
      admin,
    );
    const given = /class="secret">([^<]+)</.exec(await page.text())![1]!;
    const confined = visitorOf(await signIn('newcomer', given));
    expect(whither(await from('/audit', confined))).toEqual([303, '/account?lang=ja']);
    const change = { current: given, next: PASSWORD };
    const free = visitorOf(await submit(started, '/account/password', change, confined));
    expect((await from('/audit', free)).status).toBe(200);
    expect((await from('/audit', confined)).status).toBe(303);
  });
});

describe('a second factor', () => {
  test('code, recovery code; a code is taken once, and a half session sees nothing', async () => {
    const name = await person();
    const visitor = visitorOf(await signIn(name));
    const offered = await (await submit(started, '/account/totp', {}, visitor)).text();
    const secret = /class="secret">([^<]+)</.exec(offered)![1]!;
    const pending = /name="pending" value="([^"]+)"/.exec(offered)![1]!;
    const code = codeOf(secret, started.now);
    const confirmed = await submit(started, '/account/totp/confirm', { pending, code }, visitor);
    const recovery = [...(await confirmed.text()).matchAll(/class="secret">([^<]+)</g)];
    expect(recovery).toHaveLength(10);
    expect((await from('/account', visitor)).status).toBe(303);

    const answer = await signIn(name);
    expect(whither(answer)).toEqual([303, '/sign-in/code?lang=ja']);
    const half = visitorOf(answer);
    expect(whither(await from('/account', half))).toEqual([303, '/sign-in/code?lang=ja']);
    const again = await submit(started, '/sign-in/code', { code }, half);
    expect(whither(again)).toEqual([303, '/sign-in/code?lang=ja&refused=ERR_SIGN_IN_CODE']);
    started.now += 30_000;
    const next = codeOf(secret, started.now);
    const whole = await submit(started, '/sign-in/code', { code: next }, half);
    expect(whither(whole)).toEqual([303, '/home?lang=ja']);
    expect((await from('/account', half)).status).toBe(303);

    const half2 = visitorOf(await signIn(name));
    const byPaper = { code: recovery[0]![1]! };
    expect(
      (await submit(started, '/sign-in/code', byPaper, half2)).headers.get('location'),
    ).toMatch(/^\/home/);
    const half3 = visitorOf(await signIn(name));
    expect(
      (await submit(started, '/sign-in/code', byPaper, half3)).headers.get('location'),
    ).toContain('ERR_SIGN_IN_CODE');
    started.now = NOW;
  });
});

describe('S3 sessions', () => {
  test('a token that was planted is never made good', async () => {
    const planted = `__Host-session=${'A'.repeat(43)}`;
    const answer = await started.app.request('https://console.example.jp/sign-in', {
      method: 'POST',
      headers: {
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: planted,
      },
      body: new URLSearchParams({ name: await person(), password: PASSWORD }).toString(),
    });
    expect(visitorOf(answer).cookie).not.toBe(planted);
    expect((await from('/', { cookie: planted })).status).toBe(303);
  });

  test.each([
    ['30 minutes without a request', 30 * 60_000],
    ['12 hours', 12 * 3_600_000],
  ])('ends after %s', async (_, ms) => {
    const visitor = visitorOf(await signIn(await person()));
    const step = Math.min(ms - 1, 20 * 60_000);
    for (let at = step; at < ms; at += step) {
      started.now = NOW + at;
      expect((await from('/', visitor)).status).toBe(200);
    }
    started.now = NOW + ms + (ms > 3_600_000 ? 0 : step);
    expect((await from('/', visitor)).status).toBe(303);
    started.now = NOW;
  });

  test('ends with signing out, with disabling and with another role', async () => {
    const name = await person();
    const visitor = visitorOf(await signIn(name));
    await submit(started, '/sign-out', {}, visitor);
    expect((await from('/', visitor)).status).toBe(303);
    const edits: Record<string, string>[] = [{ role: 'auditor' }, { disabled: 'yes' }];
    for (const edit of edits) {
      const there = visitorOf(await signIn(name));
      const all = (await (await ask(started, admin, 'GET', '/api/v1/operators')).json()) as {
        operators: { id: string; name: string; revision: number }[];
      };
      const one = all.operators.find((operator) => operator.name === name)!;
      const fields = { revision: String(one.revision), ...edit };
      await submit(started, `/operators/${one.id}`, fields, admin);
      expect((await from('/', there)).status).toBe(303);
    }
    expect((await signIn(name)).headers.get('location')).toContain('ERR_SIGN_IN');
  });
});

describe('S2 requests of another site', () => {
  test.each<[string, Record<string, string>]>([
    ['no Sec-Fetch-Site and no Origin', {}],
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site is another name', { 'sec-fetch-site': 'same-site' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['Origin null', { origin: 'null' }],
    [
      'both, one of them foreign',
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ],
  ])('%s', async (_, headers) => {
    const answer = await started.app.request('/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: 'name=a&password=b',
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      403,
      'ERR_HTTP_CROSS_SITE',
    ]);
  });

  test.each([undefined, 'text/plain', 'multipart/form-data; boundary=x', ''])(
    'a body of type %s',
    async (type) => {
      const answer = await started.app.request('/sign-out', {
        method: 'POST',
        headers: {
          'sec-fetch-site': 'same-origin',
          cookie: admin.cookie,
          ...(type !== undefined && { 'content-type': type }),
        },
        body: new TextEncoder().encode('x=1'),
      });
      expect(answer.status).toBe(415);
    },
  );

  test('the token of another session, or none', async () => {
    const visitor = visitorOf(await signIn(await person()));
    for (const token of ['', admin.formToken]) {
      const forged = { cookie: visitor.cookie, formToken: token };
      expect((await submit(started, '/sign-out', {}, forged)).status).toBe(403);
    }
    expect((await from('/', visitor)).status).toBe(200);
  });
});

describe('S8 guessing', () => {
  test('is slowed down for that account and address, and for nobody else', async () => {
    const [attacked, other] = [await person(), await person()];
    const gate = new TestGate(GATE_A, 'A');
    await started.enrol(gate);
    await signIn(other);
    for (let i = 0; i < 6; i++) await signIn(attacked, 'wrong');
    const held = await signIn(attacked);
    expect(held.headers.get('location')).toContain('ERR_SIGN_IN_WAIT');
    expect(held.headers.get('retry-after')).toBe('1');
    expect((await signIn(other)).headers.get('location')).toMatch(/^\/home/);
    gate.admit();
    expect((await started.upload(gate)).status).toBe(200);
    started.now += 1000;
    expect((await signIn(attacked)).headers.get('location')).toMatch(/^\/home/);
    started.now = NOW;
  });
});

test('S5 what a vendor writes is text on every page', async () => {
  const nasty = '"><img src=x onerror=alert(1)>';
  const vendorId = await newVendor(started.stores, nasty);
  const visitor = { name: 'nasty', role: 'vendor', vendorId } as const;
  const own = overHttps(await signedIn(started.stores, visitor));
  const wanted = { vendorId, name: nasty, scopes: ['vendor.read'], days: 1 };
  await ask(started, own, 'POST', '/api/v1/api-keys', wanted);
  for (const path of ['/vendors', '/api-keys', '/operators', '/audit', '/account']) {
    const page = await from(path, own);
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain('<img src=x');
  }
});

test('all of this is in the audit log, by whoever did it', async () => {
  const entries = await started.stores.audit.entries(Scope.everything, {
    before: undefined,
    limit: 500,
  });
  const done = new Map(entries.map(({ entry }) => [entry.action, entry]));
  const own = [
    'session.begun',
    'session.ended',
    'session.others-ended',
    'password.changed',
    'totp.added',
    'recovery-code.used',
  ];
  for (const action of own) {
    const { by, subjects } = done.get(action) ?? {};
    expect([action, by?.kind === 'command' || by?.id === subjects?.[0]]).toEqual([action, true]);
  }
  expect(done.get('operator.changed')?.by).toEqual({ kind: 'operator', id: admin.id });
  expect(JSON.stringify(entries)).not.toContain('person-');
  await started.stores.audit.verify();
});
