import { chmod, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  contentName,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  type Manifest,
  sha256,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { beforeEach, describe, expect, test } from 'vitest';
import { EVENT_ID, issuerOf, line, newCa, purchase, type Workshop, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());
const FEED = Array.from({ length: 1000 }, (_, i) => line(purchase(i + 1))).join('');

let shop: Workshop;
let names: { manifest: string; signatures: string; buckets: string[] };
let manifest: Manifest;

beforeEach(async () => {
  shop = await workshop(issuer);
  const built = await shop.build(FEED);
  manifest = built.manifest;
  names = {
    manifest: contentName(built.hash),
    signatures: signaturesName(built.hash),
    buckets: manifest.buckets.map(contentName),
  };
});

const at = (name: string) => join(shop.out, name);

async function verify(
  changes: { threshold?: number; keys?: Uint8Array[]; eventId?: Uint8Array } = {},
) {
  const { eventId, ...publishers } = changes;
  const keys = [await shop.keys.publicKey('publisher')];
  return verifyBundle(shop.out, { publishers: { keys, threshold: 1, ...publishers }, eventId });
}

async function flip(name: string, offset: number) {
  const bytes = await readFile(at(name));
  bytes[offset < 0 ? bytes.length + offset : offset]! ^= 0x01;
  await writeFile(at(name), bytes);
}

/** Signs another manifest with the right key and makes it the latest. */
async function publish(changes: Partial<Manifest>) {
  const bytes = encodeManifest({ ...manifest, ...changes });
  const hash = sha256(bytes);
  const keyId = sha256(await shop.keys.publicKey('publisher'));
  const signature = await shop.keys.sign('publisher', bytes);
  await writeFile(at(contentName(hash)), bytes);
  await writeFile(at(signaturesName(hash)), encodeSignatures([{ keyId, signature }]));
  await writeFile(at('latest'), formatLatest(hash));
}

async function withBucket(index: number, bytes: Uint8Array) {
  const hash = sha256(bytes);
  await writeFile(at(contentName(hash)), bytes);
  await publish({ buckets: manifest.buckets.with(index, hash) });
}

describe('verifyBundle', () => {
  test('a bundle as it was built', async () => {
    const seen: number[] = [];
    const publishers = { keys: [await shop.keys.publicKey('publisher')], threshold: 1 };
    const { manifest: read } = await verifyBundle(
      shop.out,
      { publishers, eventId: EVENT_ID },
      (entries, fraction) => seen.push(entries, fraction),
    );
    expect(read).toMatchObject({ version: 1, entryCount: 1000 });
    expect(seen.slice(-2)).toEqual([1000, 1]);
  });

  const damages: [string, () => Promise<unknown>, string][] = [
    ['no latest', () => rm(at('latest')), 'ERR_BUNDLE_LATEST_MISSING'],
    ['latest of other text', () => writeFile(at('latest'), 'x'), 'ERR_BUNDLE_LATEST'],
    ['latest of a megabyte', () => truncate(at('latest'), 1 << 20), 'ERR_BUNDLE_LATEST_LENGTH'],
    [
      'latest that is a directory',
      async () => {
        await rm(at('latest'));
        await mkdir(at('latest'));
      },
      'ERR_BUNDLE_LATEST_UNREADABLE',
    ],
    ['no manifest', () => rm(at(names.manifest)), 'ERR_BUNDLE_MANIFEST_MISSING'],
    ['a manifest with a flipped bit', () => flip(names.manifest, 100), 'ERR_BUNDLE_MANIFEST_HASH'],
    ['a manifest cut short', () => truncate(at(names.manifest), 100), 'ERR_BUNDLE_MANIFEST_HASH'],
    ['a huge manifest', () => truncate(at(names.manifest), 65 << 20), 'ERR_BUNDLE_MANIFEST_LENGTH'],
    ['no signatures', () => rm(at(names.signatures)), 'ERR_BUNDLE_SIGNATURES_MISSING'],
    [
      'signatures that are none',
      () => writeFile(at(names.signatures), 'x'),
      'ERR_BUNDLE_SIGNATURES_FORMAT',
    ],
    ['a flipped bit in a signature', () => flip(names.signatures, -1), 'ERR_BUNDLE_SIGNATURE'],
    ['no bucket', () => rm(at(names.buckets[1]!)), 'ERR_BUNDLE_BUCKET_MISSING'],
    [
      'a flipped bit in the first bucket',
      () => flip(names.buckets[0]!, 0),
      'ERR_BUNDLE_BUCKET_HASH',
    ],
    [
      'a flipped bit at the end of the last',
      () => flip(names.buckets.at(-1)!, -1),
      'ERR_BUNDLE_BUCKET_HASH',
    ],
    ['an empty bucket', () => truncate(at(names.buckets[0]!)), 'ERR_BUNDLE_BUCKET_HASH'],
    ['a huge bucket', () => truncate(at(names.buckets[0]!), 17 << 20), 'ERR_BUNDLE_BUCKET_LENGTH'],
    [
      'two buckets changed about',
      async () => {
        await publish({ buckets: [...manifest.buckets].reverse() });
      },
      'ERR_BUNDLE_ORDER',
    ],
    [
      'a bucket signed with half an entry',
      () => withBucket(0, new Uint8Array(17)),
      'ERR_BUNDLE_BUCKET_FORMAT',
    ],
    [
      'a bucket signed without its entries',
      () => withBucket(0, encodeBucket([])),
      'ERR_BUNDLE_COUNT',
    ],
    ['a count signed wrong', () => publish({ entryCount: 999 }), 'ERR_BUNDLE_COUNT'],
  ];
  test.each(damages)('%s', async (_, damage, code) => {
    await damage();
    await expect(verify()).rejects.toMatchObject({ code, name: 'BundleError' });
  });

  test('every bit of the manifest counts', async () => {
    const { length } = await readFile(at(names.manifest));
    for (let offset = 0; offset < length; offset += 37) {
      await flip(names.manifest, offset);
      await expect(verify()).rejects.toMatchObject({ code: 'ERR_BUNDLE_MANIFEST_HASH' });
      await flip(names.manifest, offset);
    }
    await verify();
  });

  test('another publisher, and one of two', async () => {
    await shop.keys.generate('vendor', 'publisher');
    const vendor = await shop.keys.publicKey('vendor');
    const publisher = await shop.keys.publicKey('publisher');
    const refused = { code: 'ERR_BUNDLE_SIGNATURE' };
    await expect(verify({ keys: [vendor] })).rejects.toMatchObject(refused);
    await expect(verify({ keys: [vendor, publisher], threshold: 2 })).rejects.toMatchObject(
      refused,
    );
    await verify({ keys: [vendor, publisher], threshold: 1 });
  });

  test('another event', async () => {
    await expect(verify({ eventId: new Uint8Array(16) })).rejects.toMatchObject({
      code: 'ERR_BUNDLE_EVENT',
    });
  });

  test('files that are not of the bundle do not matter', async () => {
    await writeFile(at('README'), 'x');
    await chmod(at('README'), 0);
    expect((await readdir(shop.out)).length).toBeGreaterThan(4);
    await verify();
  });
});
