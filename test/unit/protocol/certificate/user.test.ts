import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { GENERIC_PROFILE, JPKI_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT,
  AUTHENTICATION,
  anchors,
  CA_NAME,
  ca,
  caContents,
  caKeys,
  USER_NAME,
  user,
  userContents,
  userKeys,
  withExtension,
} from './authority.ts';
import * as x from './issue.ts';

const p256 = x.ecKeys('P-256');
const p384 = x.ecKeys('P-384');
const strangerKeys = x.rsaKeys();

/** `ok`, or the reason. */
function outcome(der: Uint8Array, { at = AT, profile = JPKI_PROFILE, cas = anchors } = {}): string {
  const verdict = verifyUserCertificate(der, cas, at, profile);
  return verdict.ok ? 'ok' : verdict.reason;
}

const generic = { profile: GENERIC_PROFILE };
const valid = (notBefore: Uint8Array, notAfter: Uint8Array) => ({
  validity: x.seq(notBefore, notAfter),
});
const end = x.utcTime('300217145959Z');
const begin = x.utcTime('251027120000Z');

/** A SubjectPublicKeyInfo of a modulus and exponent given as hex. */
const rsaSpki = (modulus: string, exponent: string) =>
  x.seq(fromHex('300d06092a864886f70d0101010500'), x.bits(x.seq(x.int(modulus), x.int(exponent))));
const modulus2048 = `00${'c5'.repeat(256)}`;

