import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex } from '@pinless-gate/protocol/bytes';
import type { Finding, Findings } from '@pinless-gate/whitelist-builder/build/findings';
import { provenOnly } from '@pinless-gate/whitelist-builder/validity/proven-only';
import { Renewals, withRenewals } from '@pinless-gate/whitelist-builder/validity/renewal';
import type { RenewalStep } from '@pinless-gate/whitelist-builder/validity/renewal-file';
import type { Revocation } from '@pinless-gate/whitelist-builder/validity/revocation';
import { describe, expect, test } from 'vitest';
import {
  feedOf,
  holderCertificate,
  issuerOf,
  NOW,
  newCa,
  purchase,
  rsaKey,
  serialOf,
  workshop,
} from '../fixture.ts';

// What a build kept, when validity has changed since. Every build with a cache is held against one without.

const ca = await newCa();
const issuer = issuerOf(ca);
const [A, B, C] = ['0a', '0b', '0c'];
const by = (serial: string) => ({ serial, issuer: issuer.name });
const step = (old: string, next: string | undefined, certificate?: Uint8Array): RenewalStep => ({
  old,
  next,
  certificate,
});

async function shopWithTwin() {
  const [warm, cold] = [await workshop(issuer), await workshop(issuer)];
  const cache = join(warm.directory, 'cache');
  /** Ticket numbers and pinned key by serial number, the same with and without what is kept. */
  const listed = async (feed: string, steps?: readonly RenewalStep[], source?: Revocation) => {
    const renewals = steps && new Renewals({ issuer: issuer.name, issuedAt: NOW, steps });
    const issuers = [{ ...issuer, renewals }];
    const event = { ...warm.job.event, issuers };
    const findings: Finding[][] = [];
    const report = async (_: unknown, found: Findings) => {
      const all: Finding[] = [];
      for await (const line of found.lines()) all.push(JSON.parse(line));
      findings.push(all.sort((a, b) => a.line - b.line));
    };
    const changes = { event, revocation: withRenewals(source, issuers), report };
    const results = [];
    for (const [shop, more] of [
      [warm, { cache }],
      [cold, {}],
    ] as const) {
      const built = await shop.build(feed, { ...changes, ...more });
      const found: Record<string, unknown> = {};
      for (const serial of [A, B, C, ...[1, 2, 3].map(serialOf)]) {
        const record = await shop.record(built, serial);
        if (!record) continue;
        const pin = record.publicKey && Buffer.from(record.publicKey).toString('base64');
        found[serial] = [record.tickets.map(({ ticketNo }) => ticketNo).join(), pin];
      }
      results.push({ found, built });
    }
    const [kept, anew] = results;
    expect(kept!.found).toEqual(anew!.found);
    expect(kept!.built.manifest.revocationCheckedAt).toBe(anew!.built.manifest.revocationCheckedAt);
    expect(findings[0]).toEqual(findings[1]);
    return { ...kept!, findings: findings[0]! };
  };
  return { listed, cache };
}

describe('an entry of several rows', () => {
  test('does not keep the tickets of a renewal that is no longer given', async () => {
    const { listed } = await shopWithTwin();
    const companions = [{ ticketNo: 'T-1-2', holder: by(C) }];
    const feed = feedOf(purchase(1, { holder: by(A), companions }), purchase(2, { holder: by(C) }));
    const renewed = await listed(feed, [step(A, C)]);
    expect(renewed.found).toEqual({ [C]: ['T-1-1,T-1-2,T-2-1', undefined] });
    const plain = await listed(feed);
    expect(plain.found).toEqual({
      [A]: ['T-1-1', undefined],
      [C]: ['T-1-2,T-2-1', undefined],
    });
    await listed(feed, [step(A, C)]);
  });

  test('does not keep a key that the renewal no longer pins, or pins anew', async () => {
    const { listed } = await shopWithTwin();
    const feed = feedOf(purchase(1, { holder: by(A) }), purchase(2, { holder: by(C) }));
    const certificates = await Promise.all(
      [rsaKey(), rsaKey()].map(async ({ spki }) => {
        const certificate = await holderCertificate(ca, { serial: C, spki });
        return new Uint8Array(Buffer.from(certificate, 'base64'));
      }),
    );
    const pins = [];
    for (const certificate of [...certificates, undefined]) {
      const { found } = await listed(feed, [step(A, C, certificate)]);
      const [tickets, pin] = found[C] as [string, string | undefined];
      expect(tickets).toBe('T-1-1,T-2-1');
      pins.push(pin);
    }
    expect(new Set(pins).size).toBe(3);
    expect(pins[2]).toBeUndefined();
  });

  test('keeps a record where nothing changed', async () => {
    const { listed } = await shopWithTwin();
    const feed = feedOf(purchase(1, { holder: by(A) }), purchase(2, { holder: by(C) }));
    const first = await listed(feed, [step(A, C)]);
    const second = await listed(feed, [step(A, C)]);
    expect(second.built.manifest.buckets).toEqual(first.built.manifest.buckets);
  });
});

test('two holders of one purchase, by two links of a chain that is cut later', async () => {
  const { listed } = await shopWithTwin();
  const companions = [{ ticketNo: 'T-1-2', holder: by(B) }];
  const feed = feedOf(purchase(1, { holder: by(A), companions }));
  expect((await listed(feed, [step(A, B), step(B, C)])).found).toEqual({
    [C]: ['T-1-1,T-1-2', undefined],
  });
  expect((await listed(feed, [step(A, C)])).found).toEqual({
    [B]: ['T-1-2', undefined],
    [C]: ['T-1-1', undefined],
  });
});

