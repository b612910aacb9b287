import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HsmError } from '@pinless-gate/hsm/key-store';
import { contentName } from '@pinless-gate/protocol/bundle';
import { describe, expect, test } from 'vitest';
import { issuerOf, line, many, newCa, purchase, type Workshop, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());

describe('buildBundle: failures leave the bundle before as it was', () => {
  const failing = [
    [
      'no event key',
      async (shop: Workshop) =>
        shop.build(many(3), {
          event: { ...shop.job.event, keys: { event: 'gone', publisher: 'publisher' } },
        }),
      'ERR_HSM_KEY_MISSING',
    ],
    [
      'the HSM dies after the first batch',
      async (shop: Workshop) => {
        const macAll = shop.keys.macAll.bind(shop.keys);
        shop.keys.macAll = async (label, data) => {
          const macs = await macAll(label, data);
          shop.keys.failure = new HsmError('ERR_HSM_TOKEN', 'gone');
          return macs;
        };
        return shop.build(many(3000));
      },
      'ERR_HSM_TOKEN',
    ],
    [
      'a signature that does not hold',
      async (shop: Workshop) => {
        shop.keys.sign = async () => new Uint8Array(64);
        return shop.build(many(3));
      },
      'ERR_BUNDLE_SIGNATURE',
    ],
    [
      'interrupted',
      async (shop: Workshop) => shop.build(many(3), { signal: AbortSignal.abort('SIGINT') }),
      'ERR_INTERRUPTED',
    ],
    [
      'the feed changes meanwhile',
      async (shop: Workshop) =>
        shop.build(many(3), {
          keys: changing(shop),
        }),
      'ERR_FEED_CHANGED',
    ],
    [
      'a directory with something else than feeds in it',
      async (shop: Workshop) => {
        await mkdir(join(shop.directory, 'd'));
        await writeFile(join(shop.directory, 'd', 'notes.txt'), '');
        return shop.build(many(1), { feed: join(shop.directory, 'd') });
      },
      'ERR_FEED_FILE',
    ],
    [
      'a pipe that nobody writes to',
      async (shop: Workshop) => {
        const pipe = join(shop.directory, 'pipe.ndjson');
        execFileSync('mkfifo', [pipe]);
        return shop.build(many(1), { feed: pipe });
      },
      'ERR_FEED_FILE',
    ],
    [
      'no feed',
      async (shop: Workshop) => shop.build(many(1), { feed: join(shop.directory, 'gone') }),
      'ENOENT',
    ],
    [
      'rejects that cannot be written',
      async (shop: Workshop) =>
        shop.build('x\n', { rejects: join(shop.directory, 'gone', 'rejects') }),
      'ENOENT',
    ],
  ] as const;

  /** Appends to the feed when the manifest's key id is asked for: after the feed was opened. */
  function changing(shop: Workshop) {
    const mac = shop.keys.macAll.bind(shop.keys);
    shop.keys.macAll = async (label, data) => {
      await writeFile(shop.job.feed, line(purchase(9)), { flag: 'a' });
      return mac(label, data);
    };
    return shop.keys;
  }

  test.each(failing)('%s', async (_, run, code) => {
    const shop = await workshop(issuer);
    const before = await shop.build(many(2));
    const files = await readdir(shop.out);
    await expect(run(shop)).rejects.toMatchObject({ code });
    expect(await readdir(shop.out)).toEqual(files);
    expect(await readFile(join(shop.out, 'latest'), 'latin1')).toContain(contentName(before.hash));
    expect((await readdir(shop.directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  const HALF_MANIFEST = `.${'a5'.repeat(32)}.0123456789ab`;

  test('a build that was killed left its directory and half a manifest: the next one removes both', async () => {
    const shop = await workshop(issuer);
    await mkdir(join(shop.out, '.build-999999999-0123456789ab'), { recursive: true });
    await writeFile(join(shop.out, HALF_MANIFEST), '');
    await shop.build(many(1));
    expect((await readdir(shop.out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a build that still runs is not disturbed', async () => {
    const shop = await workshop(issuer);
    await mkdir(join(shop.out, `.build-${process.pid}-0123456789ab`), { recursive: true });
    await writeFile(join(shop.out, HALF_MANIFEST), '');
    await expect(shop.build(many(1))).rejects.toMatchObject({ code: 'ERR_BUILD_BUSY' });
    expect(await readdir(shop.out)).toContain(HALF_MANIFEST);
  });
});
