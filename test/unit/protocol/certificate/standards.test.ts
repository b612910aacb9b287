import { constants, sign } from 'node:crypto';
import { concat, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { trustAnchors } from '@pinless-gate/protocol/certificate/anchors';
import { readOid } from '@pinless-gate/protocol/certificate/der';
import { GENERIC_PROFILE } from '@pinless-gate/protocol/certificate/profile';
import { verifyUserCertificate } from '@pinless-gate/protocol/certificate/user';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import {
  AT,
  anchors,
  ca,
  caContents,
  caKeys,
  user,
  userContents,
  userKeys,
  withExtension,
} from './authority.ts';
import * as x from './issue.ts';

// What the standards say of one octet string, case by case and with the clause: ours must say the same, or be named
// in docs/conformance.md as stricter.

function verdict(der: Uint8Array, trusted = anchors): string {
  const result = verifyUserCertificate(der, trusted, AT, GENERIC_PROFILE);
  return result.ok ? 'ok' : result.reason;
}

const NULL = fromHex('0500');
const [usage, policy, authority] = userContents.extensions as [Uint8Array, Uint8Array, Uint8Array];

describe('signature algorithms', () => {
  const rsa = (last: string, ...parameters: Uint8Array[]) =>
    user({ algorithm: x.seq(fromHex(`06092a864886f70d0101${last}`), ...parameters) });
  const p256 = x.ecKeys('P-256');
  const ofP256 = trustAnchors([ca({ spki: p256.spki, algorithm: x.SHA256_ECDSA }, p256)]);
  const ecdsa = (...parameters: Uint8Array[]) =>
    user(
      { algorithm: x.seq(fromHex('06082a8648ce3d040302'), ...parameters), extensions: [usage] },
      p256,
    );

  test.each<[string, Uint8Array, string]>([
    ['NULL (RFC 4055 5)', rsa('0b', NULL), 'ok'],
    ['absent: must be accepted (RFC 4055 5)', rsa('0b'), 'ok'],
    ['something else', rsa('0b', fromHex('0400')), 'signature-algorithm'],
    ['NULL that is not empty (X.690 8.8.2)', rsa('0b', fromHex('050100')), 'signature-algorithm'],
    ['two', rsa('0b', NULL, NULL), 'signature-algorithm'],
    ['of MD5 (RFC 6151)', rsa('04', NULL), 'signature-algorithm'],
    ['of rsaEncryption itself', rsa('01', NULL), 'signature-algorithm'],
  ])('RSASSA-PKCS1-v1_5, parameters %s', (_, der, expected) => {
    expect(verdict(der)).toBe(expected);
  });

  test.each<[string, Uint8Array, string]>([
    ['absent (RFC 5758 3.2)', ecdsa(), 'ok'],
    ['NULL', ecdsa(NULL), 'signature-algorithm'],
  ])('ECDSA, parameters %s', (_, der, expected) => {
    expect(verdict(der, ofP256)).toBe(expected);
  });

  const sha = (last: number, ...parameters: Uint8Array[]) =>
    x.seq(fromHex(`060960864801650304020${last}`), ...parameters);
  const [plain, withNull] = [sha(1), sha(1, NULL)];
  const pssParameters = (hash: Uint8Array, ofMgf: Uint8Array, salt: string) => [
    encodeTlv(0xa0, hash),
    encodeTlv(0xa1, x.seq(x.oid('1.2.840.113549.1.1.8'), ofMgf)),
    encodeTlv(0xa2, x.int(salt)),
  ];
  function pss(parameters: readonly Uint8Array[], saltLength = 32): Uint8Array {
    const algorithm = x.seq(x.oid('1.2.840.113549.1.1.10'), x.seq(...parameters));
    const { version, serial, issuer, validity, subject, spki, extensions } = userContents;
    const head = [encodeTlv(0xa0, version!), serial, algorithm, issuer, validity, subject, spki];
    const tbs = x.seq(...head, encodeTlv(0xa3, x.seq(...extensions!)));
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = sign('sha256', tbs, { key: caKeys.privateKey, padding, saltLength });
    return x.seq(tbs, algorithm, x.bits(signature));
  }
  const mixed = pssParameters(withNull, sha(2, NULL), '20');

  test.each<[string, Uint8Array, string]>([
    ['both hashes with NULL', pss(pssParameters(withNull, withNull, '20')), 'ok'],
    ['neither (RFC 4055 2.1)', pss(pssParameters(plain, plain, '20')), 'ok'],
    ['the hash without', pss(pssParameters(plain, withNull, '20')), 'ok'],
    ['the hash of MGF1 without', pss(pssParameters(withNull, plain, '20')), 'ok'],
    ['a salt that is shorter', pss(pssParameters(plain, plain, '20'), 20), 'signature'],
    // Stricter: one salt length for each hash, one hash for both.
    ['a salt of 20, as said', pss(pssParameters(plain, plain, '14'), 20), 'signature-algorithm'],
    ['another hash in MGF1', pss(mixed), 'signature-algorithm'],
    ['the defaults, which are of SHA-1', pss([], 20), 'signature-algorithm'],
    [
      'the trailer spelled out (X.690 11.5)',
      pss([...pssParameters(plain, plain, '20'), encodeTlv(0xa3, x.int('01'))]),
      'signature-algorithm',
    ],
  ])('RSASSA-PSS, %s', (_, der, expected) => {
    expect(verdict(der)).toBe(expected);
  });
});

describe('public keys', () => {
  const { spki } = x.ecKeys('P-256');
  const point = spki.subarray(-65);
  const parity = point[64]! & 1;
  const curve = fromHex('06082a8648ce3d030107');
  const onCurve = (bits: Uint8Array, ...parameters: Uint8Array[]) =>
    x.seq(x.seq(fromHex('06072a8648ce3d0201'), ...parameters), x.bits(bits));
  const rsaOf = (algorithm: string, unused = 0) =>
    x.seq(fromHex(algorithm), x.bits(userKeys.spki.subarray(24), unused));
  const p = fromHex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff');
  // sqrt(b): the point (0, y), whose x may be written as p only by mistake.
  const y = '66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4';

  test.each<[string, Uint8Array, string]>([
    ['named curve, uncompressed (RFC 5480 2.2)', spki, 'ok'],
    ['x of 0', onCurve(fromHex(`04${'00'.repeat(32)}${y}`), curve), 'ok'],
    ['x of p (SEC 1 2.3.4)', onCurve(concat(fromHex('04'), p, fromHex(y)), curve), 'key-malformed'],
    ['off the curve', onCurve(point.with(40, point[40]! ^ 1), curve), 'key-malformed'],
    ['infinity', onCurve(Uint8Array.of(0), curve), 'key-malformed'],
    ['an octet more', onCurve(concat(point, Uint8Array.of(0)), curve), 'key-malformed'],
    [
      'point of another curve',
      onCurve(x.ecKeys('P-384').spki.subarray(-97), curve),
      'key-malformed',
    ],
    // Stricter: RFC 5480 2.2 leaves compressed points to the implementation, X9.62 hybrid ones.
    [
      'compressed',
      onCurve(concat(Uint8Array.of(2 + parity), point.slice(1, 33)), curve),
      'key-malformed',
    ],
    ['hybrid', onCurve(point.with(0, 6 + parity), curve), 'key-malformed'],
    ['implicitCurve (RFC 5480 2.1.1)', onCurve(point, NULL), 'key-unsupported'],
    ['explicit parameters (RFC 5480 2.1.1)', onCurve(point, x.seq(x.int('01'))), 'key-unsupported'],
    ['no parameters', onCurve(point), 'key-unsupported'],
    ['RSA without NULL (RFC 3279 2.3.1)', rsaOf('300b06092a864886f70d010101'), 'key-malformed'],
    ['RSA held to PSS (RFC 4055 1.2)', rsaOf('300b06092a864886f70d01010a'), 'key-unsupported'],
    ['RSA in bits that are no octets', rsaOf('300d06092a864886f70d0101010500', 1), 'key-malformed'],
    [
      'Ed25519 (RFC 8410)',
      fromHex(`302a300506032b6570032100${'11'.repeat(32)}`),
      'key-unsupported',
    ],
  ])('%s', (_, key, expected) => {
    expect(verdict(user({ spki: key }))).toBe(expected);
  });
});

describe('object identifiers', () => {
  /** 2.25.329800735698586629295641978511506172918, of a UUID (X.667 7). */
  const UUID = '6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776';
  test.each([
    [UUID, '2.25.329800735698586629295641978511506172918'],
    [`2a${'ff'.repeat(7)}7f`, '1.2.72057594037927935'],
    [`2a${'ff'.repeat(6)}7f`, '1.2.562949953421311'],
    [`${'ff'.repeat(8)}7f`, '2.9223372036854775727'],
    ['8837', '2.999'],
  ])('%s is %s', (hex, dotted) => {
    expect(readOid(fromHex(hex), 'x')).toBe(dotted);
  });

  test('of a UUID names an extension and a policy', () => {
    const id = encodeTlv(0x06, fromHex(UUID));
    expect(verdict(user(withExtension(x.seq(id, x.octets(NULL)))))).toBe('ok');
    const policies = x.extension('2.5.29.32', x.seq(x.seq(id)));
    expect(verdict(user({ extensions: [usage, policies, authority] }))).toBe('ok');
  });
});

describe('names (RFC 5280 4.1.2.4, X.520)', () => {
  const attribute = (type: string, tag: number, content: Uint8Array) =>
    x.seq(x.oid(type), encodeTlv(tag, content));
  const [commonName, country] = [
    attribute('2.5.4.3', 0x0c, utf8('A')),
    attribute('2.5.4.6', 0x13, utf8('JP')),
  ];
  test.each<[string, Uint8Array, string]>([
    ['two attributes in one set', x.set(commonName, country), 'ok'],
    ['in another order (X.690 11.6)', x.set(country, commonName), 'malformed'],
    ['twice the same', x.set(commonName, commonName), 'malformed'],
    ['BMPString', x.set(attribute('2.5.4.3', 0x1e, fromHex('0041'))), 'ok'],
    ['TeletexString', x.set(attribute('2.5.4.3', 0x14, fromHex('41e9'))), 'ok'],
    ['x500UniqueIdentifier', x.set(attribute('2.5.4.45', 0x03, fromHex('00aabb'))), 'ok'],
    ['that with unused bits set', x.set(attribute('2.5.4.45', 0x03, fromHex('01ab'))), 'malformed'],
    [
      'overlong UTF-8 (RFC 3629 3)',
      x.set(attribute('2.5.4.3', 0x0c, fromHex('c080'))),
      'malformed',
    ],
    ['surrogates in BMPString', x.set(attribute('2.5.4.3', 0x1e, fromHex('d800'))), 'malformed'],
  ])('%s', (_, rdn, expected) => {
    expect(verdict(user({ subject: x.seq(rdn) }))).toBe(expected);
  });
});

describe('alternative names (RFC 5280 4.2.1.6)', () => {
  test.each<[string, Uint8Array, string]>([
    ['IPv4', x.ip('0a000001'), 'ok'],
    ['IPv6', x.ip('00'.repeat(16)), 'ok'],
    ['an address with a mask', x.ip('0a000000ff000000'), 'extension-malformed'],
    ['an address of five octets', x.ip('0a00000100'), 'extension-malformed'],
    ['no address', x.ip(''), 'extension-malformed'],
    ['a host that is not ASCII', x.dns('é.example'), 'extension-malformed'],
  ])('%s', (_, name, expected) => {
    expect(verdict(user(withExtension(x.altNames(name))))).toBe(expected);
  });
});

describe('distribution points (RFC 5280 4.2.1.13)', () => {
  const point = x.seq(encodeTlv(0xa0, encodeTlv(0xa0, x.uri('http://crl.example/1'))));
  test.each([
    [1, 'ok'],
    [128, 'ok'],
    [129, 'extension-malformed'],
  ])('%i of them', (count, expected) => {
    const points = x.extension('2.5.29.31', x.seq(...new Array<Uint8Array>(count).fill(point)));
    expect(verdict(user(withExtension(points)))).toBe(expected);
  });
});

describe('TBSCertificate', () => {
  const id = (tag: number) => encodeTlv(tag, fromHex('00aa'));
  const flagged = (flag: string) => x.seq(x.oid('1.2.3.4'), fromHex(flag), x.octets(NULL));
  test.each<[string, Uint8Array, string]>([
    ['both unique ids', user({ uniqueIds: concat(id(0x81), id(0x82)) }), 'ok'],
    ['both the other way round', user({ uniqueIds: concat(id(0x82), id(0x81)) }), 'malformed'],
    ['extensions of version 1 (4.1.2.9)', user({ version: null }), 'version'],
    ['extensions, and none (4.1)', user({ extensions: [] }), 'malformed'],
    ['critical of 01 (X.690 11.1)', user(withExtension(flagged('010101'))), 'malformed'],
    ['critical of two octets', user(withExtension(flagged('0102ffff'))), 'malformed'],
    [
      'keyUsage that is not critical (4.2.1.3: should)',
      user({ extensions: [x.extension('2.5.29.15', x.bits(fromHex('80'), 7)), policy, authority] }),
      'ok',
    ],
    [
      'keyUsage of two octets, decipherOnly',
      user({ extensions: [x.keyUsage(0, 8), policy, authority] }),
      'ok',
    ],
    [
      'both times as GeneralizedTime (4.1.2.5)',
      user({
        validity: x.seq(x.generalizedTime('20251027120000Z'), x.generalizedTime('20300217145959Z')),
      }),
      'ok',
    ],
  ])('%s', (_, der, expected) => {
    expect(verdict(der)).toBe(expected);
  });
});

// The subtrees of NIST PKITS 4.13, one level deep.
describe('name constraints as in PKITS', () => {
  const host = 'testcertificates.gov';
  test.each<[string, Uint8Array, Uint8Array, string]>([
    ['21', x.email(`.${host}`), x.email(`Test21EE@mailserver.${host}`), 'ok'],
    ['22', x.email(`.${host}`), x.email(`Test22EE@${host}`), 'name-constraints'],
    ['23', x.email(host), x.email(`Test23EE@${host}`), 'ok'],
    ['24', x.email(host), x.email(`Test24EE@mailserver.${host}`), 'name-constraints'],
    ['30', x.dns(host), x.dns(`testserver.${host}`), 'ok'],
    ['31', x.dns(host), x.dns('testserver.invalidcertificates.gov'), 'name-constraints'],
    ['34', x.uri(`.${host}`), x.uri(`http://testserver.${host}/index.html`), 'ok'],
    ['35', x.uri(`.${host}`), x.uri(`http://${host}/invalid.html`), 'name-constraints'],
    ['38', x.dns(host), x.dns(`my${host}`), 'name-constraints'],
  ])('permitted, test %s', (_, base, name, expected) => {
    const constrained = ca({
      extensions: [...caContents.extensions!, x.nameConstraints([base])],
    });
    expect(verdict(user(withExtension(x.altNames(name))), trustAnchors([constrained]))).toBe(
      expected,
    );
  });

  test.each<[string, Uint8Array, Uint8Array, string]>([
    ['25', x.email(host), x.email(`Test25EE@mailserver.${host}`), 'ok'],
    ['26', x.email(host), x.email(`Test26EE@${host}`), 'name-constraints'],
    [
      '33',
      x.dns('invalidcertificates.gov'),
      x.dns('testserver.invalidcertificates.gov'),
      'name-constraints',
    ],
    [
      '36',
      x.uri('invalidcertificates.gov'),
      x.uri('http://testserver.invalidcertificates.gov/'),
      'ok',
    ],
    [
      '37',
      x.uri('invalidcertificates.gov'),
      x.uri('ftp://invalidcertificates.gov:21/t'),
      'name-constraints',
    ],
  ])('excluded, test %s', (_, base, name, expected) => {
    const constrained = ca({
      extensions: [...caContents.extensions!, x.nameConstraints([], [base])],
    });
    expect(verdict(user(withExtension(x.altNames(name))), trustAnchors([constrained]))).toBe(
      expected,
    );
  });
});
