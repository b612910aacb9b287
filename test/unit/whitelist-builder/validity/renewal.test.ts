import { createPublicKey, sign } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import type { Card, Issuer } from '@pinless-gate/whitelist-builder/validity/issuer';
import { Renewals, withRenewals } from '@pinless-gate/whitelist-builder/validity/renewal';
import {
  readRenewalList,
  readRenewalSigner,
} from '@pinless-gate/whitelist-builder/validity/renewal-file';
import { describe, expect, test } from 'vitest';
import { ecKeys } from '../../protocol/certificate/issue.ts';
import { holderCertificate, issuerOf, line, NOW, newCa, purchase, workshop } from '../fixture.ts';

const signer = ecKeys('P-256').privateKey;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
const head = {
  format: 'pinless-gate/renewals/1',
  issuer: 'jpki-auth',
  issuedAt: iso(NOW - 60),
  goodUntil: iso(NOW + 3600),
};
type Link = { old: string; new: string | null; certificate?: string };
const listOf = (links: readonly Link[], change: object = {}) =>
  utf8(
    [{ ...head, count: links.length, ...change }, ...links.map((one) => ({ ...one, at: iso(NOW) }))]
      .map((one) => line(one))
      .join(''),
  );
const read = (bytes: Uint8Array, key = signer) =>
  readRenewalList(bytes, sign('sha256', bytes, key), createPublicKey(signer), NOW);
const renewals = (...links: Link[]) => new Renewals(read(listOf(links)));

describe('readRenewalList', () => {
  test('numbers are what they are, however they are written', () => {
    const { steps } = read(listOf([{ old: '000ABC', new: '0705D990' }]));
    expect(steps).toEqual([{ old: '0abc', next: '0705d990', certificate: undefined }]);
  });

  const one: Link = { old: '01', new: '02' };
  test.each<[string, () => Uint8Array, string]>([
    ['cut short', () => listOf([one]).subarray(0, -1), 'ERR_RENEWAL_COUNT'],
    ['a line less', () => listOf([one], { count: 2 }), 'ERR_RENEWAL_COUNT'],
    [
      'a line more',
      () => listOf([one, { old: '03', new: null }], { count: 1 }),
      'ERR_RENEWAL_COUNT',
    ],
    ['of yesterday', () => listOf([], { goodUntil: iso(NOW - 1) }), 'ERR_RENEWAL_STALE'],
    ['of the future', () => listOf([], { issuedAt: iso(NOW + 301) }), 'ERR_RENEWAL_STALE'],
    ['of another format', () => listOf([], { format: 'x' }), 'ERR_RENEWAL_FORMAT'],
    ['with an unknown member', () => listOf([], { x: 1 }), 'ERR_RENEWAL_FORMAT'],
    ['no JSON', () => utf8('x\n'), 'ERR_RENEWAL_FORMAT'],
    ['empty', () => utf8(''), 'ERR_RENEWAL_FORMAT'],
    ['zero', () => listOf([{ old: '00', new: '01' }]), 'ERR_RENEWAL_FORMAT'],
    ['no base64', () => listOf([{ ...one, certificate: '?' }]), 'ERR_RENEWAL_FORMAT'],
  ])('refused: %s', (_, make, code) => {
    expect(() => read(make())).toThrow(expect.objectContaining({ code }));
  });

  test('refused: signed by somebody else', () => {
    const code = 'ERR_RENEWAL_SIGNATURE';
    const other = ecKeys('P-256').privateKey;
    expect(() => read(listOf([one]), other)).toThrow(expect.objectContaining({ code }));
  });

  test('a signer that is none', () => {
    const code = 'ERR_RENEWAL_SIGNER';
    expect(() => readRenewalSigner('x')).toThrow(expect.objectContaining({ code }));
  });
});

const ca = await newCa();
const issuer = issuerOf(ca);
const cardOf = (serial: string): Card => ({
  issuer,
  issuerName: issuer.nameDer,
  serial: fromHex(serial),
});
const chain = (from: number, length: number): Link[] =>
  Array.from({ length }, (_, i) => ({
    old: (from + i).toString(16).padStart(4, '0'),
    new: (from + i + 1).toString(16).padStart(4, '0'),
  }));

