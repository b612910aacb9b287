import { execFile } from 'node:child_process';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { applyBundle } from '@pinless-gate/gate-firmware/whitelist/apply';
import { type FollowParts, openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  gateKeys,
  type Publication,
  publish,
  publishers,
  strangers,
  temporary,
  withCode,
} from '../fixture.ts';

// Attacks on what a gate follows, from the bundle to its own disk (faults.md W1 to W16); docs/whitelist.md has the
// table of all of them.

const ENTRIES = strangers(300);
let store: FakeKeyStore;
let root: string;
let bundle: string;
let parts: FollowParts;

beforeEach(async () => {
  store = await gateKeys();
  root = temporary();
  bundle = join(root, 'bundle');
  const source = directorySource(bundle);
  const directory = join(root, 'lists');
  parts = {
    directory,
    source,
    apply: (expected, present) => applyBundle(source, directory, expected, present),
    publishers: await publishers(store),
    eventId: EVENT_ID,
    eventKeyIds: () => keyIds('event'),
    journal: openJournal('journal'),
    clock: { now: Date.now, monotonic: () => performance.now() },
  };
});

function openJournal(name: string): Journal {
  const journal = Journal.open(join(root, name), GATE_ID);
  onTestFinished(() => journal.close());
  return journal;
}

const keyIds = (...labels: string[]) =>
  Promise.all(labels.map((label) => new Converter(store, label).eventKeyId(EVENT_ID)));
const make = (version: number, more: Partial<Publication> = {}) =>
  publish(bundle, { store, entries: ENTRIES, ...more, manifest: { version, ...more.manifest } });

async function opened() {
  const result = await openLists(parts);
  onTestFinished(() => result.lists.close());
  return result;
}

/** A gate that has the list of this version in force. */
async function serving(version: number) {
  await make(version);
  const { lists } = await opened();
  await update(parts, lists);
  return lists;
}

describe('an older list that was signed well (W2)', () => {
  beforeEach(async () => {
    const lists = await serving(5);
    await lists.close();
    await rm(parts.directory, { recursive: true });
    await make(4);
  });

  test('is refused by a gate that was installed again with its journal', async () => {
    const { lists, error } = await opened();
    expect([lists.current, error]).toEqual([undefined, undefined]);
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_ROLLBACK'));
    await make(5);
    expect((await update(parts, lists))?.passport.version).toBe(5);
  });

  test('is taken by one that lost its journal too: nothing there tells of the newer', async () => {
    parts = { ...parts, journal: openJournal('another') };
    const { lists } = await opened();
    expect((await update(parts, lists))?.passport.version).toBe(4);
  });
});

describe('metadata of one list and content of another (W5)', () => {
  test('signatures of the list before', async () => {
    const lists = await serving(1);
    const old = await readFile(join(lists.current!.directory, 'signatures'));
    const { files } = await make(2);
    await writeFile(files.signatures, old);
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
    expect(lists.current?.passport.version).toBe(1);
  });

  test('the copy of one list under the manifest of the other', async () => {
    const lists = await serving(1);
    const first = await readFile(join(lists.current!.directory, 'data.mdb'));
    await make(2, { entries: strangers(300, 2) });
    await update(parts, lists);
    const { directory } = lists.current!;
    await lists.close();
    await writeFile(join(directory, 'data.mdb'), first);
    const { lists: after, error } = await opened();
    expect([after.current, error?.code]).toEqual([undefined, 'ERR_LIST_CORRUPT']);
  });
});

describe('a copy cut before it is opened (W8)', () => {
  test('at every page, and between pages', async () => {
    await make(1, { entries: strangers(2000) });
    const { lists } = await opened();
    await update(parts, lists);
    const { directory } = lists.current!;
    await lists.close();
    const data = join(directory, 'data.mdb');
    const whole = await readFile(data);
    expect(whole.length).toBeGreaterThan(30 * 4096);
    for (let length = 0; length < whole.length; length += 2048) {
      await writeFile(data, whole);
      await truncate(data, length);
      await expect(Whitelist.open(directory, parts.publishers)).rejects.toThrow(
        withCode('ERR_LIST_CORRUPT'),
      );
    }
  });

  test('every file of a bundle at every octet of its end', async () => {
    const lists = await serving(1);
    const { files } = await make(2, { entries: strangers(301, 2) });
    for (const path of [
      files.manifest,
      files.signatures,
      files.bucket(1),
      join(bundle, LATEST_NAME),
    ]) {
      const whole = await readFile(path);
      for (let length = whole.length - 1; length > whole.length - 20; length--) {
        await truncate(path, length);
        await expect(update(parts, lists)).rejects.toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_(?:BUNDLE|CBOR)/) }),
        );
      }
      await writeFile(path, whole);
    }
    expect(lists.current?.passport.version).toBe(1);
    expect((await update(parts, lists))?.passport.version).toBe(2);
  }, 20_000);
});

