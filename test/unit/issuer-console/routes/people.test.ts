import type { VisitorEnv } from '@pinless-gate/issuer-console/routes/access';
import { clientAddress } from '@pinless-gate/issuer-console/routes/client-address';
import { loopbackOnly } from '@pinless-gate/issuer-console/routes/headers';
import { KeyedRates } from '@pinless-gate/issuer-console/routes/request-rates';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_RATES } from '../accounts.ts';
import { GATE_A, startConsole, type TestConsole, TestGate } from '../fixture.ts';

describe('clientAddress', () => {
  const app = new Hono<VisitorEnv>()
    .use(clientAddress(['10.0.0.1', '10.0.0.2']))
    .get('/', (c) => c.text(c.get('address')));
  const addressOf = async (peer: string, forwarded?: string) => {
    const headers: Record<string, string> =
      forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    const env = { incoming: { socket: { remoteAddress: peer } } };
    return (await app.request('/', { headers }, env)).text();
  };

  test.each<[string, string, string | undefined, string]>([
    ['no proxy', '192.0.2.1', undefined, '192.0.2.1'],
    ['a stranger says what it likes', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['a proxy tells', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['the last that no proxy added', '10.0.0.1', '6.6.6.6, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['nonsense', '10.0.0.1', 'a b c', '10.0.0.1'],
    ['a proxy that tells nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['IPv4 in IPv6', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['IPv6: its network', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['IPv6, short', '2001:db8::1', undefined, '2001:db8:0:0::/64'],
    ['IPv6, of this machine', '::1', undefined, '0:0:0:0::/64'],
  ])('%s', async (_, peer, forwarded, address) => {
    expect(await addressOf(peer, forwarded)).toBe(address);
  });
});

test.each([
  ['127.0.0.1', 'localhost', 200],
  ['::1', 'localhost', 200],
  ['192.0.2.1', 'localhost', 421],
  ['127.0.0.1', 'console.example.jp', 421],
])('for the machine itself: %s asking %s', async (remoteAddress, host, status) => {
  const app = new Hono().use(loopbackOnly()).get('/', (c) => c.text('here'));
  app.onError((error, c) => c.text(error.name, 421));
  const env = { incoming: { socket: { remoteAddress } } };
  expect((await app.request(`http://${host}/`, {}, env)).status).toBe(status);
});

test('whoever asks, no more than so many are remembered', () => {
  const rates = new KeyedRates({ burst: 1, everyMs: 1000 }, () => 0);
  for (let i = 0; i < 12_000; i++) expect(rates.take(`address-${i}`)).toBe(0);
  expect(rates.size).toBe(10_000);
  expect(rates.take('address-11999')).toBe(1);
});

describe('S8, S9 a console that is asked too much', () => {
  let started: TestConsole;
  const rate = { burst: 3, everyMs: 1000 };
  beforeAll(async () => {
    started = await startConsole({
      rates: { ...NO_RATES, address: rate, actor: rate, upload: rate },
    });
  }, 60_000);
  afterAll(() => started.close());

  test('tells people to wait, and takes what gates send', async () => {
    const gate = new TestGate(GATE_A, 'A');
    await started.enrol(gate);
    const ask = () => started.see('/account');
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([
      200, 200, 200,
    ]);
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    for (let i = 0; i < 10; i++) {
      gate.admit();
      expect((await started.upload(gate, gate.entries.slice(-1))).status).toBe(200);
      expect((await started.app.request('/bundle/latest')).status).toBe(404);
      expect((await started.app.request('/healthz')).status).toBe(200);
    }
    started.now += 1000;
    expect((await ask()).status).toBe(200);
  });
});
