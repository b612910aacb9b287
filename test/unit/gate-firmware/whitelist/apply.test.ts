import { existsSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyBundle, makeCurrent, openCurrent } from '@pinless-gate/gate-firmware/whitelist/apply';
import type { Expectations } from '@pinless-gate/gate-firmware/whitelist/expectations';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { encodeManifest, formatLatest, hashAt, LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  countingSource,
  EVENT_ID,
  gateKeys,
  type Publication,
  type Published,
  publish,
  publishers,
  strangers,
  temporary,
  withCode,
} from '../fixture.ts';

let store: FakeKeyStore;
let bundle: string;
let lists: string;
let expected: Expectations;

beforeEach(async () => {
  store = await gateKeys();
  const directory = temporary();
  bundle = join(directory, 'bundle');
  lists = join(directory, 'lists');
  expected = {
    eventId: EVENT_ID,
    eventKeyIds: [await new Converter(store, 'event').eventKeyId(EVENT_ID)],
    publishers: await publishers(store),
    floor: 0,
    now: Date.now() / 1000,
  };
});

const publishHere = (more: Partial<Publication> = {}) =>
  publish(bundle, { store, entries: strangers(20), ...more });

async function apply(changes: Partial<Expectations> = {}, present?: Whitelist) {
  const source = directorySource(bundle);
  const list = await applyBundle(source, lists, { ...expected, ...changes }, present);
  if (list) onTestFinished(() => list.close());
  return list;
}

async function flip(file: string, at: number): Promise<void> {
  const octets = await readFile(file);
  const index = at < 0 ? octets.length + at : at;
  octets[index] = octets[index]! ^ 0x01;
  await writeFile(file, octets);
}

const filled = async (): Promise<string[]> => (existsSync(lists) ? readdir(lists) : []);

describe('applyBundle', () => {
  test('gives a list that answers for every entry, and for nobody else', async () => {
    const entries = strangers(300);
    const { manifest } = await publishHere({ entries });
    const list = (await apply())!;
    const { hashes, ...signed } = list.manifest;
    const buckets = manifest.buckets.map((_, i) => hashAt(hashes, i));
    expect(encodeManifest({ ...signed, buckets })).toEqual(encodeManifest(manifest));
    for (const { conversionValue, sealed } of entries) {
      expect(new Uint8Array(list.find(conversionValue)!)).toEqual(sealed);
    }
    expect(list.find(new Uint8Array(16))).toBeUndefined();
  });

  test('a list that is signed as empty is a list', async () => {
    await publishHere({ entries: [] });
    expect((await apply())!.passport.entries).toBe(0);
  });

  test('the list that is in force is not read again', async () => {
    await publishHere();
    const list = (await apply())!;
    const source = countingSource(bundle);
    expect(await applyBundle(source, lists, expected, list)).toBeUndefined();
    expect(source.reads).toEqual([LATEST_NAME]);
  });

  test('an update fetches the buckets that changed, and only those', async () => {
    const entries = strangers(40);
    const first = await publishHere({ entries });
    const present = (await apply())!;
    const changed = entries.map((entry, i) =>
      i === 3 ? { ...entry, sealed: new Uint8Array(99) } : entry,
    );
    const second = await publishHere({ entries: changed, manifest: { version: 2 } });
    const different = [0, 1, 2, 3].filter((i) => first.files.bucket(i) !== second.files.bucket(i));
    expect(different).toHaveLength(1);
    const source = countingSource(bundle);
    const list = (await applyBundle(source, lists, { ...expected, floor: 1 }, present))!;
    onTestFinished(() => list.close());
    const buckets = source.reads.filter((name) =>
      second.files.bucket(different[0]!).endsWith(name),
    );
    expect(buckets).toHaveLength(1);
    expect(source.reads).toHaveLength(4); // latest, manifest, signatures, one bucket
    expect(list.find(entries[3]!.conversionValue)).toHaveLength(99);
  });

  test('with another number of buckets everything is fetched', async () => {
    await publishHere();
    const present = (await apply())!;
    await publishHere({ manifest: { version: 2, bucketBits: 1 } });
    const source = countingSource(bundle);
    const list = (await applyBundle(source, lists, { ...expected, floor: 1 }, present))!;
    onTestFinished(() => list.close());
    expect(source.reads).toHaveLength(5);
  });

  test('what an attempt before left behind is in nobody’s way', async () => {
    const { files } = await publishHere();
    const bucket = await readFile(files.bucket(1));
    await rm(files.bucket(1));
    await expect(apply()).rejects.toThrow(withCode('ERR_BUNDLE_MISSING'));
    await writeFile(files.bucket(1), bucket);
    expect((await apply())!.passport.entries).toBe(20);
  });
});

