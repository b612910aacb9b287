import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { settingsOf } from '@pinless-gate/whitelist-builder/build/cache';
import { Renewals, withRenewals } from '@pinless-gate/whitelist-builder/validity/renewal';
import { readRevocation } from '@pinless-gate/whitelist-builder/validity/revocation';
import { describe, expect, test } from 'vitest';
import { issueCrl } from '../../../sandbox/jlis/certificate.ts';
import {
  feedOf,
  holderCertificate,
  issuerOf,
  many,
  NO_PROGRESS,
  NOW,
  newCa,
  purchase,
  serialOf,
  type Workshop,
  workshop,
} from '../fixture.ts';

const ca = await newCa();
const issuer = issuerOf(ca);

async function shopWithCache() {
  const shop = await workshop(issuer);
  const cache = join(shop.directory, 'cache');
  const lost: string[] = [];
  const progress = { ...NO_PROGRESS, cacheLost: ({ code }: { code: string }) => lost.push(code) };
  const build: Workshop['build'] = (feed, changes) => {
    return shop.build(feed, { cache, progress, ...changes });
  };
  return { ...shop, cache, lost, build };
}

const flip = async (path: string, at: number) => {
  const file = await open(path, 'r+');
  const octet = Buffer.alloc(1);
  await file.read(octet, 0, 1, at);
  octet[0]! ^= 1;
  await file.write(octet, 0, 1, at);
  await file.close();
};

describe('buildBundle with a cache', () => {
  test('the same feed again: no conversion, and the same buckets to the octet', async () => {
    const shop = await shopWithCache();
    const first = await shop.build(many(1200));
    const { macAll } = shop.keys.calls;
    const second = await shop.build(many(1200));
    expect(second.gathered.cached).toBe(1200);
    expect(shop.keys.calls.macAll).toBe(macAll);
    expect(second.manifest).toMatchObject({ version: 2, buckets: first.manifest.buckets });
  });

  test('one changed row costs one conversion and changes one bucket', async () => {
    const shop = await shopWithCache();
    const first = await shop.build(many(1200));
    const asked: number[] = [];
    const macAll = shop.keys.macAll.bind(shop.keys);
    shop.keys.macAll = (label, data) => {
      asked.push(data.length);
      return macAll(label, data);
    };
    const changed = many(1200).replace('"ticketNo":"T-7-1"', '"ticketNo":"T-7-X"');
    const second = await shop.build(changed);
    expect(asked).toEqual([1]);
    expect(second.gathered.cached).toBe(1199);
    const differing = second.manifest.buckets.filter(
      (bucket, i) => !Buffer.from(bucket).equals(first.manifest.buckets[i]!),
    );
    expect(differing).toHaveLength(1);
    expect((await shop.record(second, serialOf(7)))?.tickets).toMatchObject([
      { ticketNo: 'T-7-X' },
    ]);
    expect((await shop.build(changed)).gathered.cached).toBe(1200);
  });

  test('a row that has gone is not listed, and is forgotten', async () => {
    const shop = await shopWithCache();
    await shop.build(many(20));
    const second = await shop.build(many(19));
    expect(await shop.record(second, serialOf(20))).toBeUndefined();
    expect((await shop.build(many(20))).gathered.cached).toBe(19);
  });

  test('a card of two rows is sealed once for both, and not again', async () => {
    const shop = await shopWithCache();
    const { holder } = purchase(1);
    const feed = feedOf(purchase(1), purchase(2), purchase(3, { holder }));
    const first = await shop.build(feed);
    const { macAll } = shop.keys.calls;
    const second = await shop.build(feed);
    expect(second.manifest.buckets).toEqual(first.manifest.buckets);
    expect(shop.keys.calls.macAll).toBe(macAll);
    const third = await shop.build(feedOf(purchase(1), purchase(2)));
    expect((await shop.record(third, serialOf(1)))?.tickets).toHaveLength(1);
  });

  test('conflicts are found among rows that are known', async () => {
    const shop = await shopWithCache();
    const second = purchase(2, { tickets: purchase(1).tickets });
    for (const cached of [0, 2]) {
      const built = await shop.build(feedOf(purchase(1), second), { allowRejects: 1 });
      expect(built).toMatchObject({ rejects: 1, gathered: { cached } });
      expect(await shop.record(built, serialOf(2))).toBeUndefined();
    }
  });

  test('what is kept after bad lines stopped a build', async () => {
    const shop = await shopWithCache();
    await expect(shop.build(`${many(5)}x\n`)).rejects.toMatchObject({ code: 'ERR_FEED_REJECTS' });
    expect((await shop.build(many(5))).gathered.cached).toBe(5);
  });

  test.each([
    ['the event key', { keys: { event: 'other', publisher: 'publisher' } }],
    ['the gates', { policy: { gates: ['B'], toleranceS: 1, staleAfterS: 1, refuseAfterS: 1 } }],
    ['the admission', { admission: { from: 1, until: 2_000_000_000 } }],
  ])('another %s: made anew', async (_, change) => {
    const shop = await shopWithCache();
    await shop.keys.generate('other', 'event');
    await shop.build(many(5));
    const event = { ...shop.job.event, ...change };
    expect((await shop.build(many(5), { event })).gathered.cached).toBe(0);
    expect(shop.lost).toEqual(['ERR_CACHE_FOREIGN']);
    expect((await shop.build(many(5), { event })).gathered.cached).toBe(5);
  });

  test('settings have a digest of their own', () => {
    const rules = {
      eventId: new Uint8Array(16),
      gates: new Set(['A']),
      admission: { from: 1, until: 2 },
      now: NOW,
      issuers: [issuer],
    };
    const digests = [
      rules,
      { ...rules, admission: { from: 1, until: 3 } },
      { ...rules, gates: new Set(['A', 'B']) },
      { ...rules, shape: { flags: ['carer'] } },
      { ...rules, issuers: [{ ...issuer, name: 'other' }] },
      { ...rules, now: NOW + 20 * 365 * 86_400 }, // the CA has expired
    ].map((one) => Buffer.from(settingsOf(one)).toString('hex'));
    expect(new Set(digests).size).toBe(digests.length);
    expect(Buffer.from(settingsOf({ ...rules, now: NOW + 1 })).toString('hex')).toBe(digests[0]);
  });
});

