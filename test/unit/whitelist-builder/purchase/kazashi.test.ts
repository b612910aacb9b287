import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { parseLine } from '@pinless-gate/whitelist-builder/purchase/line';
import { describe, expect, test } from 'vitest';
import { feedOf, issuerOf, newCa, purchase, serialOf, workshop } from '../fixture.ts';

const issuer = issuerOf(await newCa());
const modulus = new Uint8Array(256).fill(0xff);
const hashOf = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

const kazashi = {
  reference: '550217',
  birthDate: '19800217',
  modulusHash: hashOf(modulus),
  signerKeyId: '39393133323231080530303000000000',
};
const withModulus = { ...kazashi, modulus: Buffer.from(modulus).toString('base64') };
const holder = (pin: object, number = 1) => ({
  holder: { serial: serialOf(number), issuer: 'jpki-auth', kazashi: pin },
});

const problemOf = (pin: object) =>
  parseLine(Buffer.from(JSON.stringify(purchase(1, holder(pin))))).problem;

describe('kazashi in a line of the feed', () => {
  test('as linking gives it', () => {
    expect(problemOf(kazashi)).toBeUndefined();
    expect(problemOf(withModulus)).toBeUndefined();
  });

  test.each<[string, object]>([
    ['reference', { reference: '55021' }],
    ['reference', { reference: 550217 }],
    ['birthDate', { birthDate: '1980-02-17' }],
    ['modulusHash', { modulusHash: 'ff' }],
    ['signerKeyId', { signerKeyId: 'xx'.repeat(16) }],
    ['modulus', { modulus: 'AAAA' }],
    ['name', { name: 'x' }],
    ['signerKeyId', { signerKeyId: undefined }],
  ])('holder.kazashi.%s that is wrong: %o', (field, change) => {
    expect(problemOf({ ...kazashi, ...change })?.field).toBe(`holder.kazashi.${field}`);
  });
});

describe('buildBundle with linked cards', () => {
  test('the record has what was linked', async () => {
    const shop = await workshop(issuer);
    const built = await shop.build(feedOf(purchase(1, holder(withModulus)), purchase(2)));
    const record = await shop.record(built, serialOf(1));
    expect(record?.kazashi).toEqual({
      reference: '550217',
      birthDate: '19800217',
      modulusHash: fromHex(kazashi.modulusHash),
      signerKeyId: fromHex(kazashi.signerKeyId),
      modulus,
    });
    expect((await shop.record(built, serialOf(2)))?.kazashi).toBeUndefined();
  });

  test('one line of several is enough, the modulus too', async () => {
    const shop = await workshop(issuer);
    const lines = [undefined, kazashi, withModulus].map((pin, i) => {
      const one = { serial: serialOf(1), issuer: 'jpki-auth', ...(pin && { kazashi: pin }) };
      return purchase(i + 1, { holder: one });
    });
    const built = await shop.build(feedOf(...lines));
    const record = await shop.record(built, serialOf(1));
    expect(record?.tickets).toHaveLength(3);
    expect(toHex(record!.kazashi!.modulus!)).toBe(toHex(modulus));
  });

  test('one certificate with two chips: the purchases that link it are bad lines, with and without a cache', async () => {
    const shop = await workshop(issuer);
    const cache = join(shop.directory, 'cache');
    const other = { ...kazashi, modulusHash: '11'.repeat(32) };
    const others = Array.from({ length: 5 }, (_, i) => purchase(i + 10));
    const again = { serial: serialOf(1), issuer: 'jpki-auth' };
    const rows = [purchase(1, holder(kazashi)), ...others, purchase(2, holder(other))];
    const feed = feedOf(...rows, purchase(3, { holder: again }));
    await expect(shop.build(feed)).rejects.toMatchObject({ code: 'ERR_FEED_REJECTS' });
    const reasonOf = (line: number) => `links a card with another chip than line ${line}`;
    for (const kept of [undefined, cache, cache]) {
      const built = await shop.build(feed, { allowRejects: 2, cache: kept });
      expect(built).toMatchObject({ rejects: 2, manifest: { entryCount: 6 } });
      const rejects = (await readFile(shop.rejects, 'utf8')).trimEnd().split('\n');
      expect(rejects.map((one) => JSON.parse(one))).toEqual([
        { line: 1, field: '', reason: reasonOf(7) },
        { line: 7, field: '', reason: reasonOf(1) },
      ]);
      const record = await shop.record(built, serialOf(1));
      expect(record?.tickets.map(({ ticketNo }) => ticketNo)).toEqual(['T-3-1']);
      expect(record?.kazashi).toBeUndefined();
    }
    const right = feedOf(...rows.slice(0, -1), purchase(3, { holder: again }));
    const built = await shop.build(right, { cache });
    expect((await shop.record(built, serialOf(1)))?.tickets).toHaveLength(2);
  });

  test.each<[string, object]>([
    ['a day that never was', { birthDate: '19800231' }],
    ['a key id of another layout', { signerKeyId: '00'.repeat(16) }],
    ['the modulus of another card', { ...withModulus, modulusHash: '11'.repeat(32) }],
  ])('a line is rejected for %s', async (_, change) => {
    const shop = await workshop(issuer);
    const feed = feedOf(purchase(1, holder({ ...kazashi, ...change })), purchase(2));
    await expect(shop.build(feed)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
  });
});