describe('verifyUserCertificate', () => {
  test('proves serial number, issuer, key, validity and CA', () => {
    const verdict = verifyUserCertificate(user(), anchors, AT);
    if (!verdict.ok) throw new Error(verdict.reason);
    const { serial, issuerName, spki, notBefore, notAfter, anchor } = verdict.certificate;
    expect(toHex(serial)).toBe('0705d990');
    expect(toHex(issuerName)).toBe(toHex(CA_NAME));
    expect(toHex(spki)).toBe(toHex(userKeys.spki));
    expect(new Date(notBefore * 1000).toISOString()).toBe('2025-10-27T12:00:00.000Z');
    expect(new Date(notAfter * 1000).toISOString()).toBe('2030-02-17T14:59:59.000Z');
    expect(anchor).toBe(anchors[0]);
  });

  test.each<[string, Uint8Array, string]>([
    ['serial of 20 octets', user({ serial: x.int(`7f${'00'.repeat(19)}`) }), 'ok'],
    ['serial with the sign octet', user({ serial: x.int('00f0000001') }), 'ok'],
    ['serial of 21 octets', user({ serial: x.int(`01${'00'.repeat(20)}`) }), 'serial-number'],
    ['serial zero', user({ serial: x.int('00') }), 'serial-number'],
    ['serial negative', user({ serial: x.int('f0000001') }), 'serial-number'],
    ['serial of 80', user({ serial: x.int('80') }), 'serial-number'],
    ['serial padded', user({ serial: x.int('000705d990') }), 'malformed'],
    ['serial empty', user({ serial: x.int('') }), 'malformed'],
    ['version 1', user({ version: null }), 'version'],
    ['version 1 spelled out', user({ version: x.int('00') }), 'version'],
    ['version 2', user({ version: x.int('01') }), 'version'],
    ['version 4', user({ version: x.int('03') }), 'version'],
    ['unique ids', user({ uniqueIds: encodeTlv(0x81, fromHex('00aa')) }), 'ok'],
    ['octets after the last member', user({ trailing: fromHex('0500') }), 'malformed'],
    ['octets after the end', concat(user(), Uint8Array.of(0)), 'malformed'],
    ['an octet short', user().subarray(0, -1), 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
    ['64 KiB', new Uint8Array(65_536), 'malformed'],
    ['over 64 KiB', new Uint8Array(65_537), 'too-long'],
    ['empty issuer', user({ issuer: x.seq() }), 'malformed'],
  ])('form: %s', (_, der, expected) => expect(outcome(der)).toBe(expected));

  test.each<[string, Uint8Array, string]>([
    ['signed by somebody else', user({}, strangerKeys), 'signature'],
    [
      'outer algorithm differs',
      user({ outerAlgorithm: x.SHA256_ECDSA }),
      'signature-algorithm-mismatch',
    ],
    ['SHA-1', user({ algorithm: x.SHA1_RSA }), 'signature-algorithm'],
    [
      'SHA-256 without NULL (RFC 4055 5)',
      user({ algorithm: fromHex('300b06092a864886f70d01010b') }),
      'ok',
    ],
    ['algorithm of another kind of key', user({ algorithm: x.SHA256_ECDSA }), 'signature'],
    [
      'issuer unknown',
      user({ issuer: x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'Elsewhere']) }),
      'unknown-issuer',
    ],
    [
      'issuer of the test hierarchy',
      user({ issuer: x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'JPKI-TEST']) }),
      'test-issuer',
    ],
    [
      'issuer cut short',
      user({ issuer: x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'JPKI']) }),
      'unknown-issuer',
    ],
    [
      'authority key id of another CA',
      user(withExtension(x.authorityKeyId(x.keyId(strangerKeys)), 2)),
      'authority-key-id',
    ],
    ['no authority key id', user({ extensions: userContents.extensions!.slice(0, 2) }), 'ok'],
    [
      'authority serial number of another CA',
      user(
        withExtension(
          x.extension(
            '2.5.29.35',
            x.seq(encodeTlv(0xa1, x.directory(CA_NAME)), encodeTlv(0x82, fromHex('06d18007'))),
          ),
          2,
        ),
      ),
      'authority-key-id',
    ],
    [
      'authority issuer and serial number right',
      user(
        withExtension(
          x.extension(
            '2.5.29.35',
            x.seq(
              encodeTlv(0x80, x.keyId(caKeys)),
              encodeTlv(0xa1, x.directory(CA_NAME)),
              encodeTlv(0x82, fromHex('06d18006')),
            ),
          ),
          2,
        ),
      ),
      'ok',
    ],
  ])('issuer: %s', (_, der, expected) => expect(outcome(der)).toBe(expected));

  test.each<[string, Uint8Array, number, string]>([
    ['first second', user(), Date.UTC(2025, 9, 27, 12, 0, 0), 'ok'],
    ['millisecond before', user(), Date.UTC(2025, 9, 27, 12, 0, 0) - 1, 'not-yet-valid'],
    ['last millisecond', user(), Date.UTC(2030, 1, 17, 14, 59, 59, 999), 'ok'],
    ['millisecond after', user(), Date.UTC(2030, 1, 17, 15, 0, 0), 'expired'],
    ['UTCTime 50 is 1950', user(valid(x.utcTime('500101000000Z'), end)), AT, 'ok'],
    ['UTCTime 49 is 2049', user(valid(x.utcTime('490101000000Z'), end)), AT, 'not-yet-valid'],
    [
      'GeneralizedTime beyond 2049',
      user(valid(begin, x.generalizedTime('20500101000000Z'))),
      AT,
      'ok',
    ],
    ['GeneralizedTime 9999', user(valid(begin, x.generalizedTime('99991231235959Z'))), AT, 'ok'],
    [
      'GeneralizedTime before 2050',
      user(valid(x.generalizedTime('20251027120000Z'), end)),
      AT,
      'ok',
    ],
    ['no seconds', user(valid(x.utcTime('2510271200Z'), end)), AT, 'malformed'],
    ['fraction', user(valid(x.generalizedTime('20251027120000.5Z'), end)), AT, 'malformed'],
    ['offset', user(valid(x.utcTime('251027120000+0900'), end)), AT, 'malformed'],
    ['no zone', user(valid(x.utcTime('251027120000'), end)), AT, 'malformed'],
    ['31 November', user(valid(x.utcTime('251131120000Z'), end)), AT, 'malformed'],
    ['29 February 2025', user(valid(x.utcTime('250229120000Z'), end)), AT, 'malformed'],
    ['29 February 2024', user(valid(x.utcTime('240229120000Z'), end)), AT, 'ok'],
    ['hour 24', user(valid(x.utcTime('251027240000Z'), end)), AT, 'malformed'],
    ['second 60', user(valid(x.utcTime('251027120060Z'), end)), AT, 'malformed'],
    ['month 0', user(valid(x.utcTime('250027120000Z'), end)), AT, 'malformed'],
    ['a letter', user(valid(x.utcTime('25102712000OZ'), end)), AT, 'malformed'],
    ['ends before it begins', user(valid(end, begin)), AT, 'not-yet-valid'],
    ['wrong tag', user(valid(encodeTlv(0x16, fromHex('00')), end)), AT, 'malformed'],
  ])('dates: %s', (_, der, at, expected) => expect(outcome(der, { at })).toBe(expected));

  test.each<[string, Uint8Array, string, string]>([
    ['P-384', p384.spki, 'ok', 'ok'],
    ['P-256', p256.spki, 'key-type', 'ok'],
    ['RSA-3072', x.rsaKeys(3072).spki, 'key-type', 'ok'],
    ['RSA-2048 with an e of 2^17 + 1', rsaSpki(modulus2048, '020001'), 'key-type', 'ok'],
    ['RSA-1024', x.rsaKeys(1024).spki, 'key-weak', 'key-weak'],
    ['RSA-2047', rsaSpki(`75${'c5'.repeat(255)}`, '010001'), 'key-weak', 'key-weak'],
    ['e = 3', rsaSpki(modulus2048, '03'), 'key-weak', 'key-weak'],
    ['e = 1', rsaSpki(modulus2048, '01'), 'key-weak', 'key-weak'],
    ['e = 65535', rsaSpki(modulus2048, '00ffff'), 'key-weak', 'key-weak'],
    ['e even', rsaSpki(modulus2048, '010002'), 'key-weak', 'key-weak'],
    ['modulus even', rsaSpki(`00${'c4'.repeat(256)}`, '010001'), 'key-weak', 'key-weak'],
    ['modulus negative', rsaSpki('c5'.repeat(256), '010001'), 'key-malformed', 'key-malformed'],
    ['modulus padded', rsaSpki(`00${modulus2048}`, '010001'), 'key-malformed', 'key-malformed'],
    [
      'modulus of 16,392 bits',
      rsaSpki(`7f${'c5'.repeat(2048)}`, '010001'),
      'key-unsupported',
      'key-unsupported',
    ],
    ['secp256k1', x.ecKeys('secp256k1').spki, 'key-unsupported', 'key-unsupported'],
    ['P-521', x.ecKeys('P-521').spki, 'key-unsupported', 'key-unsupported'],
    ['brainpool', x.ecKeys('brainpoolP256r1').spki, 'key-unsupported', 'key-unsupported'],
    [
      'point off the curve',
      p384.spki.map((octet, i) => (i === p384.spki.length - 1 ? octet ^ 1 : octet)),
      'key-malformed',
      'key-malformed',
    ],
    [
      'point compressed',
      x.seq(
        x.seq(x.oid('1.2.840.10045.2.1'), x.oid('1.3.132.0.34')),
        x.bits(concat(Uint8Array.of(2), p384.spki.subarray(-96, -48))),
      ),
      'key-malformed',
      'key-malformed',
    ],
    [
      'RSA without NULL',
      x.seq(x.seq(x.oid('1.2.840.113549.1.1.1')), userKeys.spki.subarray(19)),
      'key-malformed',
      'key-malformed',
    ],
    [
      'Ed25519',
      fromHex(`302a300506032b6570032100${'11'.repeat(32)}`),
      'key-unsupported',
      'key-unsupported',
    ],
  ])('key: %s', (_, spki, jpki, relaxed) => {
    expect(outcome(user({ spki }))).toBe(jpki);
    expect(outcome(user({ spki }), generic)).toBe(relaxed);
  });

  test.each<[string, Uint8Array, string]>([
    ['unknown, not critical', x.extension('1.2.3.4', fromHex('0500')), 'ok'],
    [
      'unknown, critical',
      x.extension('1.2.3.4', fromHex('0500'), true),
      'extension-unknown-critical',
    ],
    ['twice', x.keyUsage(0), 'extension-duplicate'],
    ['basic constraints without CA', x.basicConstraints(false), 'ok'],
    ['basic constraints of a CA', x.basicConstraints(true), 'is-a-ca'],
    ['CA false spelled out', x.extension('2.5.29.19', x.seq(x.FALSE), true), 'extension-malformed'],
    [
      'path length without CA',
      x.extension('2.5.29.19', x.seq(x.int('00')), true),
      'extension-malformed',
    ],
    [
      'boolean of 01',
      x.extension('2.5.29.19', x.seq(fromHex('010101')), true),
      'extension-malformed',
    ],
    [
      'critical false spelled out',
      x.seq(x.oid('1.2.3.4'), x.FALSE, x.octets(fromHex('0500'))),
      'malformed',
    ],
    ['client authentication', x.extendedKeyUsage('1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'), 'ok'],
    ['server authentication only', x.extendedKeyUsage('1.3.6.1.5.5.7.3.1'), 'extended-key-usage'],
    ['any extended key usage', x.extendedKeyUsage('2.5.29.37.0'), 'extended-key-usage'],
    ['no extended key usage at all', x.extendedKeyUsage(), 'extension-malformed'],
    ['name constraints', x.nameConstraints([x.dns('example.jp')]), 'extension-misplaced'],
    ['policy mappings', x.extension('2.5.29.33', x.seq()), 'extension-misplaced'],
    ['inhibit any policy', x.extension('2.5.29.54', x.int('00'), true), 'extension-misplaced'],
    [
      'policy constraints',
      x.extension('2.5.29.36', x.seq(encodeTlv(0x80, Uint8Array.of(0))), true),
      'extension-misplaced',
    ],
    ['subject key id', x.subjectKeyId(x.keyId(userKeys)), 'ok'],
    [
      'subject key id, critical',
      x.extension('2.5.29.14', x.octets(x.keyId(userKeys)), true),
      'extension-misplaced',
    ],
    [
      'alternative name',
      x.altNames(x.directory(x.name(['2.5.4.10', '公的個人認証サービス']))),
      'ok',
    ],
    ['alternative names empty', x.altNames(), 'extension-malformed'],
    [
      'octets after the value',
      x.extension('2.5.29.14', fromHex('0401aa00')),
      'extension-malformed',
    ],
    ['object identifier padded', x.seq(encodeTlv(6, fromHex('2a800304')), x.octets()), 'malformed'],
  ])('extension: %s', (_, extension, expected) =>
    expect(outcome(user(withExtension(extension)))).toBe(expected),
  );

  test.each<[string, Uint8Array, string]>([
    ['digital signature', x.keyUsage(0), 'ok'],
    ['with non-repudiation', x.keyUsage(0, 1), 'ok'],
    ['key encipherment only', x.keyUsage(2), 'key-usage'],
    ['non-repudiation only', x.keyUsage(1), 'key-usage'],
    ['certificate signing', x.keyUsage(0, 5), 'is-a-ca'],
    ['CRL signing', x.keyUsage(0, 6), 'is-a-ca'],
    ['no bit', x.extension('2.5.29.15', x.bits(new Uint8Array(0)), true), 'extension-malformed'],
    [
      'trailing zero bits',
      x.extension('2.5.29.15', fromHex('03020080'), true),
      'extension-malformed',
    ],
    ['unused bits set', x.extension('2.5.29.15', fromHex('03020781'), true), 'extension-malformed'],
    ['replaced by another', x.extension('1.2.3.4', fromHex('0500')), 'key-usage'],
  ])('key usage: %s', (_, extension, expected) =>
    expect(outcome(user(withExtension(extension, 0)))).toBe(expected),
  );

  const qualified = (id: string, value: Uint8Array) =>
    x.extension(
      '2.5.29.32',
      x.seq(x.seq(x.oid(AUTHENTICATION), x.seq(x.seq(x.oid(id), value)))),
      true,
    );
  test.each<[string, Uint8Array, string]>([
    ['among others', x.policies('1.2.3', AUTHENTICATION), 'ok'],
    ['with a CPS pointer', qualified('1.3.6.1.5.5.7.2.1', encodeTlv(0x16, fromHex('61'))), 'ok'],
    [
      'with an unknown qualifier',
      qualified('1.2.3', encodeTlv(0x16, fromHex('61'))),
      'extension-malformed',
    ],
    ['another', x.policies('1.2.392.200149.8.5.1.3.31'), 'policy'],
    ['any policy', x.policies('2.5.29.32.0'), 'policy'],
    ['twice', x.policies(AUTHENTICATION, AUTHENTICATION), 'extension-malformed'],
    ['none', x.extension('1.2.3.4', fromHex('0500')), 'policy'],
    ['signature class', x.policies('1.2.392.200149.8.5.1.1.20'), 'signature-class'],
    ['both classes', x.policies(AUTHENTICATION, '1.2.392.200149.8.5.1.1.20'), 'signature-class'],
    ['test signature class', x.policies('1.2.392.200149.8.5.1.0.20'), 'signature-class'],
    ['phone signature class', x.policies('1.2.392.200149.8.5.1.1.40'), 'signature-class'],
  ])('policy: %s', (_, extension, expected) =>
    expect(outcome(user(withExtension(extension, 1)))).toBe(expected),
  );

  test('a signature-class certificate is named so although its CA is unknown', () => {
    const der = user({
      issuer: x.name(['2.5.4.6', 'JP'], ['2.5.4.11', 'JPKI for digital signature']),
      ...withExtension(x.policies('1.2.392.200149.8.5.1.1.20'), 1),
    });
    expect(outcome(der)).toBe('signature-class');
  });

  test.each<[string, Uint8Array, string, string]>([
    ['a name', x.name(['2.5.4.6', 'JP'], ['2.5.4.3', 'Jane Doe']), 'subject', 'ok'],
    ['another country', x.name(['2.5.4.6', 'US'], ['2.5.4.3', 'ABC']), 'subject', 'ok'],
    [
      'more than a common name',
      x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'X'], ['2.5.4.3', 'ABC']),
      'subject',
      'ok',
    ],
    ['empty', x.seq(), 'subject', 'subject'],
    [
      'malformed UTF-8',
      x.seq(x.set(x.seq(x.oid('2.5.4.3'), encodeTlv(0x0c, fromHex('c080'))))),
      'malformed',
      'malformed',
    ],
    [
      'characters outside PrintableString',
      x.name(['2.5.4.3', 'a_b', 0x13]),
      'malformed',
      'malformed',
    ],
    ['empty set', x.seq(x.set()), 'malformed', 'malformed'],
  ])('subject: %s', (_, subject, jpki, relaxed) => {
    expect(outcome(user({ subject }))).toBe(jpki);
    expect(outcome(user({ subject }), generic)).toBe(relaxed);
  });

  test('an empty subject with a critical alternative name is fit for the generic profile', () => {
    const alternative = x.extension('2.5.29.17', x.seq(x.dns('a.example.jp')), true);
    expect(outcome(user({ subject: x.seq(), ...withExtension(alternative) }), generic)).toBe('ok');
  });

  test('the generic profile asks for no policy, but for all the rest', () => {
    const without = { extensions: [x.keyUsage(0)] };
    expect(outcome(user(without), generic)).toBe('ok');
    expect(outcome(user({ ...without, version: null }), generic)).toBe('version');
    expect(outcome(user({ extensions: [] }), generic)).toBe('malformed');
    expect(outcome(user({ extensions: null }), generic)).toBe('key-usage');
    const required = { profile: { ...GENERIC_PROFILE, policies: ['1.2.3'] } };
    expect(outcome(user(without), required)).toBe('policy');
  });

  test.each([
    [
      'long outer length',
      (der: Uint8Array) => concat(fromHex('3083000'.padEnd(8, '0')), der.subarray(2)),
    ],
    [
      'indefinite outer length',
      (der: Uint8Array) => concat(fromHex('3080'), der.subarray(4), fromHex('0000')),
    ],
    ['constructed bit string', (der: Uint8Array) => der.with(der.length - 261, 0x23)],
  ])('BER: %s', (_, change) => expect(outcome(change(user()))).toBe('malformed'));

  test('every prefix is refused', () => {
    const der = user();
    for (let length = 0; length < der.length; length++) {
      expect(outcome(der.subarray(0, length))).toBe('malformed');
    }
  });

  test('every flipped octet is refused', () => {
    const der = user();
    for (let i = 0; i < der.length; i++) {
      expect(outcome(der.with(i, der[i]! ^ (1 << (i % 8))))).not.toBe('ok');
    }
  });

  test('a time that is no number is a defect of the caller', () => {
    expect(() => verifyUserCertificate(user(), anchors, Number.NaN)).toThrow(RangeError);
  });
});

