import { readdir } from 'node:fs/promises';
import { toHex } from '@pinless-gate/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { issuerOf, many, newCa, verified, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());

describe('buildBundle: versions', () => {
  test('the next build follows the last, and its files stay', async () => {
    const shop = await workshop(issuer);
    const first = await shop.build(many(3));
    const before = await readdir(shop.out);
    const second = await shop.build(many(4));
    expect(second.manifest).toMatchObject({ version: 2, entryCount: 4 });
    expect(toHex(second.manifest.previous!)).toBe(toHex(first.hash));
    expect(await readdir(shop.out)).toEqual(expect.arrayContaining(before));
    expect(toHex((await verified(shop)).hash)).toBe(toHex(second.hash));
  });

  test('a version that is given', async () => {
    const shop = await workshop(issuer);
    expect((await shop.build(many(1), { version: 7 })).manifest.version).toBe(7);
    expect((await shop.build(many(1))).manifest.version).toBe(8);
    await expect(shop.build(many(1), { version: 8 })).rejects.toMatchObject({
      code: 'ERR_BUNDLE_VERSION',
    });
  });

  test('a directory with the bundle of another event', async () => {
    const shop = await workshop(issuer);
    await shop.build(many(1));
    const event = { ...shop.job.event, eventId: new Uint8Array(16) };
    await expect(shop.build(many(1), { event })).rejects.toMatchObject({
      code: 'ERR_BUNDLE_EVENT',
    });
  });

  test('a bundle before it that another publisher signed', async () => {
    const shop = await workshop(issuer);
    await shop.build(many(1));
    await shop.keys.generate('other', 'publisher');
    const event = { ...shop.job.event, keys: { event: 'event', publisher: 'other' } };
    await expect(shop.build(many(1), { event })).rejects.toMatchObject({
      code: 'ERR_BUNDLE_SIGNATURE',
      hint: expect.stringContaining('--version'),
    });
  });

  test('a list that would have expired', async () => {
    const shop = await workshop(issuer);
    await expect(shop.build(many(1), { now: shop.job.event.expiresAt })).rejects.toMatchObject({
      code: 'ERR_BUNDLE_EXPIRED',
    });
  });
});