describe('two event keys (W14)', () => {
  beforeEach(() => store.generate('event-2', 'event'));
  const withKey = async (version: number, label: string) =>
    make(version, { manifest: { eventKeyId: (await keyIds(label))[0]! } });

  test('inside the overlap lists of either go, outside only those of the one that is open', async () => {
    const lists = await serving(1);
    await withKey(2, 'event-2');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_EVENT_KEY'));
    parts = { ...parts, eventKeyIds: () => keyIds('event', 'event-2') };
    expect((await update(parts, lists))?.passport.version).toBe(2);
    await withKey(3, 'event');
    expect((await update(parts, lists))?.passport.version).toBe(3);
    parts = { ...parts, eventKeyIds: () => keyIds('event-2') };
    await withKey(4, 'event');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_EVENT_KEY'));
    await lists.close();
    expect((await opened()).error?.code).toBe('ERR_BUNDLE_EVENT_KEY');
  });
});

describe('an empty list (W15)', () => {
  test('goes where it was signed as empty, and nobody is on it', async () => {
    const lists = await serving(1);
    await make(2, { entries: [] });
    expect((await update(parts, lists))?.passport.entries).toBe(0);
    expect(lists.current?.find(ENTRIES[0]!.conversionValue)).toBeUndefined();
  });

  test('does not where only its buckets were emptied', async () => {
    const lists = await serving(1);
    const { files } = await make(2, { entries: strangers(300, 2) });
    for (const i of [0, 1, 2, 3]) await truncate(files.bucket(i), 0);
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_HASH'));
    expect(lists.current?.find(ENTRIES[0]!.conversionValue)).toBeDefined();
  });
});

/** Applies version 1, then fills the disk and wants version 2; on a file system of its own. */
const FULL = `
  import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
  import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
  import { bundleOf, openListGate } from '@pinless-gate/test/lists/gate';
  import { markedEntries, markOf, Press } from '@pinless-gate/test/lists/press';
  const [small, large] = process.argv.slice(1);
  const press = new Press();
  for (const version of [1, 2]) {
    const printed = { version, entries: markedEntries(20_000, version), bucketBits: 4 };
    press.print(large + '/bundles/' + version, printed);
  }
  const { parts, journal } = openListGate(small, press.trust);
  const { lists } = await openLists(parts(bundleOf(large, 1)));
  await update(parts(bundleOf(large, 1)), lists);
  const { bavail, bsize } = statfsSync(small);
  writeFileSync(small + '/fill', new Uint8Array(bavail * bsize - process.argv[3] * 2 ** 20));
  const refused = await update(parts(bundleOf(large, 2)), lists).catch((error) => error.code);
  const key = markedEntries(1, 0)[0].conversionValue;
  const held = markOf(lists.current.find(key));
  const left = readdirSync(small + '/lists').filter((name) => name.endsWith('.building'));
  rmSync(small + '/fill');
  const after = (await update(parts(bundleOf(large, 2)), lists)).passport.version;
  console.log(JSON.stringify({ refused, held, left, after, floor: journal.listFloor(press.trust.eventId) }));
  await lists.close();
  await journal.close();`;

describe('a disk that is full while a list is built (W12)', () => {
  test.each([
    ['before it begins', 5],
    ['in the middle', 18],
  ])(
    '%s: the old one answers on',
    async (_, freeMib) => {
      const script = `mount -t tmpfs -o size=48m tmpfs "$S" && node --input-type=module --eval "$FULL" "$S" "$L" ${freeMib}`;
      const [small, large] = [temporary(), temporary()];
      const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', script], {
        cwd: import.meta.dirname,
        env: { ...process.env, S: small, L: large, FULL },
      });
      expect(JSON.parse(stdout)).toEqual({
        refused: 'ERR_STORAGE_FULL',
        held: 1,
        left: [],
        after: 2,
        floor: 2,
      });
    },
    20_000,
  );
});
