import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HsmError } from '@pinless-gate/hsm/key-store';
import { contentName } from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { partyId } from '@pinless-gate/whitelist-builder/purchase/listing';
import { describe, expect, test } from 'vitest';
import {
  EVENT_ID,
  holderCertificate,
  issuerOf,
  line,
  NOW,
  newCa,
  purchase,
  rsaKey,
  STARTS_AT,
  type Workshop,
  workshop,
} from '../fixture.ts';

const ca = await newCa();
const issuer = issuerOf(ca);
const serialOf = (number: number) => (0x700_0000 + number).toString(16).padStart(8, '0');
const feedOf = (...purchases: unknown[]) => purchases.map(line).join('');
const many = (count: number) => feedOf(...Array.from({ length: count }, (_, i) => purchase(i + 1)));

async function verified({ out, keys }: Workshop) {
  const publishers = { keys: [await keys.publicKey('publisher')], threshold: 1 };
  return verifyBundle(out, { publishers, eventId: EVENT_ID });
}

async function rejectsOf({ rejects }: Workshop): Promise<unknown[]> {
  const text = await readFile(rejects, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one));
}

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
    expect(shop.keys.calls).toMatchObject({ mac: 1, sign: 1 });
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
    expect(built.gathered).toMatchObject({ lines: 3, paid: 1, pending: 1, cancelled: 1 });
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
    ['a second before the event', STARTS_AT - 1, 1],
    ['as the event begins', STARTS_AT, 0],
  ])('a certificate that ends %s is listed', async (_, notAfter, expiring) => {
    const shop = await workshop(issuer);
    const certificate = await holderCertificate(ca, { until: notAfter - NOW });
    const built = await shop.build(feedOf(purchase(1), purchase(2, { holder: { certificate } })));
    expect(built.manifest.entryCount).toBe(2);
    expect(built.gathered.expiring).toBe(expiring);
    expect(built.gathered.expiringLines.first(9)).toEqual(expiring ? [2] : []);
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

describe('buildBundle: failures leave the bundle before as it was', () => {
  const failing = [
    [
      'no event key',
      async (shop: Workshop) =>
        shop.build(many(3), {
          event: { ...shop.job.event, keys: { event: 'gone', publisher: 'publisher' } },
        }),
      'ERR_HSM_KEY_MISSING',
    ],
    [
      'the HSM dies after the first batch',
      async (shop: Workshop) => {
        const macAll = shop.keys.macAll.bind(shop.keys);
        shop.keys.macAll = async (label, data) => {
          const macs = await macAll(label, data);
          shop.keys.failure = new HsmError('ERR_HSM_TOKEN', 'gone');
          return macs;
        };
        return shop.build(many(3000));
      },
      'ERR_HSM_TOKEN',
    ],
    [
      'a signature that does not hold',
      async (shop: Workshop) => {
        shop.keys.sign = async () => new Uint8Array(64);
        return shop.build(many(3));
      },
      'ERR_BUNDLE_SIGNATURE',
    ],
    [
      'interrupted',
      async (shop: Workshop) => shop.build(many(3), { signal: AbortSignal.abort('SIGINT') }),
      'ERR_INTERRUPTED',
    ],
    [
      'the feed changes meanwhile',
      async (shop: Workshop) =>
        shop.build(many(3), {
          progress: { gathered: () => {}, written: () => {} },
          keys: changing(shop),
        }),
      'ERR_FEED_CHANGED',
    ],
    [
      'a directory as feed',
      async (shop: Workshop) => {
        await mkdir(join(shop.directory, 'd'));
        return shop.build(many(1), { feed: join(shop.directory, 'd') });
      },
      'ERR_FEED_FILE',
    ],
    [
      'no feed',
      async (shop: Workshop) => shop.build(many(1), { feed: join(shop.directory, 'gone') }),
      'ENOENT',
    ],
    [
      'rejects that cannot be written',
      async (shop: Workshop) =>
        shop.build('x\n', { rejects: join(shop.directory, 'gone', 'rejects') }),
      'ENOENT',
    ],
  ] as const;

  /** Appends to the feed when the manifest's key id is asked for: after the feed was opened. */
  function changing(shop: Workshop) {
    const mac = shop.keys.macAll.bind(shop.keys);
    shop.keys.macAll = async (label, data) => {
      await writeFile(shop.job.feed, line(purchase(9)), { flag: 'a' });
      return mac(label, data);
    };
    return shop.keys;
  }

  test.each(failing)('%s', async (_, run, code) => {
    const shop = await workshop(issuer);
    const before = await shop.build(many(2));
    const files = await readdir(shop.out);
    await expect(run(shop)).rejects.toMatchObject({ code });
    expect(await readdir(shop.out)).toEqual(files);
    expect(await readFile(join(shop.out, 'latest'), 'latin1')).toContain(contentName(before.hash));
    expect((await readdir(shop.directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a build that was killed left its directory: the next one removes it', async () => {
    const shop = await workshop(issuer);
    await mkdir(join(shop.out, '.build-999999999-0123456789ab'), { recursive: true });
    await shop.build(many(1));
    expect((await readdir(shop.out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('a build that still runs is not disturbed', async () => {
    const shop = await workshop(issuer);
    await mkdir(join(shop.out, `.build-${process.pid}-0123456789ab`), { recursive: true });
    await expect(shop.build(many(1))).rejects.toMatchObject({ code: 'ERR_BUILD_BUSY' });
  });
});
