import { spawnSync } from 'node:child_process';
import {
  appendFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import {
  type decodeSignatures,
  encodeSignatures,
  type Manifest,
  sha256,
} from '@pinless-gate/protocol/bundle';
import {
  encodePublisherSet,
  encodeSignedPublisherSet,
  type PublisherSet,
  publishersName,
} from '@pinless-gate/protocol/publishers';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { type PublishJob, publishBundle } from '@pinless-gate/whitelist-builder/bundle/publish';
import { readPublisherSet } from '@pinless-gate/whitelist-builder/bundle/publisher-sets';
import { withSignature } from '@pinless-gate/whitelist-builder/bundle/signing';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import {
  EVENT_ID,
  GATE_ID,
  gateKeys,
  publish as makeBundle,
  type Published,
  publishers,
  strangers,
  temporary,
  withCode,
} from '../../gate-firmware/fixture.ts';

const NOW = Math.floor(Date.now() / 1000);
let store: FakeKeyStore;
let from: string;
let to: string;

beforeEach(async () => {
  store = await gateKeys();
  for (const label of ['publisher-2', 'publisher-3']) await store.generate(label, 'publisher');
  const root = temporary();
  from = join(root, 'bundle');
  to = join(root, 'served');
});

const ENTRIES = strangers(20);
const make = (version: number, manifest: Partial<Manifest> = {}, entries = ENTRIES) =>
  makeBundle(from, { store, entries, manifest: { version, ...manifest } });

async function publish(changes: Partial<PublishJob> = {}) {
  return publishBundle({
    from,
    to,
    expectations: { publishers: await publishers(store), eventId: EVENT_ID },
    sets: [],
    now: NOW,
    signal: new AbortController().signal,
    progress: () => undefined,
    ...changes,
  });
}

const keysOf = (...labels: string[]) => Promise.all(labels.map((label) => store.publicKey(label)));

const verified = async (directory = to) =>
  (await verifyBundle(directory, { publishers: await publishers(store) })).manifest.version;

/** Set `number` of these labels, signed by those. */
async function setFile(
  number: number,
  labels: readonly string[],
  signers: readonly string[],
  changes: Partial<PublisherSet> = {},
) {
  const keys = await keysOf(...labels);
  const set = encodePublisherSet({
    ...{ eventId: EVENT_ID, number, issuedAt: 1 },
    publishers: { keys, threshold: keys.length },
    ...changes,
  });
  const signatures = await Promise.all(
    signers.map(async (label) => ({
      keyId: sha256(await store.publicKey(label)),
      signature: await store.sign(label, set),
    })),
  );
  const path = join(from, '..', `set-${number}-${labels.join('-')}`);
  await writeFile(path, encodeSignedPublisherSet({ set, signatures }));
  return readPublisherSet(path);
}

/** The list as it stands there, signed by others. */
async function signedBy({ files }: Published, ...labels: string[]): Promise<void> {
  const octets = await readFile(files.manifest);
  let signatures: ReturnType<typeof decodeSignatures> = [];
  for (const label of labels) {
    const publicKey = await store.publicKey(label);
    signatures = (await withSignature(octets, signatures, store, { label, publicKey }))!;
  }
  await writeFile(files.signatures, encodeSignatures(signatures));
}

describe('publishBundle', () => {
  test('one at a time into a directory; the lock of a killed one holds nobody up', async () => {
    await make(1);
    await mkdir(to);
    const unlock = await lockDirectory(to);
    await expect(publish()).rejects.toMatchObject({ code: 'ERR_LOCKED' });
    expect(await readdir(to)).toEqual(['lock']);
    const holder = JSON.parse(await readFile(join(to, 'lock'), 'utf8'));
    await unlock();
    const { pid } = spawnSync('true');
    await writeFile(join(to, 'lock'), JSON.stringify({ ...holder, pid, nonce: 'killed' }));
    expect(await publish()).toMatchObject({ changed: true });
    expect(await readdir(to)).not.toContain('lock');
    const both = await Promise.allSettled([publish({ keep: 1 }), publish({ keep: 1 })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('into an empty directory, and again without a change', async () => {
    await make(1);
    expect(await publish()).toMatchObject({ changed: true, buckets: 4, dropped: 0 });
    expect(await verified()).toBe(1);
    expect((await readdir(to)).sort()).toEqual((await readdir(from)).sort());
    expect(await publish()).toMatchObject({ changed: false, buckets: 0, octets: 0 });
  });

  test('only what is new is read and written', async () => {
    const first = await make(1);
    await publish();
    const changed = ENTRIES.map((one, i) =>
      i === 3 ? { ...one, sealed: new Uint8Array(99) } : one,
    );
    const second = await make(2, {}, changed);
    const shared = [0, 1, 2, 3].filter((i) => first.files.bucket(i) === second.files.bucket(i));
    expect(shared).toHaveLength(3);
    // Of the same length: whoever reads it again would find it.
    for (const i of shared) {
      const octets = await readFile(second.files.bucket(i));
      await writeFile(second.files.bucket(i), new Uint8Array(octets.length));
    }
    expect(await publish()).toMatchObject({ changed: true, buckets: 1 });
    expect(await verified()).toBe(2);
  });

  test('what is missing there, cut short or left over is put right', async () => {
    const { files } = await make(1);
    await publish();
    const there = (path: string) => path.replace(from, to);
    await rm(there(files.bucket(0)));
    await truncate(there(files.bucket(1)), 10);
    await rm(there(files.signatures));
    await writeFile(join(to, `.latest.${'0'.repeat(12)}`), 'x');
    expect(await publish()).toMatchObject({ changed: true, buckets: 2, dropped: 1 });
    expect(await verified()).toBe(1);
    expect((await readdir(to)).sort()).toEqual((await readdir(from)).sort());
  });

  test('signatures are added, never taken away', async () => {
    const made = await make(1);
    const { signatures } = made.files;
    const first = await readFile(signatures);
    await signedBy(made, 'publisher', 'publisher-2');
    await publish();
    await writeFile(signatures, first);
    await publish();
    await signedBy(made, 'publisher', 'publisher-3');
    expect(await publish()).toMatchObject({ changed: true });
    expect(await publish()).toMatchObject({ changed: false });
    const keys = await keysOf('publisher', 'publisher-2', 'publisher-3');
    await verifyBundle(to, { publishers: { keys, threshold: 3 } });
  });

  test('a stick is a source of its own', async () => {
    await make(1);
    await publish();
    const stick = join(to, '..', 'stick');
    await publish({ from: to, to: stick });
    expect(await verified(stick)).toBe(1);
  });
});

describe('publishBundle refuses, and the list that is there stays', () => {
  beforeEach(async () => {
    await make(5);
    await publish();
  });
  const refused = async (code: string, changes: Partial<PublishJob> = {}) => {
    await expect(publish(changes)).rejects.toThrow(withCode(code));
    expect(await verified()).toBe(5);
  };

  test('an older list', async () => {
    await make(4);
    await refused('ERR_BUNDLE_ROLLBACK');
  });

  test('another list of the same version', async () => {
    await make(5, {}, strangers(21));
    await refused('ERR_BUNDLE_ROLLBACK');
  });

  test('another event, whoever says so', async () => {
    await make(6, { eventId: GATE_ID });
    await refused('ERR_BUNDLE_EVENT');
    await refused('ERR_BUNDLE_EVENT', { expectations: { publishers: await publishers(store) } });
  });

  test('too few signatures', async () => {
    await make(6);
    const keys = await keysOf('publisher', 'publisher-2');
    await refused('ERR_BUNDLE_SIGNATURE', { expectations: { publishers: { keys, threshold: 2 } } });
  });

  test('a list that has expired', async () => {
    await make(6, { expiresAt: NOW });
    await refused('ERR_BUNDLE_EXPIRED');
  });

  test('a bucket that is not what its name says', async () => {
    const { files } = await make(6, {}, strangers(20, 2));
    await appendFile(files.bucket(2), 'x');
    await refused('ERR_BUNDLE_BUCKET_HASH');
  });

  test.each([19, 21])('%i entries announced where there are 20', async (entryCount) => {
    const changed = ENTRIES.map((one, i) =>
      i === 3 ? { ...one, sealed: new Uint8Array(99) } : one,
    );
    await make(6, { entryCount }, changed);
    await refused('ERR_BUNDLE_COUNT');
  });

  test('a target that nobody can read', async () => {
    await make(6);
    await writeFile(join(to, 'latest'), 'x');
    await expect(publish()).rejects.toThrow(withCode('ERR_BUNDLE_LATEST'));
  });

  test('an interrupt', async () => {
    await make(6);
    await refused('ERR_INTERRUPTED', { signal: AbortSignal.abort() });
  });
});

describe('publishBundle with publishers that follow', () => {
  const follow = ['publisher-2'];
  const both = ['publisher', 'publisher-2'];

  test('the list must be signed by the last of them', async () => {
    await make(1);
    const set = await setFile(1, follow, both);
    await expect(publish({ sets: [set] })).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
    await makeBundle(from, { store, publisher: 'publisher-2', manifest: { version: 2 } });
    expect(await publish({ sets: [set] })).toMatchObject({ sets: [1] });
    expect(await publish({ sets: [set] })).toMatchObject({ sets: [], changed: false });
    expect(await publish()).toMatchObject({ changed: false });
    await make(3);
    await expect(publish()).rejects.toThrow(withCode('ERR_BUNDLE_SIGNATURE'));
  });

  test('the sets of a directory go on with its list', async () => {
    await makeBundle(from, { store, publisher: 'publisher-3' });
    const sets = [
      await setFile(2, ['publisher-3'], ['publisher-2', 'publisher-3']),
      await setFile(1, follow, both),
    ];
    expect(await publish({ sets })).toMatchObject({ sets: [1, 2] });
    const stick = join(to, '..', 'stick');
    expect(await publish({ from: to, to: stick })).toMatchObject({ sets: [1, 2] });
    expect(await readFile(join(stick, publishersName(2)))).toEqual(Buffer.from(sets[0]!.bytes));
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ['not signed by those before', () => setFile(1, follow, follow), 'ERR_BUNDLE_SIGNATURE'],
    ['not signed by itself', () => setFile(1, follow, ['publisher']), 'ERR_BUNDLE_SIGNATURE'],
    ['that leaves a number out', () => setFile(2, follow, both), 'ERR_PUBLISHERS_NUMBER'],
    [
      'of another event',
      () => setFile(1, follow, both, { eventId: GATE_ID }),
      'ERR_PUBLISHERS_EVENT',
    ],
  ])('a set %s is not published', async (_, made, code) => {
    await makeBundle(from, { store, publisher: 'publisher-2' });
    const sets = [(await made()) as Awaited<ReturnType<typeof setFile>>];
    await expect(publish({ sets })).rejects.toThrow(withCode(code));
    expect(await readdir(to)).toEqual([]);
  });

  test('nor one in the place of another', async () => {
    await makeBundle(from, { store, publisher: 'publisher-2' });
    await publish({ sets: [await setFile(1, follow, both)] });
    const other = await setFile(1, ['publisher-3'], ['publisher', 'publisher-3']);
    await expect(publish({ sets: [other] })).rejects.toThrow(withCode('ERR_PUBLISHERS_FORK'));
  });

  test('back from a version that ran away: only with a floor, only once', async () => {
    await make(900_000);
    await publish();
    await rm(from, { recursive: true });
    const next = (version: number) =>
      makeBundle(from, { store, publisher: 'publisher-2', manifest: { version } });
    await next(12);
    const without = await setFile(1, follow, both);
    await expect(publish({ sets: [without] })).rejects.toThrow(withCode('ERR_BUNDLE_ROLLBACK'));
    const set = await setFile(1, follow, both, { listFloor: 11 });
    expect(await publish({ sets: [set], keep: 2 })).toMatchObject({ sets: [1] });
    expect(await publish()).toMatchObject({ changed: false });
    await rm(from, { recursive: true });
    await next(11);
    await expect(publish()).rejects.toThrow(withCode('ERR_BUNDLE_ROLLBACK'));
  });
});

describe('publishBundle --keep', () => {
  test('drops what none of the newest lists needs', async () => {
    const lists: Published[] = [];
    for (const version of [1, 2, 3]) {
      lists.push(await make(version, {}, strangers(20, version)));
      await cp(join(from, 'latest'), join(from, '..', `latest-${version}`));
      await publish();
    }
    const names = ({ files }: Published) =>
      [files.manifest, files.signatures, ...[0, 1, 2, 3].map(files.bucket)].map((path) =>
        path.slice(from.length + 1),
      );
    expect(await publish({ keep: 2 })).toMatchObject({ dropped: 6, changed: true });
    const left = new Set(await readdir(to));
    expect(left).toEqual(new Set(['latest', ...names(lists[1]!), ...names(lists[2]!)]));
    expect(await publish({ keep: 1 })).toMatchObject({ dropped: 6 });
    expect(await verified()).toBe(3);
    expect(await publish({ keep: 1 })).toMatchObject({ dropped: 0, changed: false });
  });

  test('keeps buckets that an older list shares, and files of others', async () => {
    await make(1);
    await publish();
    await make(2);
    await writeFile(join(to, 'index.html'), 'x');
    expect(await publish({ keep: 1 })).toMatchObject({ dropped: 2, buckets: 0 });
    expect(await verified()).toBe(2);
    expect(await readdir(to)).toContain('index.html');
  });
});
