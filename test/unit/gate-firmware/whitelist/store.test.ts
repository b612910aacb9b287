import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openForBuilding } from '@pinless-gate/gate-firmware/storage/lmdb';
import { applyBundle, makeCurrent, openCurrent } from '@pinless-gate/gate-firmware/whitelist/apply';
import {
  DIGEST_FILE,
  digestOf,
  MANIFEST_FILE,
  SIGNATURES_FILE,
} from '@pinless-gate/gate-firmware/whitelist/copy';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { contentName, type Publishers } from '@pinless-gate/protocol/bundle';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  EVENT_ID,
  gateKeys,
  publish,
  publishers,
  strangers,
  temporary,
  withCode,
} from '../fixture.ts';

const ENTRIES = strangers(50);
let trusted: Publishers;
let lists: string;
/** Where the list lies that was applied and closed again. */
let directory: string;

beforeEach(async () => {
  const store = await gateKeys();
  trusted = await publishers(store);
  const root = temporary();
  lists = join(root, 'lists');
  await publish(join(root, 'bundle'), { store, entries: ENTRIES });
  const eventKeyIds = [await new Converter(store, 'event').eventKeyId(EVENT_ID)];
  const expected = {
    eventId: EVENT_ID,
    eventKeyIds,
    publishers: trusted,
    floor: 0,
    now: Date.now() / 1000,
  };
  const list = (await applyBundle(
    directorySource(join(root, 'bundle')),
    lists,
    expected,
    undefined,
  ))!;
  directory = join(lists, contentName(list.hash));
  await makeCurrent(lists, list);
  await list.close();
});

const data = () => join(directory, 'data.mdb');

/** As somebody with a copy of this program could edit the file, who does not forget its digest. */
async function edit(change: (environment: ReturnType<typeof openForBuilding>) => void) {
  const environment = openForBuilding(directory);
  environment.transactionSync(() => change(environment));
  await environment.close();
  await writeFile(join(directory, DIGEST_FILE), await digestOf(directory));
}

const open = async () => {
  const list = await Whitelist.open(directory, trusted);
  onTestFinished(() => list.close());
  return list;
};

describe('Whitelist.open', () => {
  test('a list as it was applied', async () => {
    const list = await open();
    expect(list.passport).toMatchObject({ version: 1, entries: 50 });
    expect(list.find(ENTRIES[7]!.conversionValue)).toBeDefined();
  });

  test.each<[string, Parameters<typeof edit>[0]]>([
    ['an entry was added', (list) => list.putSync(new Uint8Array(16), new Uint8Array(40))],
    ['an entry was taken out', (list) => list.removeSync(ENTRIES[0]!.conversionValue)],
    [
      'an entry was changed',
      (list) => list.putSync(ENTRIES[0]!.conversionValue, new Uint8Array(40)),
    ],
    [
      'two entries were swapped',
      (list) => {
        list.putSync(ENTRIES[0]!.conversionValue, new Uint8Array(40).fill(2));
        list.putSync(ENTRIES[1]!.conversionValue, new Uint8Array(40).fill(1));
      },
    ],
  ])('%s in LMDB', async (_, change) => {
    await edit(change);
    await expect(open()).rejects.toThrow(withCode('ERR_LIST_CORRUPT'));
  });

  test('the manifest on the disk is of another list', async () => {
    const manifest = await readFile(join(directory, MANIFEST_FILE));
    manifest[10] = manifest[10]! ^ 1;
    await writeFile(join(directory, MANIFEST_FILE), manifest);
    await expect(open()).rejects.toThrow(withCode('ERR_LIST_MANIFEST'));
  });

  test('the publisher is no longer trusted', async () => {
    const other = await publishers(await gateKeys());
    await expect(Whitelist.open(directory, other)).rejects.toThrow(
      withCode('ERR_BUNDLE_SIGNATURE'),
    );
  });

  test.each([
    ['manifest', MANIFEST_FILE],
    ['signatures', SIGNATURES_FILE],
    ['LMDB file', 'data.mdb'],
    ['digest', DIGEST_FILE],
  ])('the %s is gone', async (_, name) => {
    await rm(join(directory, name));
    await expect(open()).rejects.toThrow(withCode('ERR_LIST_CORRUPT'));
  });

  test.each([
    ['nothing', 0],
    ['half a page', 2048],
    ['its first page', 4096],
    ['all but its last page', -4096],
  ])('LMDB file cut down to %s', async (_, length) => {
    const { length: whole } = await readFile(data());
    await truncate(data(), length < 0 ? whole + length : length);
    await expect(open()).rejects.toThrow(withCode('ERR_LIST_CORRUPT'));
  });

  test('every page of the LMDB file is covered', async () => {
    const whole = await readFile(data());
    for (let at = 100; at < whole.length; at += 4096) {
      const octets = Buffer.from(whole);
      octets[at] = octets[at]! ^ 0x40;
      await writeFile(data(), octets);
      await expect(Whitelist.open(directory, trusted)).rejects.toThrow(
        withCode('ERR_LIST_CORRUPT'),
      );
    }
  });
});

describe('openCurrent', () => {
  test('a fresh gate has none', async () => {
    expect(await openCurrent(join(lists, 'new'), trusted)).toBeUndefined();
  });

  test('gives the list that was made current', async () => {
    const list = (await openCurrent(lists, trusted))!;
    onTestFinished(() => list.close());
    expect(list.passport.version).toBe(1);
  });

  test('its directory is gone', async () => {
    await rm(directory, { recursive: true });
    await expect(openCurrent(lists, trusted)).rejects.toThrow(withCode('ERR_LIST_CORRUPT'));
    expect(existsSync(directory)).toBe(false);
  });

  test('its directory has another name', async () => {
    const other = join(dirname(directory), basename(directory).replace(/^./, 'x'));
    await rename(directory, other);
    await cp(other, join(lists, 'f'.repeat(64)), { recursive: true });
    await writeFile(join(lists, 'current'), `${'f'.repeat(64)}\n`);
    await expect(openCurrent(lists, trusted)).rejects.toThrow(withCode('ERR_LIST_MANIFEST'));
  });

  test.each(['', 'garbage', '../../etc'])('the file "current" holds "%s"', async (text) => {
    await writeFile(join(lists, 'current'), text);
    expect(await openCurrent(lists, trusted)).toBeUndefined();
  });
});