describe('a cache that somebody changed', () => {
  test.each([50, 200, 900])('octet %d: what is read of it is made anew', async (at) => {
    const shop = await shopWithCache();
    await shop.build(many(3));
    await flip(join(shop.cache, 'rows'), at);
    const built = await shop.build(many(3));
    expect(built.gathered.cached).toBeLessThan(3);
    expect(shop.lost).toEqual(['ERR_CACHE_DAMAGED']);
    expect((await shop.record(built, serialOf(2)))?.evidenceId).toBe('E-2');
  });

  test.each([0, 30, 500])('cut after %d octets', async (length) => {
    const shop = await shopWithCache();
    await shop.build(many(3));
    const path = join(shop.cache, 'rows');
    await writeFile(path, (await readFile(path)).subarray(0, length));
    const built = await shop.build(many(3));
    expect(built.gathered.cached).toBe(0);
    expect(shop.lost).toEqual([expect.stringMatching(/^ERR_CACHE_(DAMAGED|FOREIGN)$/)]);
  });

  test('one of another event is not believed, also with the header of ours', async () => {
    const [ours, theirs] = [await shopWithCache(), await shopWithCache()];
    await ours.build(many(3));
    await theirs.build(many(3));
    const path = join(ours.cache, 'rows');
    const [own, foreign] = [await readFile(path), await readFile(join(theirs.cache, 'rows'))];
    own.copy(foreign, 0, 0, 43);
    await writeFile(path, foreign);
    expect((await ours.build(many(3))).gathered.cached).toBe(0);
    expect(ours.lost).toEqual(['ERR_CACHE_DAMAGED']);
  });

  test('what a killed build left is removed by the next, and one build has it at a time', async () => {
    const shop = await shopWithCache();
    await shop.build(many(3));
    const left = join(shop.cache, '.0123456789ab');
    await writeFile(left, 'sealed');
    const unlock = await lockDirectory(shop.cache);
    await expect(shop.build(many(3))).rejects.toMatchObject({ code: 'ERR_LOCKED' });
    expect(existsSync(left)).toBe(true);
    await unlock();
    expect((await shop.build(many(3))).gathered.cached).toBe(3);
    expect((await readdir(shop.cache)).filter((name) => !/^[a-z]+$/.test(name))).toEqual([]);
  });

  test('says nothing, and is nobody else’s to read', async () => {
    const shop = await shopWithCache();
    const built = await shop.build(many(20));
    const names = await readdir(shop.cache);
    expect(names.sort()).toEqual(['footprints', 'holders', 'last', 'merged', 'rows']);
    for (const name of names) {
      expect((await stat(join(shop.cache, name))).mode & 0o077).toBe(0);
      const content = await readFile(join(shop.cache, name));
      for (const secret of ['T-7-1', 'E-7', serialOf(7), Buffer.from(serialOf(7), 'hex')]) {
        expect(content.includes(secret)).toBe(false);
      }
    }
    expect(built.manifest.entryCount).toBe(20);
  });
});

