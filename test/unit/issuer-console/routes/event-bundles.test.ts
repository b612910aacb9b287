import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '@pinless-gate/gate-firmware/whitelist/source';
import { listen } from '@pinless-gate/issuer-console/serve';
import { BundleDirectory } from '@pinless-gate/issuer-console/store/bundle-directory';
import { formatLatest, sha256 } from '@pinless-gate/protocol/bundle';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestOf, NOW, publish, startConsole, type TestConsole } from '../fixture.ts';

// Three events: A has the shared directory, B one of its own, and of C there is no list yet.

const [A, B, C] = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)];
let root: string;
let started: TestConsole;
let ofA: string;
let ofB: string;
const HOUR_S = 3600;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'console-events-'));
  const directory = (id: string) => join(root, id);
  for (const id of [A, B, C]) await mkdir(directory(id));
  ofA = await publish(directory(A), manifestOf({ eventId: fromHex(A) }));
  // Older than its policy likes.
  const issuedAt = NOW / 1000 - 30 * HOUR_S;
  const event = { name: '春の音楽祭', place: '川崎', startsAt: NOW / 1000 };
  const late = { eventId: fromHex(B), event, version: 3, issuedAt, notBefore: issuedAt };
  ofB = await publish(directory(B), manifestOf(late));
  await writeFile(join(root, 'latest'), 'SECRET');
  const bundles = new BundleDirectory(directory(A));
  started = await startConsole({
    bundles,
    eventBundles: [
      { eventId: A, name: '冬の音楽祭 2026', files: bundles },
      { eventId: B, name: '春の音楽祭', files: new BundleDirectory(directory(B)) },
      { eventId: C, name: '夏の音楽祭', files: new BundleDirectory(directory(C)) },
    ],
  });
}, 60_000);
afterAll(async () => {
  await started?.close();
  await rm(root, { recursive: true });
});

const get = (path: string, init?: RequestInit) => started.app.request(path, init);
const textOf = async (path: string) => (await get(path)).text();

test('each event has its own list, and the shared one stays where it was', async () => {
  expect(await textOf('/bundle/latest')).toContain(ofA);
  expect(await textOf(`/bundle/${A}/latest`)).toContain(ofA);
  expect(await textOf(`/bundle/${B}/latest`)).toContain(ofB);
  const manifest = await get(`/bundle/${B}/${ofB}`);
  expect(manifest.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const bytes = new Uint8Array(await manifest.arrayBuffer());
  expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(ofB);
  expect((await get(`/bundle/${B}/${ofB}.signatures`)).status).toBe(200);
  const head = await get(`/bundle/${B}/${ofB}`, { method: 'HEAD' });
  expect([head.headers.get('content-length'), await head.text()]).toEqual([`${bytes.length}`, '']);
});

test.each([
  () => `/bundle/${A}/${ofB}`,
  () => `/bundle/${B}/${ofA}`,
  () => `/bundle/${ofB}`,
  () => `/bundle/${C}/latest`,
  () => `/bundle/${'d'.repeat(32)}/latest`,
  () => `/bundle/${B.toUpperCase()}/latest`,
  () => `/bundle/${B}/`,
  () => `/bundle/${B}`,
  () => `/bundle/${B}//latest`,
  () => `/bundle/${B}/latest/`,
  () => `/bundle/${B}/latest/latest`,
  () => `/bundle/${B}/LATEST`,
  () => `/bundle/${B}/..%2f${A}%2flatest`,
  () => `/bundle/${B}/..%2flatest`,
  () => `/bundle/${B}%2f..%2f${A}/${ofB}`,
  () => `/bundle/${B}/%2e%2e/latest/x`,
  () => `/bundle/%2e%2e%2f${B}/latest`,
  () => '/bundle/%2e/latest/',
  () => '/bundle/constructor/latest',
  () => '/bundle/__proto__/latest',
  () => `/bundle/%00${B}/latest`,
])('%# is not there', async (path) => {
  const response = await get(path());
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('SECRET');
});

test.each(['POST', 'PUT', 'DELETE'])('%s is not there', async (method) => {
  expect((await get(`/bundle/${B}/latest`, { method })).status).toBe(404);
});

test('the board, the rules, the alarms and the metrics speak of every event', async () => {
  const board = await (await started.see('/?lang=en')).text();
  expect(board).toMatch(/<strong>春の音楽祭<\/strong> Getting old until .* · v3 · /);
  expect(board).toContain('<strong>夏の音楽祭</strong> There is no list yet');
  expect(board).toContain('春の音楽祭: The list is getting old');
  expect(board).toContain('夏の音楽祭: No list is published');
  expect(board).not.toContain('冬の音楽祭 2026: ');
  const rules = await (await started.see('/rules?lang=en')).text();
  for (const name of ['冬の音楽祭 2026', '春の音楽祭', '夏の音楽祭']) {
    expect(rules).toContain(`<h2>${name}</h2>`);
  }
  const metrics = await textOf('/metrics');
  expect(metrics).toContain('pinless_console_list_version 14\n');
  expect(metrics).toContain(`pinless_console_list_version{event="${B}"} 3\n`);
  expect(metrics).toContain(`pinless_console_list_issued_timestamp_seconds{event="${C}"} 0\n`);
  expect(metrics).not.toContain(`event="${A}"`);
  expect(metrics).toContain('pinless_console_alarms{kind="list-stale"} 1\n');
  expect(metrics).toContain('pinless_console_alarms{kind="list-missing"} 1\n');
});

test('a gate reads and waits under the address of its event', async () => {
  const server = await listen(started.app, '127.0.0.1', 0, undefined);
  try {
    const source = openSource({ url: `${server.url}bundle/${C}/` });
    await expect(source.read('latest', 1000)).rejects.toMatchObject({ code: 'ERR_BUNDLE_MISSING' });
    const name = await publish(join(root, C), manifestOf({ eventId: fromHex(C) }));
    expect(Buffer.from(await source.read('latest', 1000)).toString()).toContain(name);
    const changed = source.changed!(AbortSignal.timeout(20_000));
    const next = manifestOf({ eventId: fromHex(C), version: 15 });
    expect(await publish(join(root, C), next)).not.toBe(name);
    expect(await changed).toBe(true);
  } finally {
    await server.close();
  }
});

test('whoever waits for one event is not woken by another', async () => {
  const waitFor = async (id: string, name: string) =>
    get(`/bundle/${id}/latest`, {
      headers: { prefer: 'wait=30', 'if-none-match': `"${name}"` },
    });
  const order: string[] = [];
  const waitingB = waitFor(B, ofB).then((answer) => {
    order.push('B');
    return answer;
  });
  const waitingA = waitFor(A, ofA).then((answer) => {
    order.push('A');
    return answer;
  });
  const next = 'd'.repeat(64);
  await writeFile(join(root, A, 'latest'), formatLatest(fromHex(next)));
  expect((await waitingA).headers.get('etag')).toBe(`"${next}"`);
  expect(order).toEqual(['A']);
  await writeFile(join(root, B, 'latest'), formatLatest(fromHex(next)));
  const answer = await waitingB;
  expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'wait=30']);
});
