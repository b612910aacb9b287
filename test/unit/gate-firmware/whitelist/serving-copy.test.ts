import { open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openForBuilding } from '@pinless-gate/gate-firmware/storage/lmdb';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import {
  FINGERPRINTS_FILE,
  identityOf,
  noteChecked,
} from '@pinless-gate/gate-firmware/whitelist/copy';
import { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import { Scrubber } from '@pinless-gate/gate-firmware/whitelist/scrub';
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

// A copy that was checked whole is opened at once; what happens to it later is found while it serves.

const ENTRIES = strangers(600);
const FIRST = ENTRIES[0]!.conversionValue;
const corrupt = withCode('ERR_LIST_CORRUPT');
let trusted: Publishers;
let directory: string;

beforeEach(async () => {
  const store = await gateKeys();
  trusted = await publishers(store);
  const root = temporary();
  await publish(join(root, 'bundle'), { store, entries: ENTRIES });
  const eventKeyIds = [await new Converter(store, 'event').eventKeyId(EVENT_ID)];
  const now = Date.now() / 1000;
  const list = (await applyBundle(
    directorySource(join(root, 'bundle')),
    join(root, 'lists'),
    { eventId: EVENT_ID, eventKeyIds, publishers: trusted, floor: 0, now },
    undefined,
  ))!;
  directory = join(root, 'lists', contentName(list.hash));
  await list.close();
});

const data = () => join(directory, 'data.mdb');
const checked = () => join(directory, 'checked');
const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function serve(): Promise<Whitelist> {
  const list = await Whitelist.open(directory, trusted, { serve: true });
  onTestFinished(() => list.close());
  return list;
}

/** As a disk does it, or somebody who knows all the files: nothing but the manifest can tell. */
async function change(conversionValue: Uint8Array): Promise<void> {
  const environment = openForBuilding(directory);
  environment.transactionSync(() => {
    const sealed = Uint8Array.from(environment.get(conversionValue)!);
    sealed[20] = sealed[20]! ^ 1;
    environment.putSync(conversionValue, sealed);
  });
  await environment.close();
  await noteChecked(directory, await identityOf(directory));
}

describe('Whitelist that serves', () => {
  test('is checked whole again only after an end that was in order', async () => {
    const list = await Whitelist.open(directory, trusted, { serve: true });
    expect(await isThere(checked())).toBe(false);
    await list.close();
    expect(await isThere(checked())).toBe(true);
  });

  test('what was written while it served is found at the next start', async () => {
    const list = await Whitelist.open(directory, trusted, { serve: true });
    const octets = await readFile(data());
    octets[4096 + 100] = octets[4096 + 100]! ^ 1;
    await list.close();
    await writeFile(data(), octets);
    await expect(Whitelist.open(directory, trusted)).rejects.toThrow(corrupt);
  });

  test('an entry that the disk changed answers nobody', async () => {
    await change(FIRST);
    const list = await serve();
    expect(() => list.find(FIRST)).toThrow(corrupt);
    expect(list.damage).toMatchObject({ code: 'ERR_LIST_CORRUPT' });
  });

  test('nor does one that somebody added', async () => {
    const stranger = Uint8Array.from(FIRST);
    stranger[15] = stranger[15]! ^ 1;
    const environment = openForBuilding(directory);
    environment.transactionSync(() => environment.putSync(stranger, environment.get(FIRST)!));
    await environment.close();
    await noteChecked(directory, await identityOf(directory));
    const list = await serve();
    expect(() => list.find(stranger)).toThrow(corrupt);
  });

  test('the other buckets answer on', async () => {
    await change(FIRST);
    const list = await serve();
    const { bucketBits } = list.manifest;
    expect(bucketBits).toBeGreaterThan(0);
    const elsewhere = ENTRIES.findLast(
      ({ conversionValue }) => conversionValue[0]! >> 7 !== FIRST[0]! >> 7,
    )!;
    expect(() => list.find(FIRST)).toThrow(corrupt);
    expect(list.find(elsewhere.conversionValue)).toBeDefined();
  });

  test.each([0, 4096, -4096])('cut short at %i while it serves, nobody looks', async (length) => {
    const list = await serve();
    expect(list.find(FIRST)).toBeDefined();
    const whole = await readFile(data());
    await truncate(data(), length < 0 ? whole.length + length : length);
    expect(() => list.find(FIRST)).toThrow(corrupt);
    // Put back, it is still not believed.
    await writeFile(data(), whole);
    expect(() => list.find(FIRST)).toThrow(corrupt);
  });
});

describe('Scrubber', () => {
  async function scrub(list: Whitelist) {
    const told: string[] = [];
    const scrubber = new Scrubber(new Lists(list), {
      everyMs: 3_600_000,
      onDamage: ({ code }) => told.push(code),
      onClean: () => told.push('clean'),
    });
    await scrubber.pass();
    await scrubber.close();
    return told;
  }

  test('finds a list as it was applied', async () => {
    const list = await serve();
    expect(await scrub(list)).toEqual(['clean']);
    expect(list.damage).toBeUndefined();
  });

  test('finds what the disk changed, before anybody asks for it', async () => {
    const list = await serve();
    expect(list.find(FIRST)).toBeDefined();
    const octets = await readFile(data());
    const file = await open(data(), 'r+');
    // LMDB keeps a value right behind its key; pages of before may hold it once more.
    for (let at = octets.indexOf(FIRST); at >= 0; at = octets.indexOf(FIRST, at + 1)) {
      await file.write(Uint8Array.of(0xff), 0, 1, at + FIRST.length + 20);
    }
    await file.close();
    expect(await scrub(list)).toEqual(['ERR_LIST_CORRUPT']);
    expect(() => list.find(FIRST)).toThrow(corrupt);
  });

  test('tells once', async () => {
    await change(FIRST);
    const list = await serve();
    expect(await scrub(list)).toEqual(['ERR_LIST_CORRUPT']);
    expect(await scrub(list)).toEqual([]);
  });

  test('a file that kills who reads it kills the reader, and nobody looks again', async () => {
    const list = await serve();
    const { length } = await readFile(data());
    // Cut short and grown again: its pages are there and empty.
    await truncate(data(), 4096);
    await truncate(data(), length);
    expect(await scrub(list)).toEqual(['ERR_LIST_CORRUPT']);
    expect(() => list.find(FIRST)).toThrow(corrupt);
  });

  test('without fingerprints nobody can tell', async () => {
    const list = await serve();
    await rm(join(directory, FINGERPRINTS_FILE));
    expect(await scrub(list)).toEqual(['ERR_LIST_CORRUPT']);
  });

  test('without a list there is nothing to read', async () => {
    const scrubber = new Scrubber(new Lists(undefined), {
      everyMs: 1,
      onDamage: () => expect.unreachable(),
      onClean: () => expect.unreachable(),
    });
    await scrubber.pass();
    await scrubber.close();
  });
});