describe('the anchor', () => {
  const under = (change: Partial<x.Contents>, at = AT) =>
    outcome(user(), { cas: trustAnchors([ca(change)]), at });
  const caExtensions = (...more: readonly Uint8Array[]) => ({
    extensions: [...caContents.extensions!, ...more],
  });

  test.each<[string, Partial<x.Contents>, string]>([
    ['no CA', { extensions: caContents.extensions!.slice(1) }, 'anchor-not-a-ca'],
    [
      'CA false',
      { extensions: [x.basicConstraints(false), ...caContents.extensions!.slice(1)] },
      'anchor-not-a-ca',
    ],
    ['no key usage', { extensions: caContents.extensions!.toSpliced(1, 1) }, 'anchor-key-usage'],
    [
      'no certificate signing',
      { extensions: caContents.extensions!.with(1, x.keyUsage(0, 6)) },
      'anchor-key-usage',
    ],
    [
      'unknown critical extension',
      caExtensions(x.extension('1.2.3', x.int('00'), true)),
      'anchor-extension',
    ],
    ['without a key id', { extensions: caContents.extensions!.slice(0, 2) }, 'ok'],
    ['weak key', { spki: x.rsaKeys(1024).spki }, 'anchor-key-weak'],
    ['unreadable key', { spki: x.ecKeys('secp256k1').spki }, 'anchor-key-weak'],
    ['another key', { spki: strangerKeys.spki }, 'signature'],
    ['own policies with the required one', caExtensions(x.policies(AUTHENTICATION)), 'ok'],
    ['own policies without it', caExtensions(x.policies('1.2.3')), 'policy'],
    ['own policies with any', caExtensions(x.policies('2.5.29.32.0')), 'ok'],
  ])('%s', (_, change, expected) => expect(under(change)).toBe(expected));

  test('its own dates, both ends included', () => {
    const short = { validity: x.seq(x.utcTime('260101000000Z'), x.utcTime('261231235959Z')) };
    expect(under(short, Date.UTC(2025, 11, 31, 23, 59, 59, 999))).toBe('anchor-not-yet-valid');
    expect(under(short, Date.UTC(2026, 0, 1))).toBe('ok');
    expect(under(short, Date.UTC(2026, 11, 31, 23, 59, 59, 999))).toBe('ok');
    expect(under(short, Date.UTC(2027, 0, 1))).toBe('anchor-expired');
  });

  test('generations that share a name are told apart by key id and signature', () => {
    const other = ca({
      spki: strangerKeys.spki,
      extensions: caContents.extensions!.with(2, x.subjectKeyId(x.keyId(strangerKeys))),
    });
    const both = trustAnchors([other, ca()]);
    const verdict = verifyUserCertificate(user(), both, AT);
    expect(verdict.ok && verdict.certificate.anchor).toBe(both[1]);
    expect(outcome(user(), { cas: trustAnchors([other]) })).toBe('authority-key-id');
    const noKeyId = user({ extensions: userContents.extensions!.slice(0, 2) });
    expect(outcome(noKeyId, { cas: both })).toBe('ok');
  });

  test('is refused as a user certificate', () => expect(outcome(ca())).toBe('is-a-ca'));

  test.each<[string, Uint8Array, string]>([
    [
      'other string types, case and spacing',
      x.name(
        ['2.5.4.6', 'jp'],
        ['2.5.4.10', 'jpki', 0x13],
        ['2.5.4.11', '  JPKI  for user   AUTHENTICATION ', 0x13],
        ['2.5.4.11', 'Ｊapan Agency for Local Authority Information Systems'],
      ),
      'ok',
    ],
    [
      'a word more',
      x.name(
        ['2.5.4.6', 'JP'],
        ['2.5.4.10', 'JPKI'],
        ['2.5.4.11', 'JPKI for user authentication x'],
        ['2.5.4.11', 'Japan Agency for Local Authority Information Systems'],
      ),
      'unknown-issuer',
    ],
    [
      'another order',
      x.name(
        ['2.5.4.10', 'JPKI'],
        ['2.5.4.6', 'JP'],
        ['2.5.4.11', 'JPKI for user authentication'],
        ['2.5.4.11', 'Japan Agency for Local Authority Information Systems'],
      ),
      'unknown-issuer',
    ],
  ])('name compared by RFC 5280 7.1: %s', (_, issuer, expected) =>
    expect(outcome(user({ issuer }))).toBe(expected),
  );

  const constrained = (constraints: Uint8Array, change: Partial<x.Contents> = {}) =>
    outcome(user(change), { ...generic, cas: trustAnchors([ca(caExtensions(constraints))]) });
  const named = (...names: readonly Uint8Array[]) => withExtension(x.altNames(...names));
  const org = x.directory(x.name(['2.5.4.6', 'JP']));
  const elsewhere = x.directory(x.name(['2.5.4.6', 'US']));

  test.each<[string, Uint8Array, Partial<x.Contents>, string]>([
    ['directory permitted', x.nameConstraints([org]), {}, 'ok'],
    ['directory not permitted', x.nameConstraints([elsewhere]), {}, 'name-constraints'],
    ['one of two permitted', x.nameConstraints([elsewhere, org]), {}, 'ok'],
    ['directory excluded', x.nameConstraints([], [org]), {}, 'name-constraints'],
    ['directory not excluded', x.nameConstraints([], [elsewhere]), {}, 'ok'],
    [
      'permitted and excluded',
      x.nameConstraints([org], [x.directory(USER_NAME)]),
      {},
      'name-constraints',
    ],
    ['DNS below', x.nameConstraints([x.dns('example.jp')]), named(x.dns('a.Example.jp')), 'ok'],
    [
      'DNS beside',
      x.nameConstraints([x.dns('example.jp')]),
      named(x.dns('badexample.jp')),
      'name-constraints',
    ],
    [
      'DNS excluded',
      x.nameConstraints([], [x.dns('example.jp')]),
      named(x.dns('example.jp')),
      'name-constraints',
    ],
    [
      'DNS wildcard is not judged',
      x.nameConstraints([x.dns('example.jp')]),
      named(x.dns('*.example.jp')),
      'name-constraints',
    ],
    ['mail host', x.nameConstraints([x.email('example.jp')]), named(x.email('a@example.jp')), 'ok'],
    [
      'mail host below',
      x.nameConstraints([x.email('example.jp')]),
      named(x.email('a@b.example.jp')),
      'name-constraints',
    ],
    [
      'mail domain',
      x.nameConstraints([x.email('.example.jp')]),
      named(x.email('a@b.example.jp')),
      'ok',
    ],
    [
      'mailbox',
      x.nameConstraints([x.email('a@example.jp')]),
      named(x.email('b@example.jp')),
      'name-constraints',
    ],
    [
      'mail address in the subject',
      x.nameConstraints([], [x.email('example.jp')]),
      { subject: x.name(['1.2.840.113549.1.9.1', 'a@example.jp', 0x16]) },
      'name-constraints',
    ],
    [
      'URI host',
      x.nameConstraints([x.uri('example.jp')]),
      named(x.uri('https://u@example.jp:443/x')),
      'ok',
    ],
    [
      'URI below',
      x.nameConstraints([x.uri('.example.jp')]),
      named(x.uri('https://a.example.jp')),
      'ok',
    ],
    [
      'URI without host',
      x.nameConstraints([x.uri('.example.jp')]),
      named(x.uri('urn:x')),
      'name-constraints',
    ],
    [
      'URI with an address',
      x.nameConstraints([], [x.uri('example.jp')]),
      named(x.uri('https://192.0.2.1/')),
      'name-constraints',
    ],
    [
      'address within',
      x.nameConstraints([x.ip('c0000200ffffff00')]),
      named(x.ip('c0000207')),
      'ok',
    ],
    [
      'address outside',
      x.nameConstraints([x.ip('c0000200ffffff00')]),
      named(x.ip('c0000307')),
      'name-constraints',
    ],
    [
      'address of the other family',
      x.nameConstraints([x.ip('c0000200ffffff00')]),
      named(x.ip('20'.repeat(16))),
      'name-constraints',
    ],
    [
      'a form that nobody constrains',
      x.nameConstraints([x.dns('example.jp')]),
      named(x.email('a@b.c')),
      'ok',
    ],
    [
      'a form that we cannot judge',
      x.nameConstraints([], [encodeTlv(0x88, fromHex('2a03'))]),
      named(encodeTlv(0x88, fromHex('2a04'))),
      'name-constraints',
    ],
  ])('name constraints: %s', (_, constraints, change, expected) =>
    expect(constrained(constraints, change)).toBe(expected),
  );

  test.each<[string, Uint8Array]>([
    [
      'a minimum',
      x.extension(
        '2.5.29.30',
        x.seq(encodeTlv(0xa0, x.seq(org, encodeTlv(0x80, fromHex('01'))))),
        true,
      ),
    ],
    ['nothing', x.extension('2.5.29.30', x.seq(), true)],
    ['a mask with holes', x.nameConstraints([x.ip('c0000200ff00ff00')])],
  ])('name constraints with %s make no anchor', (_, constraints) => {
    expect(() => trustAnchors([ca(caExtensions(constraints))])).toThrow(
      expect.objectContaining({ code: 'ERR_ANCHOR_MALFORMED' }),
    );
  });

  const explicit = x.extension('2.5.29.36', x.seq(encodeTlv(0x80, Uint8Array.of(0))), true);
  const inhibit = x.extension('2.5.29.54', x.int('00'), true);
  test.each<[string, readonly Uint8Array[], Partial<x.Contents>, string]>([
    ['explicit policy, and one is there', [explicit], {}, 'ok'],
    ['explicit policy, none is there', [explicit], { extensions: [x.keyUsage(0)] }, 'policy'],
    [
      'explicit policy, any is there',
      [explicit],
      withExtension(x.policies('2.5.29.32.0'), 1),
      'ok',
    ],
    [
      'explicit policy, any is inhibited',
      [explicit, inhibit],
      withExtension(x.policies('2.5.29.32.0'), 1),
      'policy',
    ],
    ['explicit policy not among those of the CA', [explicit, x.policies('1.2.3')], {}, 'policy'],
  ])('policy constraints: %s', (_, extensions, change, expected) => {
    const cas = trustAnchors([ca(caExtensions(...extensions))]);
    expect(outcome(user(change), { ...generic, cas })).toBe(expected);
  });
});