describe('revocation of rows that are known', () => {
  const revocationOf = async (shop: Workshop, name: string, revoked: string[], at = NOW) => {
    const path = join(shop.directory, name);
    const entries = revoked.map((serial) => ({ serial, at: '2026-11-01T00:00:00Z' }));
    const [from, until] = [new Date((at - 3600) * 1000), new Date((at + 86_400) * 1000)];
    const der = await issueCrl(ca.key, 1, entries, from, until);
    await writeFile(path, der);
    return readRevocation([path], [issuer], NOW);
  };

  test.each(['serial', 'certificate'])('a card by %s', async (by) => {
    const shop = await shopWithCache();
    const certificate = await holderCertificate(ca, { serial: serialOf(1) });
    const feed = feedOf(
      purchase(1, by === 'certificate' ? { holder: { certificate } } : {}),
      purchase(2),
    );
    const good = await shop.build(feed, { revocation: await revocationOf(shop, 'a', []) });
    expect(good.manifest.revocationCheckedAt).toBe(NOW - 3600);
    const fresh = await shop.build(feed, {
      revocation: await revocationOf(shop, 'b', [], NOW - 1800),
    });
    expect(fresh.gathered.cached).toBe(2);
    expect(fresh.manifest).toMatchObject({
      revocationCheckedAt: NOW - 5400,
      buckets: good.manifest.buckets,
    });
    const revocation = await revocationOf(shop, 'c', [serialOf(1)]);
    const gone = await shop.build(feed, { revocation });
    expect(gone).toMatchObject({ leftOut: { counts: { revoked: 1 } }, gathered: { cached: 1 } });
    expect(await shop.record(gone, serialOf(1))).toBeUndefined();
  });
});

describe('renewals of rows that are known', () => {
  const renewedTo = (next: string | undefined) => {
    const steps = [{ old: serialOf(1), next, certificate: undefined }];
    return new Renewals({ issuer: issuer.name, issuedAt: NOW, steps });
  };

  test('another card, another again, and the first one back', async () => {
    const shop = await shopWithCache();
    const feed = feedOf(purchase(1), purchase(2));
    const listed = async (renewals: Renewals | undefined, cached: number) => {
      const issuers = [{ ...issuer, renewals }];
      const event = { ...shop.job.event, issuers };
      const built = await shop.build(feed, { event, revocation: withRenewals(undefined, issuers) });
      expect(built.gathered.cached).toBe(cached);
      const serials = [serialOf(1), '71', '72'];
      const found = await Promise.all(serials.map((serial) => shop.record(built, serial)));
      return serials.filter((_, i) => found[i]);
    };
    expect(await listed(undefined, 0)).toEqual([serialOf(1)]);
    expect(await listed(renewedTo('71'), 1)).toEqual(['71']);
    expect(await listed(renewedTo('71'), 2)).toEqual(['71']);
    expect(await listed(renewedTo('72'), 1)).toEqual(['72']);
    expect(await listed(renewedTo(undefined), 1)).toEqual([]);
    expect(await listed(undefined, 1)).toEqual([serialOf(1)]);
  });
});
