import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { type Crl, revocationStatus, verifyCrl } from '@pinless-gate/protocol/certificate/crl';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { AT, anchors, CA_NAME, ca, caContents, user, withExtension } from './authority.ts';
import {
  type CrlContents,
  crl,
  date,
  entry,
  flag,
  normal,
  reason,
  scope,
} from './crl-authority.ts';
import * as x from './issue.ts';

const THIS_UPDATE = Date.UTC(2026, 11, 20, 0, 0, 0);
const NEXT_UPDATE = Date.UTC(2026, 11, 21, 0, 0, 0);
const strangerKeys = x.rsaKeys();

const withCrlExtension = (extension: Uint8Array) => ({
  extensions: [...normal.extensions!, extension],
});

function outcome(der: Uint8Array, at = AT, maxAgeS?: number, cas = anchors): string {
  const verdict = verifyCrl(der, cas, at, maxAgeS === undefined ? {} : { maxAgeS });
  return verdict.ok ? 'ok' : verdict.reason;
}

function verified(change: Partial<CrlContents> = {}): Crl {
  const verdict = verifyCrl(crl(change), anchors, AT);
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.crl;
}

describe('verifyCrl', () => {
  test.each<[string, Uint8Array, string]>([
    ['a complete list', crl(), 'ok'],
    ['an empty list', crl({ entries: null }), 'ok'],
    ['a list that is there but empty', crl({ entries: [] }), 'malformed'],
    ['version 1', crl({ version: null, extensions: null, entries: [entry('01')] }), 'ok'],
    ['version 1 with extensions', crl({ version: null, entries: null }), 'version'],
    ['version 1 with entry extensions', crl({ version: null, extensions: null }), 'version'],
    ['version 3', crl({ version: x.int('02') }), 'version'],
    ['octets after the end', concat(crl(), Uint8Array.of(0)), 'malformed'],
    ['signed by somebody else', crl({}, strangerKeys), 'signature'],
    ['SHA-1', crl({ algorithm: x.SHA1_RSA, outerAlgorithm: x.SHA1_RSA }), 'signature-algorithm'],
    ['algorithms differ', crl({ algorithm: x.SHA256_ECDSA }), 'signature-algorithm-mismatch'],
    ['another issuer', crl({ issuer: x.name(['2.5.4.10', 'Elsewhere']) }), 'unknown-issuer'],
    [
      'key id of another CA',
      crl({ extensions: [x.authorityKeyId(x.keyId(strangerKeys))] }),
      'authority-key-id',
    ],
    ['delta', crl(withCrlExtension(x.extension('2.5.29.27', x.int('01'), true))), 'delta'],
    ['delta, not critical', crl(withCrlExtension(x.extension('2.5.29.27', x.int('01')))), 'delta'],
    ['indirect', crl(withCrlExtension(scope(flag(0x84)))), 'indirect'],
    [
      'entry of another issuer',
      crl({ entries: [entry('01', x.extension('2.5.29.29', x.seq(x.directory(CA_NAME)), true))] }),
      'indirect',
    ],
    ['of user certificates', crl(withCrlExtension(scope(flag(0x81)))), 'ok'],
    ['of CA certificates', crl(withCrlExtension(scope(flag(0x82)))), 'scope'],
    ['of attribute certificates', crl(withCrlExtension(scope(flag(0x85)))), 'scope'],
    ['of some reasons', crl(withCrlExtension(scope(encodeTlv(0x83, fromHex('0640'))))), 'scope'],
    ['empty scope', crl(withCrlExtension(scope())), 'extension-malformed'],
    ['two scopes', crl(withCrlExtension(scope(flag(0x81), flag(0x82)))), 'extension-malformed'],
    ['unknown extension', crl(withCrlExtension(x.extension('1.2.3', x.int('00')))), 'ok'],
    [
      'unknown critical extension',
      crl(withCrlExtension(x.extension('1.2.3', x.int('00'), true))),
      'extension-unknown-critical',
    ],
    [
      'extension twice',
      crl(withCrlExtension(x.extension('2.5.29.20', x.int('2b')))),
      'extension-duplicate',
    ],
    [
      'unknown critical entry extension',
      crl({ entries: [entry('01', x.extension('1.2.3', x.int('00'), true))] }),
      'extension-unknown-critical',
    ],
    [
      'critical invalidity date',
      crl({
        entries: [
          entry('01', x.extension('2.5.29.24', x.generalizedTime('20261101000000Z'), true)),
        ],
      }),
      'ok',
    ],
    [
      'unknown entry extension',
      crl({ entries: [entry('01', x.extension('1.2.3', x.int('00')))] }),
      'ok',
    ],
    [
      'entry extension twice',
      crl({ entries: [entry('01', reason('01'), reason('01'))] }),
      'extension-duplicate',
    ],
    ['reason 10', crl({ entries: [entry('01', reason('0a'))] }), 'ok'],
    ['reason 7', crl({ entries: [entry('01', reason('07'))] }), 'malformed'],
    ['reason 11', crl({ entries: [entry('01', reason('0b'))] }), 'malformed'],
    ['serial padded', crl({ entries: [entry('0001')] }), 'malformed'],
    ['serial of 21 octets', crl({ entries: [entry(`01${'00'.repeat(20)}`)] }), 'malformed'],
    [
      'serial of another type',
      crl({ entries: [x.seq(encodeTlv(4, fromHex('01')), date)] }),
      'malformed',
    ],
    ['entry without a date', crl({ entries: [x.seq(x.int('01'))] }), 'malformed'],
    ['entry that is no sequence', crl({ entries: [x.int('01')] }), 'malformed'],
    ['no next update', crl({ dates: [normal.dates[0]!] }), 'no-next-update'],
    [
      'next update as GeneralizedTime',
      crl({ dates: [normal.dates[0]!, x.generalizedTime('20500101000000Z')] }),
      'ok',
    ],
  ])('%s', (_, der, expected) => expect(outcome(der)).toBe(expected));

  test.each([
    ['its second', THIS_UPDATE, undefined, 'ok'],
    ['before its second', THIS_UPDATE - 1, undefined, 'not-yet-valid'],
    ['last second', NEXT_UPDATE + 999, undefined, 'ok'],
    ['after the last second', NEXT_UPDATE + 1000, undefined, 'stale'],
    ['at its greatest age', THIS_UPDATE + 3600_000, 3600, 'ok'],
    ['a second older', THIS_UPDATE + 3601_000, 3600, 'too-old'],
  ])('dates: %s', (_, at, maxAgeS, expected) => expect(outcome(crl(), at, maxAgeS)).toBe(expected));

  test.each<[string, Partial<x.Contents>, string]>([
    [
      'may not sign lists',
      { extensions: caContents.extensions!.with(1, x.keyUsage(5)) },
      'anchor-key-usage',
    ],
    ['is no CA', { extensions: caContents.extensions!.slice(1) }, 'anchor-not-a-ca'],
    [
      'has expired',
      { validity: x.seq(x.utcTime('200101000000Z'), x.utcTime('210101000000Z')) },
      'anchor-expired',
    ],
    [
      'is of the future',
      { validity: x.seq(x.utcTime('300101000000Z'), x.utcTime('310101000000Z')) },
      'anchor-not-yet-valid',
    ],
    [
      'is in its first second',
      { validity: x.seq(x.utcTime('261220090000Z'), x.utcTime('330101000000Z')) },
      'ok',
    ],
    [
      'is in its last second',
      { validity: x.seq(x.utcTime('200101000000Z'), x.utcTime('261220090000Z')) },
      'ok',
    ],
  ])('the anchor %s', (_, change, expected) =>
    expect(outcome(crl(), AT, undefined, trustAnchors([ca(change)]))).toBe(expected),
  );

  test('the fault of one anchor is not that of another', () => {
    const extensions = caContents.extensions!;
    const faulty = ca({ spki: strangerKeys.spki, extensions: extensions.slice(1, 2) });
    const another = ca({ spki: strangerKeys.spki, extensions: extensions.slice(0, 2) });
    const of = (...cas: readonly Uint8Array[]) => outcome(crl(), AT, undefined, trustAnchors(cas));
    expect(of(faulty)).toBe('anchor-not-a-ca');
    expect(of(faulty, another)).toBe('signature');
  });

  test('a time that is no number', () => {
    expect(() => verifyCrl(crl(), anchors, Number.NaN)).toThrow('time of verification');
  });

  test('every prefix is refused', () => {
    const der = crl();
    for (let length = 0; length < der.length; length++) {
      expect(outcome(der.subarray(0, length))).toBe('malformed');
    }
  });

  test('serial numbers of every length, in any order, are found, and their neighbours are not', () => {
    const serials = ['7f', '0080', '00ff', '0705d990', 'ff', `7f${'00'.repeat(19)}`, '01', '0100'];
    const { revoked } = verified({ entries: serials.map((serial) => entry(serial)) });
    expect(revoked.size).toBe(serials.length);
    for (const serial of ['7f', '80', 'ff', '0705d990', `7f${'00'.repeat(19)}`, '01', '0100']) {
      expect(revoked.has(fromHex(serial))).toBe(true);
    }
    for (const serial of ['7e', '81', 'fe', '0705d98f', '0705d991', '02', '0101', '010000', '']) {
      expect(revoked.has(fromHex(serial))).toBe(false);
    }
  });

  test('minus one is not 255', () => {
    const { revoked } = verified({ entries: [entry('ff')] });
    expect(revoked.has(fromHex('ff'))).toBe(false);
  });

  test('100,000 entries', () => {
    const serial = (i: number) => (0x0600_0000 + 7 * i).toString(16).padStart(8, '0');
    const entries = Array.from({ length: 100_000 }, (_, i) =>
      entry(serial((i * 61_417) % 100_000)),
    );
    const { revoked } = verified({ entries: [concat(...entries)] });
    expect(revoked.size).toBe(100_000);
    expect(revoked.has(fromHex(serial(99_999)))).toBe(true);
    expect(revoked.has(fromHex(serial(50_000)))).toBe(true);
    expect(revoked.has(fromHex('06000001'))).toBe(false);
  }, 20_000);
});

