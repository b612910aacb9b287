import { mkdir, readdir, rename as renameFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LatestWatch } from '@pinless-gate/whitelist-builder/bundle/latest-watch';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { bundleApp, serveBundle } from '@pinless-gate/whitelist-builder/serve';
import { describe, expect, test } from 'vitest';
import { issuerOf, line, newCa, newDirectory, purchase, workshop } from './fixture.ts';

const issuer = issuerOf(await newCa());
const NAME = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const latestOf = (name: string) => `pinless-gate/latest/1 ${name}\n`;
const LATEST = latestOf(NAME);

describe('bundleApp', () => {
  test('what is there, with how long it may be kept', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'latest'), LATEST);
    await writeFile(join(directory, 'publishers-1'), 'p');
    await writeFile(join(directory, NAME), 'n');
    await writeFile(join(directory, `${NAME}.signatures`), 's');
    const app = bundleApp(directory);
    for (const [name, text, control] of [
      ['latest', LATEST, 'no-cache'],
      ['publishers-1', 'p', 'no-cache'],
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

  describe('to whoever waits for another latest', () => {
    const waiting = (wait: string, known = NAME) => ({
      headers: { prefer: wait, 'if-none-match': `"${known}"` },
    });
    const rename = async (directory: string, name: string) => {
      await writeFile(join(directory, 'beside'), latestOf(name));
      await renameFile(join(directory, 'beside'), join(directory, 'latest'));
    };

    test('it comes at once when it is there', async () => {
      const directory = await newDirectory();
      await rename(directory, OTHER);
      const response = await bundleApp(directory).request('/latest', waiting('wait=30'));
      expect(await response.text()).toBe(latestOf(OTHER));
      expect(response.headers.get('preference-applied')).toBe('wait=30');
    });

    test('it comes when it is published', async () => {
      const directory = await newDirectory();
      await rename(directory, NAME);
      const asked = bundleApp(directory).request('/latest', waiting('wait=30'));
      await writeFile(join(directory, OTHER), 'a bucket');
      await rename(directory, OTHER);
      expect(await (await asked).text()).toBe(latestOf(OTHER));
    });

    test('nothing comes after the time', async () => {
      const directory = await newDirectory();
      await rename(directory, NAME);
      const response = await bundleApp(directory).request('/latest', waiting('wait=0'));
      expect([response.status, response.headers.get('preference-applied')]).toEqual([
        304,
        'wait=0',
      ]);
    });

    test('nobody waits without a wish, or without saying what is known', async () => {
      const directory = await newDirectory();
      await rename(directory, NAME);
      const app = bundleApp(directory);
      const known = { headers: { 'if-none-match': `"${NAME}"` } };
      const first = await app.request('/latest', known);
      expect([first.status, first.headers.get('preference-applied')]).toEqual([304, null]);
      const second = await app.request('/latest', { headers: { prefer: 'wait=30' } });
      expect([second.status, second.headers.get('preference-applied')]).toEqual([200, null]);
    });

    test('everybody is let go when the server ends', async () => {
      const directory = await newDirectory();
      await rename(directory, NAME);
      const latest = new LatestWatch(directory);
      let status: number | undefined;
      const app = bundleApp(directory, latest);
      const asked = Promise.resolve(app.request('/latest', waiting('respond-async, wait=60')));
      const told = asked.then((response) => {
        status = response.status;
      });
      await expect.poll(() => latest.close() ?? status).toBe(304);
      await told;
    });
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