describe('Renewals', () => {
  test.each([
    ['renewed once', [{ old: '01', new: '02' }], '02'],
    ['not renewed', [{ old: '03', new: '04' }], '01'],
    [
      'renewed twice',
      [
        { old: '02', new: '03' },
        { old: '01', new: '02' },
      ],
      '03',
    ],
    ['renewed, and nobody says to what', [{ old: '01', new: null }], '01'],
  ])('%s', (_, links, serial) => {
    expect(toHex(renewals(...links).current(cardOf('01'), NOW).serial)).toBe(serial);
  });

  test.each<[string, Link[], string]>([
    [
      'of two',
      [
        { old: '01', new: '02' },
        { old: '02', new: '01' },
      ],
      'ERR_RENEWAL_LOOP',
    ],
    ['of one', [{ old: '01', new: '01' }], 'ERR_RENEWAL_LOOP'],
    ['nine links', chain(0x101, 9), 'ERR_RENEWAL_LOOP'],
    [
      'two successors',
      [
        { old: '01', new: '02' },
        { old: '01', new: '03' },
      ],
      'ERR_RENEWAL_CONFLICT',
    ],
    [
      'two predecessors',
      [
        { old: '01', new: '03' },
        { old: '02', new: '03' },
      ],
      'ERR_RENEWAL_CONFLICT',
    ],
  ])('refused: %s', (_, links, code) => {
    expect(() => renewals(...links)).toThrow(expect.objectContaining({ code }));
  });

  test('eight links', () => {
    expect(toHex(renewals(...chain(0x101, 8)).current(cardOf('0101'), NOW).serial)).toBe('0109');
  });

  test('a new certificate that does not hold, or is of another number', async () => {
    const code = 'ERR_RENEWAL_CERTIFICATE';
    const good = await holderCertificate(ca, { serial: '0777' });
    const stranger = await holderCertificate(await newCa(), { serial: '0777' });
    for (const [serial, certificate] of [
      ['0778', good],
      ['0777', stranger],
    ] as const) {
      const links = renewals({ old: '01', new: serial, certificate });
      expect(() => links.current(cardOf('01'), NOW)).toThrow(expect.objectContaining({ code }));
    }
  });

  test('what was replaced is not good, whatever a list says', () => {
    const renewing: Issuer = { ...issuer, renewals: renewals({ old: '01', new: null }) };
    const source = withRenewals({ of: () => ({ status: 'good' }) }, [renewing])!;
    expect(source.of({ issuer: renewing, serial: fromHex('01') })).toEqual({
      status: 'revoked',
      reason: 'renewed-without-link',
    });
    expect(source.of({ issuer: renewing, serial: fromHex('02') })).toEqual({ status: 'good' });
    const alone = withRenewals(undefined, [renewing])!;
    expect(alone.of({ issuer: renewing, serial: fromHex('02') }).status).toBe('unknown');
    expect(withRenewals(undefined, [issuer])).toBeUndefined();
  });
});

describe('a build with renewals', () => {
  test('lists the new certificate, with its key, and no longer the old one', async () => {
    const certificate = await holderCertificate(ca, { serial: '0999' });
    const links = renewals(
      { old: '07000001', new: '0999', certificate },
      { old: '07000002', new: '0998' },
    );
    const shop = await workshop({ ...issuer, renewals: links });
    const holder = { certificate: await holderCertificate(ca, { serial: '07000002' }) };
    const built = await shop.build(line(purchase(1)) + line(purchase(2, { holder })));
    expect(await shop.record(built, '07000001')).toBeUndefined();
    expect(await shop.record(built, '07000002')).toBeUndefined();
    expect((await shop.record(built, '0999'))?.publicKey).toBeDefined();
    const dropped = await shop.record(built, '0998');
    expect(dropped).toMatchObject({ evidenceId: 'E-2' });
    expect(dropped?.publicKey).toBeUndefined();
  });
});
