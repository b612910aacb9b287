import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { bundleApp, serveBundle } from '@pinless-gate/whitelist-builder/serve';
import { describe, expect, test } from 'vitest';
import { issuerOf, line, newCa, newDirectory, purchase, workshop } from './fixture.ts';

const issuer = issuerOf(await newCa());
const NAME = 'ab'.repeat(32);

describe('bundleApp', () => {
  test('what is there, with how long it may be kept', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'latest'), 'l');
    await writeFile(join(directory, NAME), 'n');
    await writeFile(join(directory, `${NAME}.signatures`), 's');
    const app = bundleApp(directory);
    for (const [name, text, control] of [
      ['latest', 'l', 'no-cache'],
      [NAME, 'n', /immutable/],
      [`${NAME}.signatures`, 's', 'no-cache'],
    ] as const) {
      const response = await app.request(`/${name}`);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(text);
      expect(response.headers.get('cache-control')).toMatch(control);
    }
    const head = await app.request('/latest', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test.each([
    ['/', 'GET'],
    ['/rejects.ndjson', 'GET'],
    ['/.build-1-0123456789ab', 'GET'],
    [`/${NAME.toUpperCase()}`, 'GET'],
    [`/${NAME}0`, 'GET'],
    [`/${NAME}.signatures.bak`, 'GET'],
    ['/../secret', 'GET'],
    ['/..%2fsecret', 'GET'],
    ['/%2e%2e/secret', 'GET'],
    [`//${NAME}`, 'GET'],
    [`/latest/`, 'GET'],
    [`/latest%00`, 'GET'],
    [`/${'cd'.repeat(32)}`, 'GET'],
    [`/${'ef'.repeat(32)}`, 'GET'],
    ['/latest', 'POST'],
    ['/latest', 'DELETE'],
  ])('nothing else: %s by %s', async (path, method) => {
    const directory = await newDirectory();
    const dir = join(directory, 'bundle');
    await mkdir(dir);
    await writeFile(join(directory, 'secret'), 'secret');
    for (const name of ['latest', NAME, 'rejects.ndjson', '.build-1-0123456789ab']) {
      await writeFile(join(dir, name), 'x');
    }
    await mkdir(join(dir, 'cd'.repeat(32)));
    expect((await bundleApp(dir).request(path, { method })).status).toBe(404);
  });
});

describe('serveBundle', () => {
  test('a bundle fetched name by name verifies', async () => {
    const shop = await workshop(issuer);
    await shop.build(line(purchase(1)));
    const serving = await serveBundle(shop.out, '127.0.0.1', 0);
    const copy = await newDirectory();
    for (const name of await readdir(shop.out)) {
      const response = await fetch(new URL(name, serving.url));
      await writeFile(join(copy, name), Buffer.from(await response.arrayBuffer()));
    }
    await serving.close();
    const publishers = { keys: [await shop.keys.publicKey('publisher')], threshold: 1 };
    expect((await verifyBundle(copy, { publishers })).manifest.entryCount).toBe(1);
  });

  test('a port that is taken', async () => {
    const directory = await newDirectory();
    const serving = await serveBundle(directory, '127.0.0.1', 0);
    const port = Number(new URL(serving.url).port);
    await expect(serveBundle(directory, '127.0.0.1', port)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await serving.close();
  });
});