test('one card by certificate and by number: each is asked about in every build', async () => {
  const { listed } = await shopWithTwin();
  const certificate = await holderCertificate(ca, { serial: C });
  const companions = [{ ticketNo: 'T-1-2', holder: by(C) }];
  const feed = feedOf(purchase(1, { holder: { certificate }, companions }), purchase(2));
  const answering = (bySerial: 'good' | 'unknown'): Revocation =>
    provenOnly({
      of: (card) =>
        card.certificate || Buffer.from(card.serial).equals(fromHex(serialOf(2)))
          ? { status: 'good', checkedAt: NOW - 60 }
          : { status: bySerial, checkedAt: NOW - 90 },
    });
  const all = await listed(feed, undefined, answering('good'));
  expect(all.found[C]).toEqual(['T-1-1,T-1-2', expect.any(String)]);
  expect(all.built.manifest.revocationCheckedAt).toBe(NOW - 90);
  const less = await listed(feed, undefined, answering('unknown'));
  expect(less.found[C]).toEqual(['T-1-1', expect.any(String)]);
  expect(less.findings).toEqual([
    {
      kind: 'left-out',
      line: 1,
      purchaseId: 'P-1',
      field: 'companions[0].holder',
      reason: 'not-proven',
    },
  ]);
});

test('every reason is told, of rows that were kept before', async () => {
  const { listed } = await shopWithTwin();
  const feed = feedOf(
    ...[1, 2, 3].map((n) => purchase(n)),
    purchase(4, { holder: by(A) }),
    purchase(5),
  );
  const good: Revocation = { of: () => ({ status: 'good', checkedAt: NOW - 60 }) };
  expect((await listed(feed, undefined, good)).findings).toEqual([]);
  const answers: Record<string, ReturnType<Revocation['of']>> = {
    [serialOf(1)]: { status: 'revoked' },
    [serialOf(2)]: { status: 'revoked', reason: 'on-hold' },
    [serialOf(3)]: { status: 'unknown' },
  };
  const source: Revocation = {
    of: (card) => answers[Buffer.from(card.serial).toString('hex')] ?? good.of(card),
  };
  const { built, findings } = await listed(feed, [step(A, undefined)], provenOnly(source));
  expect(findings.map(({ purchaseId, reason }) => `${purchaseId} ${reason}`)).toEqual([
    'P-1 revoked',
    'P-2 on-hold',
    'P-3 not-proven',
    'P-4 renewed-without-link',
  ]);
  expect(built.leftOut.counts).toEqual({
    revoked: 1,
    'on-hold': 1,
    'not-proven': 1,
    'renewed-without-link': 1,
  });
  expect(built.gathered.cached).toBe(1);
});

const FILES = ['rows', 'merged', 'holders'];

test.each([1, 2, 3, 4, 5, 6, 7])('files of an older cache put back: %i', async (which) => {
  const { listed, cache } = await shopWithTwin();
  const companions = [{ ticketNo: 'T-1-2', holder: by(C) }];
  const certificate = await holderCertificate(ca, { serial: serialOf(3) });
  const feed = feedOf(
    purchase(1, { holder: by(A), companions }),
    purchase(2, { holder: by(C) }),
    purchase(3, { holder: { certificate } }),
  );
  const revoked: Revocation = {
    of: ({ serial }) => ({ status: serial.length > 1 ? 'revoked' : 'good', checkedAt: NOW }),
  };
  await listed(feed, [step(A, C)]);
  const older = await Promise.all(FILES.map((name) => readFile(join(cache, name))));
  await listed(feed, undefined, revoked);
  for (const [i, name] of FILES.entries()) {
    if (which & (1 << i)) await writeFile(join(cache, name), older[i]!);
  }
  const { found } = await listed(feed, [step(A, B)], revoked);
  expect(found).toEqual({ [B]: ['T-1-1', undefined], [C]: ['T-1-2,T-2-1', undefined] });
});

test('a file of the cache under another name says nothing', async () => {
  const { listed, cache } = await shopWithTwin();
  const certificate = await holderCertificate(ca, { serial: C });
  const feed = feedOf(purchase(1, { holder: { certificate } }), purchase(2, { holder: by(C) }));
  const first = await listed(feed);
  const files = await Promise.all(FILES.map((name) => readFile(join(cache, name))));
  for (const [i, name] of FILES.entries()) await writeFile(join(cache, name), files[(i + 1) % 3]!);
  const second = await listed(feed);
  expect(second.found).toEqual(first.found);
  expect(second.built.gathered.cached).toBe(0);
});

test('what gates are told to do changes, and what is kept does not', async () => {
  const shop = await workshop(issuer);
  const cache = join(shop.directory, 'cache');
  const feed = feedOf(purchase(1), purchase(2));
  const first = await shop.build(feed, { cache });
  const policy = { ...shop.job.event.policy, toleranceS: 1, refuseAfterS: 7200 };
  const second = await shop.build(feed, { cache, event: { ...shop.job.event, policy } });
  expect(second.gathered.cached).toBe(2);
  expect(second.manifest).toMatchObject({ policy, buckets: first.manifest.buckets });
});

test('another publisher, in a directory of its own: the same entries, signed anew', async () => {
  const shop = await workshop(issuer);
  await shop.keys.generate('other', 'publisher');
  const cache = join(shop.directory, 'cache');
  const feed = feedOf(purchase(1), purchase(2));
  const first = await shop.build(feed, { cache });
  const event = { ...shop.job.event, keys: { event: 'event', publisher: 'other' } };
  await expect(shop.build(feed, { cache, event })).rejects.toMatchObject({
    code: 'ERR_BUNDLE_SIGNATURE',
  });
  const second = await shop.build(feed, { cache, event, out: join(shop.directory, 'theirs') });
  expect(second.gathered.cached).toBe(2);
  expect(second.manifest).toMatchObject({ version: 1, buckets: first.manifest.buckets });
});
