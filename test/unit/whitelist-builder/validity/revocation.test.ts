import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { resolveHolder } from '@pinless-gate/whitelist-builder/purchase/holder';
import { DEFAULT_VALIDITY } from '@pinless-gate/whitelist-builder/validity/plan';
import { provenOnly } from '@pinless-gate/whitelist-builder/validity/proven-only';
import {
  type Revocation,
  readRevocation,
} from '@pinless-gate/whitelist-builder/validity/revocation';
import { describe, expect, test } from 'vitest';
import { issueCrl } from '../../../sandbox/jlis/certificate.ts';
import {
  holderCertificate,
  issuerOf,
  line,
  NOW,
  newCa,
  newDirectory,
  purchase,
  type TestCa,
  workshop,
} from '../fixture.ts';

const HOUR_S = 3600;
const [ca, otherCa] = [await newCa(), await newCa()];
const issuer = issuerOf(ca);

interface TestCrl {
  readonly revoked?: readonly string[];
  /** Seconds from `NOW`. */
  readonly from?: number;
  readonly until?: number;
}

async function crlOf(
  signer: TestCa,
  { revoked = [], from = -HOUR_S, until = HOUR_S }: TestCrl = {},
) {
  const entries = revoked.map((serial) => ({ serial, at: '2026-11-01T00:00:00Z' }));
  const [start, end] = [new Date((NOW + from) * 1000), new Date((NOW + until) * 1000)];
  return issueCrl(signer.key, 1, entries, start, end);
}

async function fileOf(content: Uint8Array | string) {
  const path = join(await newDirectory(), 'crl.der');
  await writeFile(path, content);
  return path;
}

const read = async (...crls: Uint8Array[]) =>
  readRevocation(await Promise.all(crls.map(fileOf)), [issuer], NOW);
const serial = fromHex('0705d990');

describe('Revocation', () => {
  test.each([
    ['on the list', ['0705d990'], { status: 'revoked' }],
    ['not on the list', ['0705d991'], { status: 'good', checkedAt: NOW - HOUR_S }],
    ['an empty list', [], { status: 'good', checkedAt: NOW - HOUR_S }],
  ])('by serial number: %s', async (_, revoked, answer) => {
    const revocation = await read(await crlOf(ca, { revoked }));
    expect(revocation.of({ issuer, serial })).toEqual(answer);
  });

  test.each([
    ['on the list', ['0705d990'], 'revoked', NOW - HOUR_S],
    ['not on the list', ['0705d991'], 'good', NOW - HOUR_S],
  ])('by certificate: %s', async (_, revoked, status, checkedAt) => {
    const revocation = await read(await crlOf(ca, { revoked }));
    const holder = { certificate: await holderCertificate(ca) };
    const resolved = resolveHolder(holder, 'holder', [issuer], NOW);
    if (resolved.problem) throw new Error(resolved.problem.reason);
    expect(revocation.of(resolved.card)).toEqual({ status, checkedAt });
  });

  test('one generation without a list: a serial number may be of that one', async () => {
    const both = issuerOf(ca, otherCa);
    const path = await fileOf(await crlOf(ca, { revoked: ['0705d990'] }));
    const revocation = await readRevocation([path], [both], NOW);
    expect(revocation.of({ issuer: both, serial })).toEqual({ status: 'revoked' });
    expect(revocation.of({ issuer: both, serial: fromHex('07') })).toEqual({ status: 'unknown' });
  });

  test('the oldest list of the generations tells the time', async () => {
    const both = issuerOf(ca, otherCa);
    const paths = await Promise.all([
      fileOf(await crlOf(ca, { from: -5 * HOUR_S })),
      fileOf(await crlOf(otherCa)),
    ]);
    const revocation = await readRevocation(paths, [both], NOW);
    expect(revocation.of({ issuer: both, serial }).checkedAt).toBe(NOW - 5 * HOUR_S);
  });
});

