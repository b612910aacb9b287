import { once } from 'node:events';
import { createServer } from 'node:http';
import { utf8 } from '@pinless-gate/protocol/bytes';
import { deliver, isWebhookUrl } from '@pinless-gate/whitelist-builder/validity/webhook';
import { describe, expect, test } from 'vitest';

const notice = { body: utf8('{}'), signature: Uint8Array.of(1, 2) };
const signal = new AbortController().signal;

async function answering(...statuses: readonly number[]) {
  const got: { body: string; signature: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const signature = request.headers['pinless-gate-signature'];
    got.push({ body, signature });
    response.writeHead(statuses[got.length - 1] ?? 500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const close = () => server.close().closeAllConnections();
  return { got, url: `http://127.0.0.1:${port}/`, close };
}

describe('deliver', () => {
  test('tries again until it is taken', async () => {
    const { got, url, close } = await answering(503, 204);
    await deliver(url, notice, { signal, pausesMs: [1, 1, 1] });
    close();
    expect(got).toHaveLength(2);
    expect(got[1]).toEqual({ body: '{}', signature: 'AQI=' });
  });

  test('gives up when its tries are used up', async () => {
    const { got, url, close } = await answering();
    const delivery = { signal, pausesMs: [1, 1] };
    await expect(deliver(url, notice, delivery)).rejects.toMatchObject({ code: 'ERR_WEBHOOK' });
    close();
    expect(got).toHaveLength(3);
  });

  test('nobody listens', async () => {
    const delivery = { signal, pausesMs: [] };
    const delivered = deliver('http://127.0.0.1:1/', notice, delivery);
    await expect(delivered).rejects.toMatchObject({ code: 'ERR_WEBHOOK' });
  });

  test('ends when it is told to', async () => {
    const abort = new AbortController();
    const { url, close } = await answering();
    const delivered = deliver(url, notice, { signal: abort.signal, pausesMs: [60_000] });
    setTimeout(() => abort.abort(), 50);
    await expect(delivered).rejects.toMatchObject({ code: 'ERR_INTERRUPTED' });
    close();
  });
});

test.each([
  ['https://vendor.example/hook', true],
  ['http://127.0.0.1:8000/', true],
  ['http://[::1]/', true],
  ['http://localhost/', true],
  ['http://vendor.example/', false],
  ['http://127.0.0.1.example/', false],
  ['https://user:secret@vendor.example/', false],
  ['ftp://127.0.0.1/', false],
  ['', false],
])('isWebhookUrl %s: %s', (url, allowed) => {
  expect(isWebhookUrl(url)).toBe(allowed);
});
