import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { CURVES } from '@pinless-gate/protocol/curves';
import { type CvKeySummary, summarizeCvPublicKey } from '@pinless-gate/protocol/cvc/key-summary';
import { encodeCvPublicKey, type TerminalAlgorithm } from '@pinless-gate/protocol/cvc/public-key';
import { ecPublicKey } from '@pinless-gate/protocol/public-key';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { rsa } from './authority.ts';

const oid = (last: string) => encodeTlv(0x06, fromHex(`04007f0007020202${last}`));
const rsaKey = (octets: number) =>
  concat(encodeTlv(0x81, new Uint8Array(octets).fill(0xc5)), encodeTlv(0x82, fromHex('010001')));
const point = encodeTlv(0x86, CURVES['P-256'].g);
const onCurve = (algorithm: TerminalAlgorithm, curve: 'P-256' | 'brainpoolP512r1') =>
  encodeCvPublicKey({ algorithm, key: ecPublicKey(CURVES[curve], CURVES[curve].g) });
const domainOf = (content: Uint8Array) => content.subarray(12);

describe('summarizeCvPublicKey', () => {
  test.each<[string, Uint8Array, CvKeySummary]>([
    [
      'RSA',
      encodeCvPublicKey(rsa.key),
      { algorithm: 'rsa-sha256', kind: 'rsa', bits: 2048, refused: undefined },
    ],
    [
      'a curve',
      onCurve('ecdsa-sha512', 'brainpoolP512r1'),
      {
        algorithm: 'ecdsa-sha512',
        kind: 'ec',
        bits: 512,
        curve: 'brainpoolP512r1',
        refused: undefined,
      },
    ],
    [
      'a bare point',
      concat(oid('0203'), point),
      { algorithm: 'ecdsa-sha256', kind: 'ec', curve: 'inherited', refused: undefined },
    ],
    [
      'RSA with SHA-1',
      concat(oid('0101'), rsaKey(128)),
      { algorithm: 'rsa-sha1', kind: 'rsa', bits: 1024, refused: 'algorithm' },
    ],
    [
      'PSS with SHA-1',
      concat(oid('0103'), rsaKey(256)),
      { algorithm: 'pss-sha1', kind: 'rsa', bits: 2048, refused: 'algorithm' },
    ],
    [
      'ECDSA with SHA-224',
      concat(oid('0202'), domainOf(onCurve('ecdsa-sha256', 'P-256'))),
      { algorithm: 'ecdsa-sha224', kind: 'ec', bits: 256, curve: 'P-256', refused: 'algorithm' },
    ],
    [
      'an unknown curve',
      concat(
        oid('0203'),
        ...[0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87].map((tag) => encodeTlv(tag, fromHex('17'))),
      ),
      { algorithm: 'ecdsa-sha256', kind: 'ec', bits: 5, curve: 'unknown', refused: 'curve' },
    ],
    [
      'an algorithm that is not of TR-03110',
      concat(encodeTlv(0x06, fromHex('2a864886f70d01010b')), rsaKey(256)),
      { algorithm: '1.2.840.113549.1.1.11', kind: 'rsa', bits: 2048, refused: 'algorithm' },
    ],
    [
      'a number not given by TR-03110',
      concat(oid('0206'), point),
      {
        algorithm: '0.4.0.127.0.7.2.2.2.2.6',
        kind: 'ec',
        curve: 'inherited',
        refused: 'algorithm',
      },
    ],
    [
      'members in another order',
      concat(oid('0102'), encodeTlv(0x82, fromHex('010001')), encodeTlv(0x81, fromHex('c5'))),
      { algorithm: 'rsa-sha256', kind: 'unknown', refused: 'malformed' },
    ],
    [
      'a modulus of nothing',
      concat(oid('0102'), encodeTlv(0x81), encodeTlv(0x82, fromHex('010001'))),
      { algorithm: 'rsa-sha256', kind: 'rsa', bits: 0, refused: 'key' },
    ],
    ['no key', oid('0102'), { algorithm: 'rsa-sha256', kind: 'unknown', refused: 'malformed' }],
  ])('%s', (_, content, summary) => {
    expect(summarizeCvPublicKey(content)).toEqual(summary);
  });

  test.each([
    ['0101', 'rsa-sha1'],
    ['0102', 'rsa-sha256'],
    ['0103', 'pss-sha1'],
    ['0104', 'pss-sha256'],
    ['0105', 'rsa-sha512'],
    ['0106', 'pss-sha512'],
    ['0201', 'ecdsa-sha1'],
    ['0202', 'ecdsa-sha224'],
    ['0203', 'ecdsa-sha256'],
    ['0204', 'ecdsa-sha384'],
    ['0205', 'ecdsa-sha512'],
  ])('%s is %s (TR-03110 part 3, A.7.3)', (last, algorithm) => {
    expect(summarizeCvPublicKey(oid(last)).algorithm).toBe(algorithm);
  });

  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'ERR_DER_OID'],
    ['no algorithm', rsaKey(256), 'ERR_DER_OID'],
    ['an empty algorithm', encodeTlv(0x06), 'ERR_DER_OID'],
    ['cut short', fromHex('0605'), 'ERR_TLV_TRUNCATED'],
  ])('%s', (_, content, code) => {
    expect(() => summarizeCvPublicKey(content)).toThrow(expect.objectContaining({ code }));
  });
});
