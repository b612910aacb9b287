import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { type FollowParts, openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { Follower } from '@pinless-gate/gate-firmware/whitelist/follower';
import { Lists } from '@pinless-gate/gate-firmware/whitelist/lists';
import type { Manifest } from '@pinless-gate/protocol/bundle';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { EVENT_ID, GATE_ID, gateKeys, publish, strangers, temporary } from '../fixture.ts';
import { followParts } from './follow-parts.ts';

const ENTRIES = strangers(20);
let store: FakeKeyStore;
let bundle: string;
let parts: FollowParts;

beforeEach(async () => {
  store = await gateKeys();
  const root = temporary();
  bundle = join(root, 'bundle');
  parts = await followParts(root, store);
});

const publishVersion = (version: number, manifest: Partial<Manifest> = {}) =>
  publish(bundle, { store, entries: ENTRIES, manifest: { version, ...manifest } });

async function opened() {
  const result = await openLists(parts);
  onTestFinished(() => result.lists.close());
  return result;
}

/** Applies versions one after the other, as a gate does that runs. */
async function applied(...versions: number[]): Promise<void> {
  const { lists } = await opened();
  for (const version of versions) {
    await publishVersion(version);
    await update(parts, lists);
  }
  await lists.close();
}

const current = () => join(parts.directory, 'current');
const floor = () => parts.journal.listFloor(EVENT_ID);

describe('openLists and update', () => {
  test('a list is applied, noted and found again', async () => {
    await applied(1, 2);
    expect([floor(), parts.journal.sequence]).toEqual([2, 2]);
    const { lists, error } = await opened();
    expect([lists.current?.passport.version, error]).toEqual([2, undefined]);
    expect(parts.journal.sequence).toBe(2);
  });

  test('killed before it was noted: noted at the next start, and never gone back from', async () => {
    await applied(1, 2);
    const fresh = Journal.open(join(temporary(), 'journal'), GATE_ID);
    onTestFinished(() => fresh.close());
    parts = { ...parts, journal: fresh };
    const { lists } = await opened();
    expect([lists.current?.passport.version, floor()]).toEqual([2, 2]);
    await publishVersion(1);
    await expect(update(parts, lists)).rejects.toMatchObject({ code: 'ERR_BUNDLE_ROLLBACK' });
  });

  test('killed before it was made current: the new one is fetched, the old one not believed', async () => {
    await applied(1);
    const before = await readFile(current());
    await applied(2);
    await writeFile(current(), before);
    const { lists, error } = await opened();
    expect([lists.current, error?.code]).toEqual([undefined, 'ERR_BUNDLE_ROLLBACK']);
    expect((await update(parts, lists))?.passport.version).toBe(2);
    expect(floor()).toBe(2);
  });

  test('damaged on the disk: fetched again, but nothing older', async () => {
    await applied(1, 2);
    const name = (await readFile(current(), 'utf8')).trim();
    await writeFile(join(parts.directory, name, 'data.mdb'), 'damaged');
    const { lists, error } = await opened();
    expect([lists.current, error?.code]).toEqual([undefined, 'ERR_LIST_CORRUPT']);
    await publishVersion(1);
    await expect(update(parts, lists)).rejects.toMatchObject({ code: 'ERR_BUNDLE_ROLLBACK' });
    await publishVersion(2);
    expect((await update(parts, lists))?.passport.version).toBe(2);
  });

  test('the gate serves another event now', async () => {
    await applied(1);
    parts = { ...parts, eventId: new Uint8Array(16).fill(3) };
    expect((await opened()).error?.code).toBe('ERR_BUNDLE_EVENT');
  });

  test('the HSM holds another event key now', async () => {
    await applied(1);
    parts = { ...parts, eventKeyIds: async () => [new Uint8Array(16)] };
    expect((await opened()).error?.code).toBe('ERR_BUNDLE_EVENT_KEY');
  });

  test('an expired list is opened: every tap says so', async () => {
    const soon = Math.floor(Date.now() / 1000) + 1;
    const { lists } = await opened();
    await publishVersion(1, { expiresAt: soon });
    await update(parts, lists);
    await lists.close();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await opened()).lists.current?.passport.version).toBe(1);
  });

  test('without a source nothing is looked for', async () => {
    const { lists } = await opened();
    expect(await update({ ...parts, source: undefined }, lists)).toBeUndefined();
  });
});

describe('Lists', () => {
  test('a tap keeps its list during a swap; it is closed after the last tap', async () => {
    await applied(1);
    const { lists } = await opened();
    const first = lists.current!;
    await publishVersion(2);
    let seen: unknown;
    await lists.use(async (list) => {
      await lists.use(async () => {
        await update(parts, lists);
      });
      expect(lists.current!.passport.version).toBe(2);
      expect(list).toBe(first);
      seen = list!.find(ENTRIES[0]!.conversionValue);
    });
    expect(seen).toBeDefined();
    expect(() => first.find(ENTRIES[0]!.conversionValue)).toThrow();
    expect(lists.current!.find(ENTRIES[0]!.conversionValue)).toBeDefined();
  });

  test('a tap that fails lets go of its list too', async () => {
    await applied(1);
    const { lists } = await opened();
    const list = lists.current!;
    await expect(lists.use(() => Promise.reject(new Error('tap')))).rejects.toThrow('tap');
    await lists.close();
    expect(() => list.find(new Uint8Array(16))).toThrow();
    expect(await lists.use(async (none) => none)).toBeUndefined();
  });
});

describe('Follower', () => {
  test('looks again and again, tells every attempt, and ends at once', async () => {
    const lists = new Lists(undefined);
    onTestFinished(() => lists.close());
    const states: (string | undefined)[] = [];
    const versions: number[] = [];
    const follower = new Follower(parts, lists, {
      pollMs: 10,
      onUpdate: (list) => versions.push(list.passport.version),
      onState: (error) => states.push(error?.code),
    });
    await follower.start();
    expect(states).toEqual(['ERR_BUNDLE_MISSING']);
    await publishVersion(1);
    await expect.poll(() => versions).toEqual([1]);
    await follower.close();
    const told = states.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(states).toHaveLength(told);
  });

  test('a source that waits is asked at once when it has something new', async () => {
    let tell: (changed: boolean) => void = () => undefined;
    const source = {
      ...parts.source!,
      changed: () => new Promise<boolean>((resolve) => (tell = resolve)),
    };
    const lists = new Lists(undefined);
    onTestFinished(() => lists.close());
    const versions: number[] = [];
    const follower = new Follower({ ...parts, source }, lists, {
      pollMs: 3_600_000,
      onUpdate: (list) => versions.push(list.passport.version),
      onState: () => undefined,
    });
    await publishVersion(1);
    await follower.start();
    await publishVersion(2);
    tell(true);
    await expect.poll(() => versions).toEqual([1, 2]);
    await publishVersion(3);
    follower.poke();
    await expect.poll(() => versions).toEqual([1, 2, 3]);
    await follower.close();
  });

  test('a source that hangs is left at the end', async () => {
    const hanging = {
      name: 'hanging',
      read: (_: string, __: number, signal?: AbortSignal) =>
        new Promise<never>((__, reject) =>
          signal!.addEventListener('abort', () => reject(signal!.reason)),
        ),
    };
    const states: unknown[] = [];
    const follower = new Follower({ ...parts, source: hanging }, new Lists(undefined), {
      pollMs: 10,
      onUpdate: () => undefined,
      onState: (error) => states.push(error),
    });
    const first = follower.start();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await follower.close();
    await first;
    expect(states).toEqual([]);
  });
});
