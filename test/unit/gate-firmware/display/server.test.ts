import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import type { Listening } from '@pinless-gate/gate-firmware/display/listen';
import { serveLane } from '@pinless-gate/gate-firmware/display/server';
import { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import type { TapResult } from '@pinless-gate/gate-firmware/lane/tap';
import { Metrics } from '@pinless-gate/gate-firmware/metrics';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BUSY_MS } from '../../../busy.ts';

async function serve(notReady?: string, port = 0): Promise<Listening & { metrics: Metrics }> {
  const metrics = new Metrics();
  const display = {
    bus: new DisplayBus(),
    languages: ['ja', 'en'] as const,
    defaultLanguage: 'ja' as const,
    helpDesk: {},
    volume: 0,
  };
  const server = await serveLane({
    display,
    metrics: () => metrics.text(),
    notReady: () => notReady,
    host: '127.0.0.1',
    port,
  });
  onTestFinished(() => server.close());
  return { ...server, metrics };
}

const get = async ({ url }: Listening, path: string) => {
  const response = await fetch(`${url.slice(0, -1)}${path}`);
  return {
    status: response.status,
    text: await response.text(),
    type: response.headers.get('content-type'),
  };
};

const result = (reason?: string, steps = { identify: 1500, sign: 60_000 }) =>
  ({
    decision: reason ? { admitted: false, reason } : { admitted: true, tickets: [] },
    steps,
    tapMs: 70,
  }) as unknown as TapResult;

describe('serveLane', () => {
  test('alive, ready, and the display', async () => {
    const server = await serve();
    expect(await get(server, '/healthz')).toMatchObject({ status: 200, text: 'alive\n' });
    expect(await get(server, '/readyz')).toMatchObject({ status: 200, text: 'ready\n' });
    expect((await get(server, '/')).status).toBe(200);
  });

  test('not ready: says why, and is alive all the same', async () => {
    const server = await serve('ERR_READER_SERVICE');
    expect(await get(server, '/readyz')).toMatchObject({
      status: 503,
      text: 'ERR_READER_SERVICE\n',
    });
    expect((await get(server, '/healthz')).status).toBe(200);
  });

  test.each(['/nothing', '//healthz', '/metrics/..%2f', '/.env'])(
    '%s is not there',
    async (path) => {
      expect((await get(await serve(), path)).status).toBe(404);
    },
  );

  test.each([
    ['localhost', 200],
    ['127.0.0.1:80', 200],
    ['[::1]:8460', 200],
    ['gate.example', 421],
    ['127.0.0.1.gate.example', 421],
  ])('asked for by the name "%s": %d', async (host, status) => {
    const { url } = await serve();
    const request = httpGet({ ...urlToHttpOptions(new URL('healthz', url)), headers: { host } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
  });

  test('a port in use is an error with its code', async () => {
    const first = await serve();
    await expect(serve(undefined, Number(new URL(first.url).port))).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('closes while somebody watches the display', async () => {
    const server = await serve();
    const response = await fetch(new URL('/', server.url), {
      headers: { connection: 'keep-alive' },
    });
    const from = performance.now();
    await server.close();
    expect(performance.now() - from).toBeLessThan(500 + BUSY_MS);
    await response.body?.cancel();
  });
});

describe('Metrics', () => {
  test('Prometheus text: taps by outcome and reason, steps as histograms', async () => {
    const server = await serve();
    server.metrics.tap(result());
    server.metrics.tap(result('not-listed'));
    server.metrics.tap(result('not-listed', { identify: 500 } as never));
    const { text, type } = await get(server, '/metrics');
    expect(type).toBe('text/plain; version=0.0.4');
    expect(text).toContain('gate_taps_total{outcome="admitted",reason=""} 1\n');
    expect(text).toContain('gate_taps_total{outcome="refused",reason="not-listed"} 2\n');
    expect(text).toContain('gate_tap_step_milliseconds_bucket{le="0.5",step="identify"} 1\n');
    expect(text).toContain('gate_tap_step_milliseconds_bucket{le="2",step="identify"} 3\n');
    expect(text).toContain('gate_tap_step_milliseconds_sum{step="sign"} 120\n');
    expect(text).toContain('gate_tap_milliseconds_count 3\n');
  });

  test('a gauge is asked at each scrape', async () => {
    const server = await serve();
    let age = 7;
    server.metrics.gauge('gate_list_age_seconds', 'Age', () => age);
    expect((await get(server, '/metrics')).text).toContain('gate_list_age_seconds 7\n');
    age = Number.NaN;
    expect((await get(server, '/metrics')).text).toContain('gate_list_age_seconds Nan\n');
  });

  test('two gates in one process count for themselves', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.tap(result());
    expect(await two.text()).not.toContain('outcome="admitted"');
  });
});