describe('revocationStatus', () => {
  const point = (text: string) => encodeTlv(0xa0, encodeTlv(0xa0, x.uri(text)));
  const proven = (der: Uint8Array, cas = anchors) => {
    const verdict = verifyUserCertificate(der, cas, AT);
    if (!verdict.ok) throw new Error(verdict.reason);
    return verdict.certificate;
  };
  const pointed = (...points: readonly Uint8Array[]) =>
    user(withExtension(x.extension('2.5.29.31', x.seq(...points))));
  const listOf = (text: string) => verified(withCrlExtension(scope(point(text))));

  test('good, revoked, and unknown without a list', () => {
    const certificate = proven(user());
    expect(revocationStatus([verified()], certificate)).toBe('good');
    const revoked = verified({ entries: [entry('0705d990', reason('08'))] });
    expect(revocationStatus([revoked], certificate)).toBe('revoked');
    expect(revocationStatus([verified(), revoked], certificate)).toBe('revoked');
    expect(revocationStatus([], certificate)).toBe('unknown');
  });

  test('a list of another generation of the CA says nothing', () => {
    const other = trustAnchors([ca({ serial: x.int('02') })]);
    expect(revocationStatus([verified()], proven(user(), other))).toBe('unknown');
  });

  test.each<[string, Uint8Array, string]>([
    ['the same point', pointed(x.seq(point('ldap://a'))), 'good'],
    ['one of two', pointed(x.seq(point('ldap://b')), x.seq(point('ldap://a'))), 'good'],
    [
      'one of two names',
      pointed(x.seq(encodeTlv(0xa0, encodeTlv(0xa0, x.uri('ldap://b'), x.uri('ldap://a'))))),
      'good',
    ],
    ['another point', pointed(x.seq(point('ldap://b'))), 'unknown'],
    ['no point', user(), 'unknown'],
    [
      'some reasons only',
      pointed(x.seq(point('ldap://a'), encodeTlv(0x81, fromHex('0640')))),
      'unknown',
    ],
    [
      'the CA as CRL issuer',
      pointed(x.seq(point('ldap://a'), encodeTlv(0xa2, x.directory(CA_NAME)))),
      'good',
    ],
    [
      'the CA among two CRL issuers',
      pointed(
        x.seq(
          point('ldap://a'),
          encodeTlv(0xa2, x.directory(x.name(['2.5.4.10', 'X'])), x.directory(CA_NAME)),
        ),
      ),
      'good',
    ],
    [
      'another CRL issuer',
      pointed(x.seq(point('ldap://a'), encodeTlv(0xa2, x.directory(x.name(['2.5.4.10', 'X']))))),
      'unknown',
    ],
  ])('list of one distribution point: %s', (_, der, expected) =>
    expect(revocationStatus([listOf('ldap://a')], proven(der))).toBe(expected),
  );

  test('a list of two names of one point', () => {
    const names = encodeTlv(0xa0, encodeTlv(0xa0, x.uri('ldap://a'), x.uri('ldap://b')));
    const list = verified(withCrlExtension(scope(names)));
    for (const text of ['ldap://a', 'ldap://b']) {
      expect(revocationStatus([list], proven(pointed(x.seq(point(text)))))).toBe('good');
    }
    expect(revocationStatus([list], proven(pointed(x.seq(point('ldap://c')))))).toBe('unknown');
  });

  test('a point relative to the issuer is the same as its full name', () => {
    const attribute = x.seq(x.oid('2.5.4.3'), encodeTlv(0x13, fromHex('4152')));
    const relative = encodeTlv(0xa0, encodeTlv(0xa1, attribute));
    const full = x.seq(...[CA_NAME.subarray(3), x.set(attribute)]);
    const list = verified(withCrlExtension(scope(relative)));
    const whole = encodeTlv(0xa0, encodeTlv(0xa0, x.directory(full)));
    expect(revocationStatus([list], proven(pointed(x.seq(whole))))).toBe('good');
    expect(revocationStatus([list], proven(pointed(x.seq(relative))))).toBe('good');
  });
});
