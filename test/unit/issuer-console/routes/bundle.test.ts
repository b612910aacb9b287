import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publish, startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let name: string;

beforeAll(async () => {
  started = await startConsole();
  name = await publish(started.bundles);
  await writeFile(join(started.bundles, 'secret.txt'), 'SECRET');
  await writeFile(join(started.bundles, '..', `${name.slice(0, 8)}-outside`), 'SECRET');
}, 60_000);
afterAll(() => started.close());

const get = (path: string, init?: RequestInit) => started.app.request(path, init);

describe('GET /bundle/:name', () => {
  test('content may be kept for ever', async () => {
    const response = await get(`/bundle/${name}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
  });

  test.each(['latest', 'signatures'])('%s is asked for anew', async (which) => {
    const response = await get(`/bundle/${which === 'latest' ? which : `${name}.signatures`}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-cache');
    await response.text();
  });

  test('latest names the manifest', async () => {
    expect(await (await get('/bundle/latest')).text()).toContain(name);
  });

  test('latest is waited for by whoever says so', async () => {
    const headers = { prefer: 'wait=0', 'if-none-match': `"${name}"` };
    const same = await get('/bundle/latest', { headers });
    expect([same.status, same.headers.get('preference-applied')]).toEqual([304, 'wait=0']);
    const other = await get('/bundle/latest', {
      headers: { ...headers, 'if-none-match': `"${'0'.repeat(64)}"` },
    });
    expect([other.status, other.headers.get('etag')]).toEqual([200, `"${name}"`]);
    expect(await other.text()).toContain(name);
  });

  test('HEAD tells the length without the content', async () => {
    const response = await get(`/bundle/${name}`, { method: 'HEAD' });
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
    expect(await response.text()).toBe('');
  });

  test.each([
    '/bundle/',
    '/bundle/secret.txt',
    '/bundle//latest',
    '//bundle/latest',
    '/bundle/./latest/',
    '/bundle/latest/',
    '/bundle/LATEST',
    '/bundle/latest%00',
    '/bundle/latest%0a',
    '/bundle/../bundle/secret.txt',
    '/bundle/%2e%2e/secret.txt',
    '/bundle/..%2fsecret.txt',
    '/bundle/%2e%2e%2fsecret.txt',
    '/bundle/..%5csecret.txt',
    '/bundle/..;/secret.txt',
    '/bundle/;/latest',
    '/bundle/latest;.txt',
    '/bundle%2flatest',
    '/bundle/%252e%252e%252fsecret.txt',
    '/bundle/....//secret.txt',
    '/bundle/%c0%ae%c0%ae/secret.txt',
    '/bundle/%ff',
    `/bundle/${'a'.repeat(64)}`,
    `/bundle/${'A'.repeat(64)}`,
    `/bundle/${'a'.repeat(63)}`,
    `/bundle/${'a'.repeat(65)}`,
    `/bundle/${'a'.repeat(64)}.signatures.bak`,
  ])('%s is not there', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain('SECRET');
  });

  test('a name of 10,000 digits is not there', async () => {
    expect((await get(`/bundle/${'a'.repeat(10_000)}`)).status).toBe(404);
  });

  test('a symbolic link with a good name leads nowhere', async () => {
    const link = 'b'.repeat(64);
    await symlink('/etc/hostname', join(started.bundles, link));
    expect((await get(`/bundle/${link}`)).status).toBe(404);
  });

  test('a directory with a good name is not there', async () => {
    await mkdir(join(started.bundles, 'c'.repeat(64)));
    expect((await get(`/bundle/${'c'.repeat(64)}`)).status).toBe(404);
  });

  test.each(['POST', 'PUT', 'DELETE'])('%s is not there', async (method) => {
    expect((await get('/bundle/latest', { method })).status).toBe(404);
  });

  test('a directory that is gone is not there, and the page says so', async () => {
    await rm(started.bundles, { recursive: true });
    expect((await get('/bundle/latest')).status).toBe(404);
    expect(await (await started.see('/?lang=en')).text()).toContain('There is no list yet');
  });
});
