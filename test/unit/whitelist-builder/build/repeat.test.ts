import { Converter } from '@pinless-gate/hsm/conversion-value';
import { decodeBucket } from '@pinless-gate/protocol/bundle';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { openRecord } from '@pinless-gate/protocol/record';
import type { Built } from '@pinless-gate/whitelist-builder/build/build';
import { readBucket } from '@pinless-gate/whitelist-builder/bundle/directory';
import { describe, expect, test } from 'vitest';
import {
  EVENT_ID,
  feedOf,
  issuerOf,
  newCa,
  purchase,
  serialOf,
  type Workshop,
  workshop,
} from '../fixture.ts';

const issuer = issuerOf(await newCa());
const COUNT = 40;

/** Every record of the list in the clear, and the nonces of their seals, by conversion value. */
async function opened({ out, keys }: Workshop, { manifest }: Built) {
  const converter = new Converter(keys, 'event');
  const sealKeys = new Map<string, Uint8Array>();
  for (let number = 1; number <= COUNT; number++) {
    const conversion = await converter.convert(issuer.nameDer, fromHex(serialOf(number)));
    sealKeys.set(toHex(conversion.conversionValue), conversion.sealKey);
  }
  const records = new Map<string, string>();
  const nonces: string[] = [];
  for (let bucket = 0; bucket < manifest.buckets.length; bucket++) {
    const bytes = await readBucket(out, manifest, bucket);
    for (const { conversionValue, sealed } of decodeBucket(bytes, bucket, manifest.bucketBits)) {
      const key = toHex(conversionValue);
      const context = { eventId: EVENT_ID, conversionValue };
      records.set(key, toHex(openRecord(sealKeys.get(key)!, sealed, context)));
      nonces.push(toHex(sealed.subarray(1, 13)));
    }
  }
  return { records, nonces };
}

describe('two builds of the same input with the same keys', () => {
  test('differ in nonces, version, previous list and signatures, and in nothing else', async () => {
    const shop = await workshop(issuer);
    const { holder } = purchase(1);
    const feed = feedOf(
      ...Array.from({ length: COUNT }, (_, i) => purchase(i + 1)),
      purchase(COUNT + 1, { holder }),
    );
    const first = await shop.build(feed);
    const before = await opened(shop, first);
    const second = await shop.build(feed);
    const after = await opened(shop, second);
    expect(before.records.size).toBe(COUNT);
    expect(after.records).toEqual(before.records);
    expect(after.nonces.filter((nonce) => before.nonces.includes(nonce))).toEqual([]);
    const { buckets: _, version, previous, ...rest } = second.manifest;
    const { buckets: __, version: ___, previous: ____, ...restBefore } = first.manifest;
    expect(rest).toEqual(restBefore);
    expect([version, toHex(previous!)]).toEqual([2, toHex(first.hash)]);
  });
});
