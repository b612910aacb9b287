import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  feedOf,
  issuerOf,
  many,
  newCa,
  purchase,
  serialOf,
  type Workshop,
  workshop,
} from '../fixture.ts';

const issuer = issuerOf(await newCa());

async function rejectsOf({ rejects }: Workshop): Promise<unknown[]> {
  const text = await readFile(rejects, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));
}

describe('buildBundle: bad lines', () => {
  test('the build stops, and says which', async () => {
    const shop = await workshop(issuer);
    const feed = `${many(2)}nonsense\n${feedOf(purchase(4, { status: 'sold' }))}`;
    await expect(shop.build(feed)).rejects.toMatchObject({
      code: 'ERR_FEED_REJECTS',
      hint: expect.stringContaining('--allow-rejects 2'),
    });
    expect(await rejectsOf(shop)).toEqual([
      { line: 3, field: '', reason: 'not JSON' },
      { line: 4, field: 'status', reason: expect.any(String) },
    ]);
    expect(await readdir(shop.out)).toEqual([]);
  });

  test('as many as are allowed do not stop it; one more does', async () => {
    const shop = await workshop(issuer);
    const feed = `${many(2)}nonsense\nnonsense\n`;
    await expect(shop.build(feed, { allowRejects: 1 })).rejects.toMatchObject({
      code: 'ERR_FEED_REJECTS',
    });
    const built = await shop.build(feed, { allowRejects: 2 });
    expect(built).toMatchObject({ rejects: 2, manifest: { version: 1, entryCount: 2 } });
  });

  test('the reject file of the build before goes away', async () => {
    const shop = await workshop(issuer);
    await shop.build(`${many(2)}nonsense\n`, { allowRejects: 1 });
    expect(await rejectsOf(shop)).toHaveLength(1);
    await shop.build(many(2));
    await expect(readFile(shop.rejects)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['a ticket number', purchase(2, { tickets: purchase(1).tickets }), 'tickets[0].ticketNo'],
    ['a purchase id', purchase(2, { purchaseId: 'P-1' }), 'purchaseId'],
    [
      "a companion's ticket number",
      purchase(2, { companions: [{ ticketNo: 'T-1-1', holder: purchase(3).holder }] }),
      'companions[0].ticketNo',
    ],
    [
      'the id of a purchase cancelled later',
      purchase(2, { purchaseId: 'P-1', status: 'cancelled' }),
      'purchaseId',
    ],
  ])('used twice: %s', async (_, second, field) => {
    const shop = await workshop(issuer);
    const built = await shop.build(feedOf(purchase(1), second), { allowRejects: 1 });
    expect(await rejectsOf(shop)).toEqual([{ line: 2, field, reason: 'used before, in line 1' }]);
    expect(built.manifest.entryCount).toBe(1);
    expect(await shop.record(built, serialOf(1))).toBeDefined();
    expect(await shop.record(built, serialOf(2))).toBeUndefined();
  });

  test('a rejected line takes its part of a shared card with it', async () => {
    const shop = await workshop(issuer);
    const { holder, tickets } = purchase(1);
    const companions = [{ ticketNo: 'T-2-9', holder }];
    const built = await shop.build(feedOf(purchase(1), purchase(2, { tickets, companions })), {
      allowRejects: 1,
    });
    expect((await shop.record(built, serialOf(1)))?.tickets).toHaveLength(1);
  });

  test('ticket numbers of cancelled purchases and of bad lines are free', async () => {
    const shop = await workshop(issuer);
    const { tickets } = purchase(1);
    const feed = feedOf(
      purchase(1, { status: 'cancelled' }),
      purchase(2, { tickets, holder: { serial: '0', issuer: 'jpki-auth' } }),
      purchase(3, { tickets }),
    );
    const built = await shop.build(feed, { allowRejects: 1 });
    expect(await rejectsOf(shop)).toMatchObject([{ line: 2, field: 'holder.serial' }]);
    expect(await shop.record(built, serialOf(3))).toBeDefined();
  });

  test('more tickets than a card opens', async () => {
    const shop = await workshop(issuer);
    const { holder } = purchase(1);
    const seat = {
      gate: 'B',
      block: '席'.repeat(32),
      row: '列'.repeat(32),
      number: '番'.repeat(32),
    };
    const full = Array.from({ length: 50 }, (_, i) => ({
      ticketNo: `${'T'.repeat(60)}-${i}`,
      seat,
      zone: '区'.repeat(32),
      category: '種'.repeat(32),
    }));
    const built = await shop.build(
      feedOf(purchase(1, { tickets: full }), purchase(2, { holder }), purchase(3)),
      { allowRejects: 1 },
    );
    expect(await rejectsOf(shop)).toEqual([
      { line: 2, field: 'tickets', reason: expect.stringContaining('50') },
    ]);
    expect((await shop.record(built, serialOf(1)))?.tickets).toHaveLength(50);
    expect(built.manifest.entryCount).toBe(2);
  });

  test.each([
    ['an empty feed', '', 0, 'ERR_FEED_EMPTY'],
    ['nothing but bad lines, allowed', 'x\ny\n', 2, 'ERR_FEED_EMPTY'],
    ['nothing but bad lines', 'x\ny\n', 0, 'ERR_FEED_REJECTS'],
    ['nothing paid', feedOf(purchase(1, { status: 'pending' })), 0, 'ERR_FEED_EMPTY'],
  ])('%s', async (_, feed, allowRejects, code) => {
    const shop = await workshop(issuer);
    await expect(shop.build(feed, { allowRejects })).rejects.toMatchObject({ code });
    expect(await readdir(shop.out)).toEqual([]);
  });
});