/** What is done to a bundle, and which rule it breaks then. */
const FAULTS: Readonly<Record<string, [(files: Published['files']) => Promise<unknown>, string]>> =
  {
    'first octet of the manifest flipped': [(f) => flip(f.manifest, 0), 'ERR_BUNDLE_HASH'],
    'last octet of the manifest flipped': [(f) => flip(f.manifest, -1), 'ERR_BUNDLE_HASH'],
    'manifest cut short': [(f) => truncate(f.manifest, 100), 'ERR_BUNDLE_HASH'],
    'manifest missing': [(f) => rm(f.manifest), 'ERR_BUNDLE_MISSING'],
    'octet of a bucket flipped': [(f) => flip(f.bucket(2), 30), 'ERR_BUNDLE_HASH'],
    'bucket empty': [(f) => truncate(f.bucket(0), 0), 'ERR_BUNDLE_HASH'],
    'octet added to a bucket': [(f) => appendFile(f.bucket(0), 'x'), 'ERR_BUNDLE_HASH'],
    'bucket missing': [(f) => rm(f.bucket(3)), 'ERR_BUNDLE_MISSING'],
    'octet of the signature flipped': [(f) => flip(f.signatures, -1), 'ERR_BUNDLE_SIGNATURE'],
    'signatures missing': [(f) => rm(f.signatures), 'ERR_BUNDLE_MISSING'],
    'signatures empty': [(f) => truncate(f.signatures, 0), 'ERR_CBOR'],
    'endless bucket': [(f) => truncate(f.bucket(1), 17 * 2 ** 20), 'ERR_BUNDLE_TOO_LONG'],
    'endless manifest': [(f) => truncate(f.manifest, 65 * 2 ** 20), 'ERR_BUNDLE_TOO_LONG'],
    'endless signatures': [(f) => truncate(f.signatures, 2 ** 17), 'ERR_BUNDLE_TOO_LONG'],
    'latest is garbage': [() => writeFile(join(bundle, LATEST_NAME), 'v2\n'), 'ERR_BUNDLE_LATEST'],
    'latest is empty': [() => truncate(join(bundle, LATEST_NAME), 0), 'ERR_BUNDLE_LATEST'],
    'latest is missing': [() => rm(join(bundle, LATEST_NAME)), 'ERR_BUNDLE_MISSING'],
    'latest points at a bucket': [
      async (f) => {
        const name = f.bucket(0).slice(-64);
        await writeFile(
          f.bucket(0).replace(name, `${name}.signatures`),
          await readFile(f.signatures),
        );
        await writeFile(join(bundle, LATEST_NAME), formatLatest(Buffer.from(name, 'hex')));
      },
      'ERR_BUNDLE_SIGNATURE',
    ],
  };

/** What is wrong although it is signed, or signed by the wrong one. */
const REFUSED: Readonly<Record<string, [Partial<Publication>, Partial<Expectations>, string]>> = {
  'signed by somebody else': [{ publisher: 'device' }, {}, 'ERR_BUNDLE_SIGNATURE'],
  'of another event': [
    { manifest: { eventId: new Uint8Array(16).fill(1) } },
    {},
    'ERR_BUNDLE_EVENT',
  ],
  'converted with another event key': [
    { manifest: { eventKeyId: new Uint8Array(16) } },
    {},
    'ERR_BUNDLE_EVENT_KEY',
  ],
  'of an older version': [{ manifest: { version: 4 } }, { floor: 5 }, 'ERR_BUNDLE_ROLLBACK'],
  'of the version applied before': [
    { manifest: { version: 5 } },
    { floor: 5 },
    'ERR_BUNDLE_ROLLBACK',
  ],
  'expired this second': [{ manifest: { expiresAt: 2000 } }, { now: 2000 }, 'ERR_BUNDLE_EXPIRED'],
  'one entry too many in the manifest': [{ manifest: { entryCount: 21 } }, {}, 'ERR_BUNDLE_COUNT'],
  'one entry too few in the manifest': [{ manifest: { entryCount: 19 } }, {}, 'ERR_BUNDLE_COUNT'],
};

describe('applyBundle refuses a bundle, and changes nothing', () => {
  test.each(Object.entries(FAULTS))('%s', async (_, [damage, code]) => {
    const { files } = await publishHere();
    await damage(files);
    await expect(apply()).rejects.toThrow(withCode(code));
    expect(await filled()).toEqual([]);
  });

  test.each(Object.entries(REFUSED))('%s', async (_, [publication, changes, code]) => {
    await publishHere(publication);
    await expect(apply(changes)).rejects.toThrow(withCode(code));
    expect(await filled()).toEqual([]);
  });

  test('a second signature is missing where two are required', async () => {
    await publishHere();
    const keys = [...expected.publishers.keys, await store.publicKey('device')];
    const both = { publishers: { keys, threshold: 2 } };
    await expect(apply(both)).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
  });

  test('the next version goes, one above the floor', async () => {
    await publishHere({ manifest: { version: 6 } });
    expect((await apply({ floor: 5 }))!.passport.version).toBe(6);
  });

  test('while the list in force answers on', async () => {
    const entries = strangers(20);
    await publishHere({ entries });
    const present = (await apply())!;
    await makeCurrent(lists, present);
    const { files } = await publishHere({ entries: strangers(20, 2), manifest: { version: 2 } });
    await flip(files.bucket(2), 20);
    const before = (await filled()).sort();
    await expect(apply({ floor: 1 }, present)).rejects.toThrow(withCode('ERR_BUNDLE_HASH'));
    expect((await filled()).sort()).toEqual(before);
    expect(present.find(entries[0]!.conversionValue)![0]).toBe(1);
    const again = (await openCurrent(lists, expected.publishers))!;
    onTestFinished(() => again.close());
    expect(again.passport).toEqual(present.passport);
  });
});

describe('makeCurrent', () => {
  test('keeps the list before, drops those before that', async () => {
    const names: string[] = [];
    let present: Whitelist | undefined;
    for (const version of [1, 2, 3]) {
      await publishHere({ manifest: { version } });
      present = (await apply({ floor: version - 1 }, present))!;
      names.push(Buffer.from(present.hash).toString('hex'));
      await makeCurrent(lists, present);
    }
    expect((await filled()).sort()).toEqual(['current', ...names.slice(1)].sort());
  });
});
