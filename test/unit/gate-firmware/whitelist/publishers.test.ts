import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FollowParts, openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import type { Manifest } from '@pinless-gate/protocol/bundle';
import { sha256 } from '@pinless-gate/protocol/bundle';
import {
  encodePublisherSet,
  encodeSignedPublisherSet,
  type PublisherSet,
  publishersName,
} from '@pinless-gate/protocol/publishers';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  gateKeys,
  publish,
  strangers,
  temporary,
  withCode,
} from '../fixture.ts';
import { followParts } from './follow-parts.ts';

// Publishers change by a threshold of those before (faults.md W4, W16). The configuration names `publisher`.

const ENTRIES = strangers(20);
let store: FakeKeyStore;
let root: string;
let bundle: string;
let parts: FollowParts;

beforeEach(async () => {
  store = await gateKeys();
  for (const label of ['publisher-2', 'publisher-3']) await store.generate(label, 'publisher');
  root = temporary();
  bundle = join(root, 'bundle');
  parts = await followParts(root, store);
});

const list = (version: number, publisher: string, manifest: Partial<Manifest> = {}) =>
  publish(bundle, { store, publisher, entries: ENTRIES, manifest: { version, ...manifest } });

/** Set `number`, in which the keys of these labels publish, signed by those of the others. */
async function put(
  number: number,
  labels: readonly string[],
  signers: readonly string[],
  changes: Partial<PublisherSet> = {},
): Promise<void> {
  const keys = await Promise.all(labels.map((label) => store.publicKey(label)));
  const set = encodePublisherSet({
    eventId: EVENT_ID,
    number,
    issuedAt: 1,
    publishers: { keys, threshold: keys.length },
    ...changes,
  });
  const signatures = await Promise.all(
    signers.map(async (label) => ({
      keyId: sha256(await store.publicKey(label)),
      signature: await store.sign(label, set),
    })),
  );
  const file = encodeSignedPublisherSet({ set, signatures });
  await writeFile(join(bundle, publishersName(number)), file);
}

async function opened() {
  const result = await openLists(parts);
  onTestFinished(() => result.lists.close());
  return result;
}

describe('update', () => {
  test('takes the set that follows, and the list that it signs', async () => {
    const { lists } = await opened();
    await list(1, 'publisher');
    await update(parts, lists);
    await list(2, 'publisher-2');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
    expect(lists.current?.passport.version).toBe(1);
    await put(1, ['publisher-2'], ['publisher', 'publisher-2']);
    expect((await update(parts, lists))?.passport.version).toBe(2);
    expect(parts.journal.publishersFloor(EVENT_ID)).toBe(1);
  });

  test('takes several at once, also before its first list', async () => {
    await list(7, 'publisher-3');
    await put(1, ['publisher-2'], ['publisher', 'publisher-2']);
    await put(2, ['publisher-3'], ['publisher-2', 'publisher-3']);
    const { lists } = await opened();
    expect((await update(parts, lists))?.passport.version).toBe(7);
    await lists.close();
    const again = await opened();
    expect([again.error, again.lists.current?.passport.version]).toEqual([undefined, 7]);
  });

  test.each<[string, number, readonly string[], readonly string[], Partial<PublisherSet>]>([
    ['not signed by those before', 1, ['publisher-2'], ['publisher-2'], {}],
    ['not signed by itself', 1, ['publisher-2'], ['publisher'], {}],
    [
      'signed by half of itself',
      1,
      ['publisher-2', 'publisher-3'],
      ['publisher', 'publisher-2'],
      {},
    ],
    ['of another event', 1, ['publisher-2'], ['publisher', 'publisher-2'], { eventId: GATE_ID }],
    ['numbered otherwise', 1, ['publisher-2'], ['publisher', 'publisher-2'], { number: 2 }],
  ])('a set %s changes nothing', async (_, number, labels, signers, changes) => {
    const { lists } = await opened();
    await list(1, 'publisher');
    await put(number, labels, signers, changes);
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_LIST_PUBLISHERS'));
    expect(parts.journal.publishersFloor(EVENT_ID)).toBe(0);
    expect(lists.current).toBeUndefined();
  });

  test('a list of those who went is taken out of force, also where nothing follows it', async () => {
    const { lists } = await opened();
    await list(1, 'publisher');
    await update(parts, lists);
    await list(2, 'publisher');
    await put(1, ['publisher-2'], ['publisher', 'publisher-2']);
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
    expect(lists.current).toBeUndefined();
  });

  test('a list that those who stay signed too remains', async () => {
    parts = { ...parts, publishers: { keys: [await store.publicKey('publisher')], threshold: 1 } };
    const { lists } = await opened();
    await list(1, 'publisher');
    await update(parts, lists);
    await put(1, ['publisher', 'publisher-2'], ['publisher', 'publisher-2'], {
      publishers: {
        keys: [await store.publicKey('publisher'), await store.publicKey('publisher-2')],
        threshold: 1,
      },
    });
    await list(2, 'publisher-3');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
    expect(lists.current?.passport.version).toBe(1);
  });

  test('a version that ran away is refused', async () => {
    const { lists } = await opened();
    await list(1_000_001, 'publisher');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_FAST_FORWARD'));
    await list(1_000_000, 'publisher');
    expect((await update(parts, lists))?.passport.version).toBe(1_000_000);
  });

  test('a set brings gates back from a version that ran away, once', async () => {
    const { lists } = await opened();
    await list(900_000, 'publisher');
    await update(parts, lists);
    await list(12, 'publisher-2');
    await put(1, ['publisher-2'], ['publisher', 'publisher-2'], { listFloor: 11 });
    expect((await update(parts, lists))?.passport.version).toBe(12);
    await list(11, 'publisher-2');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_BUNDLE_ROLLBACK'));
    await lists.close();
    const again = await opened();
    expect([again.error, again.lists.current?.passport.version]).toEqual([undefined, 12]);
  });
});

describe('openLists', () => {
  beforeEach(async () => {
    const { lists } = await opened();
    await list(1, 'publisher');
    await update(parts, lists);
    await list(2, 'publisher-2');
    await put(1, ['publisher-2'], ['publisher', 'publisher-2']);
    await update(parts, lists);
    await lists.close();
  });
  const present = () => join(parts.directory, publishersName(1));

  test('a set that was taken away is missed, and fetched again', async () => {
    await rm(present());
    const { lists, error } = await opened();
    expect([lists.current, error?.code]).toEqual([undefined, 'ERR_LIST_PUBLISHERS']);
    expect((await update(parts, lists))?.passport.version).toBe(2);
  });

  test('a set that somebody changed is not believed', async () => {
    const octets = await readFile(present());
    octets[40] = octets[40]! ^ 1;
    await writeFile(present(), octets);
    const { lists, error } = await opened();
    expect([lists.current, error?.code]).toEqual([undefined, 'ERR_LIST_PUBLISHERS']);
  });

  test('a fresh disk with the journal of before still wants them', async () => {
    await rm(parts.directory, { recursive: true });
    await rm(join(bundle, publishersName(1)));
    const { lists } = await opened();
    await list(3, 'publisher');
    await expect(update(parts, lists)).rejects.toThrow(withCode('ERR_LIST_PUBLISHERS'));
  });
});
