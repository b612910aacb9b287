import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { partyId } from '@pinless-gate/whitelist-builder/purchase/listing';
import { describe, expect, test } from 'vitest';
import {
  ADMISSION,
  EVENT_ID,
  feedOf,
  holderCertificate,
  issuerOf,
  many,
  NOW,
  newCa,
  purchase,
  rsaKey,
  STARTS_AT,
  serialOf,
  verified,
  workshop,
} from '../fixture.ts';

const ca = await newCa();
const issuer = issuerOf(ca);

describe('buildBundle', () => {
  test('a purchase, from feed to opened record', async () => {
    const shop = await workshop(issuer);
    const built = await shop.build(feedOf(purchase(1), purchase(2)));
    expect((await verified(shop)).manifest).toMatchObject({
      version: 1,
      issuedAt: NOW,
      entryCount: 2,
      bucketBits: 0,
      policy: { gates: ['A', 'B'] },
      previous: undefined,
      revocationCheckedAt: undefined,
    });
    expect(await shop.record(built, serialOf(2))).toMatchObject({
      tickets: [{ ticketNo: 'T-2-1', place: 1 }],
      party: { id: partyId(EVENT_ID, 'P-2'), size: 1 },
      language: 'ja',
      evidenceId: 'E-2',
    });
    expect(await shop.record(built, serialOf(3))).toBeUndefined();
  });

  test('more purchases than one crossing to the HSM carries, in buckets of about 64 KiB', async () => {
    const shop = await workshop(issuer);
    const built = await shop.build(many(3000));
    expect(shop.keys.calls).toMatchObject({ mac: 2, sign: 1 });
    expect(shop.keys.calls.macAll).toBeLessThan(10);
    const { manifest } = await verified(shop);
    expect(manifest.entryCount).toBe(3000);
    expect(manifest.buckets).toHaveLength(16);
    for (const number of [1, 1024, 1025, 3000]) {
      const record = await shop.record(built, serialOf(number));
      expect(record?.evidenceId).toBe(`E-${number}`);
    }
  });

  test('the party id is the documented one', () => {
    // printf 'pinless-gate/party/1\0' + 16 octets + 'P-1' | sha256sum
    expect(toHex(partyId(EVENT_ID, 'P-1'))).toBe('cdd0da77e83259f9');
  });

  test('pending and cancelled purchases are counted and not listed', async () => {
    const shop = await workshop(issuer);
    const built = await shop.build(
      feedOf(purchase(1), purchase(2, { status: 'pending' }), purchase(3, { status: 'cancelled' })),
    );
    expect(built).toMatchObject({ gathered: { lines: 3 }, pending: 1, cancelled: 1 });
    expect(built.manifest.entryCount).toBe(1);
    expect(await shop.record(built, serialOf(3))).toBeUndefined();
  });

  test('a companion has a record of their own in the same party', async () => {
    const shop = await workshop(issuer);
    const companions = [{ ticketNo: 'T-1-2', holder: { serial: '99', issuer: 'jpki-auth' } }];
    const built = await shop.build(feedOf(purchase(1, { companions })));
    const [holder, companion] = [
      await shop.record(built, serialOf(1)),
      await shop.record(built, '99'),
    ];
    expect(companion).toMatchObject({ tickets: [{ ticketNo: 'T-1-2', place: 2 }] });
    expect(companion?.party).toEqual(holder?.party);
    expect(holder?.party.size).toBe(2);
  });

  test('one card as holder and companion of one purchase has one record', async () => {
    const shop = await workshop(issuer);
    const { holder } = purchase(1);
    const built = await shop.build(
      feedOf(purchase(1, { companions: [{ ticketNo: 'T-1-2', holder }] })),
    );
    expect(built.manifest.entryCount).toBe(1);
    expect((await shop.record(built, serialOf(1)))?.tickets).toHaveLength(2);
  });

  test('a card of three purchases has one record with all tickets, converted once more', async () => {
    const shop = await workshop(issuer);
    const { holder } = purchase(1);
    const built = await shop.build(
      feedOf(
        purchase(1),
        purchase(2),
        purchase(3, { holder }),
        purchase(4, { holder, language: 'en' }),
      ),
    );
    expect(built.manifest.entryCount).toBe(2);
    expect(shop.keys.calls.macAll).toBe(2);
    expect(await shop.record(built, serialOf(1))).toMatchObject({
      tickets: [
        { ticketNo: 'T-1-1', place: 1 },
        { ticketNo: 'T-3-1', place: 2 },
        { ticketNo: 'T-4-1', place: 3 },
      ],
      party: { id: partyId(EVENT_ID, 'P-1'), size: 3 },
      language: 'ja',
      evidenceId: 'E-1',
    });
    expect((await verified(shop)).manifest.entryCount).toBe(2);
  });

  test('a certificate pins its key, also for the purchase that gave the serial number only', async () => {
    const shop = await workshop(issuer);
    const spki = rsaKey().spki;
    const certificate = await holderCertificate(ca, { serial: serialOf(1), spki });
    const built = await shop.build(feedOf(purchase(1), purchase(2, { holder: { certificate } })));
    const record = await shop.record(built, serialOf(1));
    expect(record?.publicKey).toEqual(spki);
    expect(record?.notAfter).toBeGreaterThan(STARTS_AT);
    expect(record?.tickets).toHaveLength(2);
  });

  test('two certificates of one serial number with different keys stop the build', async () => {
    const shop = await workshop(issuer);
    const holders = await Promise.all(
      [rsaKey(), rsaKey()].map(async ({ spki }) => {
        return { certificate: await holderCertificate(ca, { spki }) };
      }),
    );
    const feed = feedOf(purchase(1, { holder: holders[0] }), purchase(2, { holder: holders[1] }));
    await expect(shop.build(feed)).rejects.toMatchObject({ code: 'ERR_BUILD_CARD_CONFLICT' });
    expect(await readdir(shop.out)).toEqual([]);
  });

  test.each([
    ['a second before admission', ADMISSION.from - 1, 1],
    ['as admission begins', ADMISSION.from, 0],
  ])('a certificate that ends %s is listed', async (_, notAfter, expiring) => {
    const shop = await workshop(issuer);
    const certificate = await holderCertificate(ca, { until: notAfter - NOW });
    const built = await shop.build(feedOf(purchase(1), purchase(2, { holder: { certificate } })));
    expect(built.manifest.entryCount).toBe(2);
    expect(built.tally.expiring).toBe(expiring);
    expect(built.tally.expiringLines.first(9)).toEqual(expiring ? [2] : []);
  });

  test('the feed says nothing of serial numbers in what is published', async () => {
    const shop = await workshop(issuer);
    await shop.build(many(20));
    for (const name of await readdir(shop.out)) {
      const content = await readFile(join(shop.out, name));
      expect(content.includes(Buffer.from(serialOf(7), 'hex'))).toBe(false);
      expect(content.includes('T-7-1')).toBe(false);
    }
  });
});