describe('trustAnchors', () => {
  const test_ca = ca({ subject: x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'JPKI-TEST']) });

  test.each<[string, readonly Uint8Array[], string]>([
    ['none', [], 'ERR_ANCHOR_COUNT'],
    ['of the test hierarchy', [test_ca], 'ERR_ANCHOR_TEST'],
    ['with octets after the end', [concat(ca(), Uint8Array.of(0))], 'ERR_ANCHOR_MALFORMED'],
    ['of version 1', [ca({ version: null, extensions: null })], 'ERR_ANCHOR_MALFORMED'],
  ])('%s', (_, ders, code) => {
    expect(() => trustAnchors(ders)).toThrow(expect.objectContaining({ code }));
  });

  test('64 are the most', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        ca({ serial: x.int((i + 1).toString(16).padStart(2, '0')) }),
      );
    expect(trustAnchors(many(64))).toHaveLength(64);
    expect(() => trustAnchors(many(65))).toThrow(
      expect.objectContaining({ code: 'ERR_ANCHOR_COUNT' }),
    );
  });

  test.each<[string, Uint8Array, boolean]>([
    ['with spaces, in another case', x.name(['2.5.4.10', ' jpki-test ']), true],
    ['as a unit', x.name(['2.5.4.11', 'JPKI-TEST']), false],
    ['in TeletexString, which has no text', x.name(['2.5.4.10', 'JPKI-TEST', 0x14]), false],
    ['as a beginning', x.name(['2.5.4.10', 'JPKI-TEST2']), false],
  ])('the organization of the test hierarchy %s', (_, subject, expected) => {
    const anchors = () => trustAnchors([ca({ subject })]);
    if (expected) expect(anchors).toThrow(expect.objectContaining({ code: 'ERR_ANCHOR_TEST' }));
    else expect(anchors()).toHaveLength(1);
  });

  test('a CA without a name is none', () => {
    expect(trustAnchors([ca({ subject: x.seq() })])[0]!.fault).toBe('anchor-not-a-ca');
    expect(trustAnchors([ca()])[0]!.fault).toBeUndefined();
  });

  test('a malformed one says why', () => {
    expect(() => trustAnchors([new Uint8Array(0)])).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ reason: 'malformed' }) }),
    );
  });

  test('lets the test hierarchy in where that is allowed', () => {
    expect(trustAnchors([test_ca], { allowTest: true })).toHaveLength(1);
  });

  test('one certificate given twice is one anchor', () => {
    expect(trustAnchors([ca(), ca()])).toHaveLength(1);
  });

  test('pins', () => {
    const [anchor] = anchors;
    expect(trustAnchors([ca()], { pins: [anchor!.fingerprint] })).toHaveLength(1);
    expect(() => trustAnchors([ca()], { pins: ['00'.repeat(32)] })).toThrow(
      expect.objectContaining({ code: 'ERR_ANCHOR_PIN' }),
    );
  });
});
