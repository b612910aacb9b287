import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import type { Pace } from '@pinless-gate/issuer-console/pace';
import { type Listening, listen } from '@pinless-gate/issuer-console/serve';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ended, newEvent } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';

const PACE: Pace = { wholeMs: 500, windowMs: 3000, windowOctets: 500 };

let started: TestConsole;
let server: Listening;
let own: SignedIn;
let vendorId: string;
beforeAll(async () => {
  started = await startConsole();
  server = await listen(started.app, '127.0.0.1', 0, undefined, PACE);
  vendorId = await newVendor(started.stores, 'A');
  own = await signedIn(started.stores, { name: 'own', role: 'vendor', vendorId });
}, 60_000);
afterAll(async () => {
  await server.close();
  await started.close();
});

function begin(path: string, type: string): ClientRequest {
  return request(new URL(path, server.url), {
    method: 'POST',
    headers: {
      'content-type': type,
      'sec-fetch-site': 'same-origin',
      cookie: own.cookie,
      'form-token': own.formToken,
    },
  });
}

const uploading = (eventId: string) =>
  begin(`/api/v1/events/${eventId}/imports`, 'application/x-ndjson');

async function answerTo(sent: ClientRequest): Promise<{ status?: number; body: string }> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode!, body: await text(response) };
}

/** So much every so often, until it is told to stop or cut off. */
async function drip(sent: ClientRequest, chunks: readonly string[], everyMs: number) {
  sent.on('error', () => undefined);
  for (const chunk of chunks) {
    if (sent.destroyed) return;
    sent.write(chunk);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

describe.concurrent('S6 a body that comes slowly', () => {
  test('is taken where it is an upload that goes on, however long it takes', async () => {
    const sent = uploading(await newEvent(started, vendorId, own));
    const answer = answerTo(sent);
    // Longer than any other request may take, and than one time of an upload.
    const feed = feedOf(purchase(1)).padEnd(6400, '\n');
    const chunks = Array.from({ length: 16 }, (_, i) => feed.slice(i * 400, (i + 1) * 400));
    await drip(sent, chunks, 250);
    sent.end();
    const { status, body } = await answer;
    expect(status).toBe(202);
    const { id } = JSON.parse(body) as { id: string };
    expect(await ended(started, own, id)).toMatchObject({ state: 'done', accepted: 1 });
  });

  test.each([
    ['stalls', ['{']],
    ['sends an octet now and then', [...'{"purchaseId":"P-1","status":"paid","tickets"']],
  ])('is cut off where an upload %s, and the next one goes', async (_, chunks) => {
    const eventId = await newEvent(started, vendorId, own);
    const sent = uploading(eventId);
    const answer = answerTo(sent);
    void drip(sent, chunks, 50);
    expect(await answer).toMatchObject({ status: 408 });
    const event = (await started.stores.events.find(Scope.everything, eventId))!;
    const last = async () => (await started.stores.imports.list(event, 1))[0];
    await vi.waitUntil(async () => (await last())?.state === 'failed', { timeout: 30_000 });
    expect(await last()).toMatchObject({ failure: 'ERR_HTTP_INCOMPLETE' });
    const next = uploading(eventId);
    next.end(feedOf(purchase(1)));
    const { status, body } = await answerTo(next);
    expect(status).toBe(202);
    await ended(started, own, (JSON.parse(body) as { id: string }).id);
    expect(started.logged.filter((line) => line.includes('request failed'))).toEqual([]);
  });

  test('is cut off where it is no upload, though it goes on', async () => {
    const sent = begin('/api/v1/vendors', 'application/json');
    const answer = answerTo(sent);
    void drip(sent, Array(50).fill(' '.repeat(1000)), 50);
    expect((await answer).status).toBe(408);
  });
});

describe('S6 headers', () => {
  test.each([
    ['ten thousand of them', Array.from({ length: 10_000 }, (_, i) => `x-${i}: y`).join('\r\n')],
    ['one of a hundred thousand letters', `x: ${'y'.repeat(100_000)}`],
  ])('%s: refused', async (_, lines) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost\r\n${lines}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });
});
