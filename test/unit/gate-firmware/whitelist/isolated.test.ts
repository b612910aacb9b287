import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import { openIsolatedApply } from '@pinless-gate/gate-firmware/whitelist/apply-isolated';
import type { Expectations } from '@pinless-gate/gate-firmware/whitelist/expectations';
import { httpSource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { bundleApp } from '@pinless-gate/whitelist-builder/serve';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  gateKeys,
  type Published,
  publish,
  publishers,
  strangers,
  temporary,
  withCode,
} from '../fixture.ts';

// From a web server, with everything that a web server can do.

const ENTRIES = strangers(50);
let store: FakeKeyStore;
let bundle: string;
let lists: string;
let expected: Expectations;
let published: Published;

beforeEach(async () => {
  store = await gateKeys();
  const root = temporary();
  bundle = join(root, 'bundle');
  lists = join(root, 'lists');
  published = await publish(bundle, { store, entries: ENTRIES });
  expected = {
    eventId: EVENT_ID,
    eventKeyIds: [await new Converter(store, 'event').eventKeyId(EVENT_ID)],
    publishers: await publishers(store),
    floor: 0,
    now: Date.now() / 1000,
  };
});

/** Serves the bundle; `broken` answers in its place where it wants to. Counts what was asked for. */
async function serving(broken: (name: string) => Response | undefined = () => undefined) {
  const app = bundleApp(bundle);
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const name = request.url!.slice(1);
    asked.push(name);
    const answer = broken(name) ?? (await app.request(request.url!));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!answer.body) response.end();
    else await pipeline(answer.body, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/`), asked };
}

const buckets = (asked: readonly string[]) =>
  asked.filter((name) => published.manifest.buckets.some((_, i) => bucketName(i) === name));
const bucketName = (index: number) => published.files.bucket(index).split('/').at(-1)!;

async function apply(url: URL, present?: Awaited<ReturnType<typeof applyBundle>>) {
  const list = await applyBundle(httpSource(url, 5000), lists, expected, present);
  if (list) onTestFinished(() => list.close());
  return list;
}

describe('a source over HTTP', () => {
  test('what was fetched before it broke off is not fetched again', async () => {
    const first = await serving((name) =>
      name === bucketName(3) ? new Response(null, { status: 503 }) : undefined,
    );
    await expect(apply(first.url)).rejects.toThrow(withCode('ERR_BUNDLE_MISSING'));
    const second = await serving();
    expect((await apply(second.url))?.passport.entries).toBe(50);
    expect(buckets(second.asked)).toEqual([bucketName(3)]);
    expect(await readdir(lists)).not.toContain('fetched');
  });

  test('what was fetched and damaged since is fetched again', async () => {
    const first = await serving((name) =>
      name === bucketName(3) ? new Response(null, { status: 503 }) : undefined,
    );
    await expect(apply(first.url)).rejects.toThrow(withCode('ERR_BUNDLE_MISSING'));
    await writeFile(join(lists, 'fetched', bucketName(0)), 'damaged');
    const second = await serving();
    expect((await apply(second.url))?.passport.entries).toBe(50);
    expect(buckets(second.asked).sort()).toEqual([bucketName(0), bucketName(3)].sort());
  });

  test.each<[string, () => string, (whole: Uint8Array) => Response, string]>([
    ['a bucket that never ends', () => bucketName(1), () => endless(), 'ERR_BUNDLE_TOO_LONG'],
    ['a latest that never ends', () => LATEST_NAME, () => endless(), 'ERR_BUNDLE_TOO_LONG'],
    [
      'a bucket cut while it is served',
      () => bucketName(1),
      () => new Response(published.manifest.buckets[0]!.slice(0, 20)),
      'ERR_BUNDLE_HASH',
    ],
    ['a bucket that breaks off', () => bucketName(1), () => breakingOff(), 'ERR_BUNDLE_MISSING'],
    ['a bucket of another list', () => bucketName(2), () => new Response('x'), 'ERR_BUNDLE_HASH'],
    [
      'a server that sends elsewhere',
      () => bucketName(1),
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:9/' } }),
      'ERR_BUNDLE_MISSING',
    ],
  ])('%s', async (_, name, answer, code) => {
    const { url } = await serving((asked) =>
      asked === name() ? answer(new Uint8Array()) : undefined,
    );
    await expect(apply(url)).rejects.toThrow(withCode(code));
  });
});

function breakingOff(): Response {
  let pulled = false;
  const pull = (stream: ReadableStreamDefaultController<Uint8Array>) => {
    if (pulled) stream.error(new Error('cable pulled'));
    else stream.enqueue(new Uint8Array(100));
    pulled = true;
  };
  return new Response(new ReadableStream({ pull }));
}

function endless(): Response {
  const part = new Uint8Array(1 << 20);
  return new Response(new ReadableStream({ pull: (stream) => stream.enqueue(part) }));
}

describe('openIsolatedApply', () => {
  test('applies, then what changed, then nothing; the process lives on after a refusal', async () => {
    const { url, asked } = await serving();
    const isolated = await openIsolatedApply({ source: { url: url.href }, directory: lists });
    onTestFinished(() => isolated.close());
    const first = (await isolated.apply(expected, undefined))!;
    onTestFinished(() => first.close());
    expect(first.find(ENTRIES[3]!.conversionValue)).toBeDefined();
    expect(await isolated.apply(expected, first)).toBeUndefined();

    const more = [...ENTRIES, { ...strangers(51)[50]! }];
    published = await publish(bundle, { store, entries: more, manifest: { version: 2 } });
    asked.length = 0;
    await expect(isolated.apply({ ...expected, floor: 2 }, first)).rejects.toThrow(
      withCode('ERR_BUNDLE_ROLLBACK'),
    );
    const second = (await isolated.apply({ ...expected, floor: 1 }, first))!;
    onTestFinished(() => second.close());
    expect(second.passport.entries).toBe(51);
    expect(buckets(asked)).toHaveLength(1);
  });

  test('a present list that is damaged gives nothing', async () => {
    const isolated = await openIsolatedApply({
      source: { directory: bundle },
      directory: lists,
    });
    onTestFinished(() => isolated.close());
    const list = (await isolated.apply(expected, undefined))!;
    list.condemn();
    await rm(join(list.directory, 'manifest'));
    const again = (await isolated.apply(expected, list))!;
    expect(again.find(ENTRIES[3]!.conversionValue)).toBeDefined();
    await list.close();
    await again.close();
  });
});