describe('readRevocation', () => {
  test('PEM', async () => {
    const base64 = Buffer.from(await crlOf(ca)).toString('base64');
    const path = await fileOf(`-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`);
    const revocation = await readRevocation([path], [issuer], NOW);
    expect(revocation.of({ issuer, serial }).status).toBe('good');
  });

  const flipped = (der: Uint8Array) => der.with(-1, der.at(-1)! ^ 1);
  test.each([
    ['stale', () => crlOf(ca, { from: -2 * HOUR_S, until: -1 }), 'ERR_CRL_STALE'],
    ['of tomorrow', () => crlOf(ca, { from: 1 }), 'ERR_CRL_REFUSED'],
    ['of another CA', () => crlOf(otherCa), 'ERR_CRL_REFUSED'],
    ['with a flipped bit', async () => flipped(await crlOf(ca)), 'ERR_CRL_REFUSED'],
    ['that is a certificate', async () => ca.der, 'ERR_CRL_REFUSED'],
    ['that is empty', async () => new Uint8Array(0), 'ERR_CRL_REFUSED'],
  ])('refused, and nothing is built: %s', async (_, make, code) => {
    await expect(read(await crlOf(ca), await make())).rejects.toMatchObject({ code });
  });

  test('not there', async () => {
    await expect(readRevocation(['/nonexistent/crl'], [issuer], NOW)).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

describe('buildBundle with a CRL', () => {
  test('revoked cards are left out, companions stay, and the time of the list is kept', async () => {
    const shop = await workshop(issuer);
    const revocation = await read(await crlOf(ca, { revoked: ['07000001'] }));
    const companions = [{ ticketNo: 'T-1-2', holder: { serial: '99', issuer: 'jpki-auth' } }];
    const feed = line(purchase(1, { companions })) + line(purchase(2));
    const built = await shop.build(feed, { revocation });
    expect(built).toMatchObject({ leftOut: { counts: { revoked: 1 } }, tally: { unchecked: 0 } });
    expect(built.leftOut.rows.first(9)).toEqual([1]);
    expect(built.manifest).toMatchObject({ entryCount: 2, revocationCheckedAt: NOW - HOUR_S });
    expect(await shop.record(built, '07000001')).toBeUndefined();
    expect(await shop.record(built, '99')).toMatchObject({ revocationCheckedAt: NOW - HOUR_S });
  });

  test('a card that no list speaks of is listed, and the manifest does not say checked', async () => {
    const both = issuerOf(ca, otherCa);
    const shop = await workshop(both);
    const revocation = await readRevocation([await fileOf(await crlOf(ca))], [both], NOW);
    const holder = { certificate: await holderCertificate(ca) };
    const built = await shop.build(line(purchase(1)) + line(purchase(2, { holder })), {
      revocation,
    });
    expect(built.tally.unchecked).toBe(1);
    expect(built.manifest.revocationCheckedAt).toBeUndefined();
    expect(await shop.record(built, '0705d990')).toMatchObject({
      revocationCheckedAt: NOW - HOUR_S,
    });
  });

  const holder = { serial: '99', issuer: 'jpki-auth' };
  const speakingOf = (...serials: string[]): Revocation =>
    provenOnly({
      of: ({ serial }) => ({ status: serials.includes(toHex(serial)) ? 'good' : 'unknown' }),
    });

  test.each(['leave-out', 'fail'] as const)('a card that nobody proves: %s', async (unproven) => {
    const shop = await workshop(issuer);
    const event = {
      ...shop.job.event,
      validity: { ...DEFAULT_VALIDITY, source: 'crl' as const, unproven },
    };
    const feed = line(purchase(1)) + line(purchase(2, { holder }));
    const building = shop.build(feed, { event, revocation: speakingOf('07000001') });
    if (unproven === 'leave-out') {
      expect((await building).leftOut.counts).toEqual({ 'not-proven': 1 });
      return;
    }
    await expect(building).rejects.toMatchObject({ code: 'ERR_VALIDITY_UNPROVEN' });
    expect(await readdir(shop.out)).toEqual([]);
  });

  test('nobody is listed: the reasons are told', async () => {
    const shop = await workshop(issuer);
    await expect(shop.build(line(purchase(1)), { revocation: speakingOf() })).rejects.toMatchObject(
      {
        code: 'ERR_FEED_EMPTY',
        message: expect.stringContaining('cards left out: 1 not-proven'),
      },
    );
  });
});
