import { constants, createHash, generateKeyPairSync, privateEncrypt, sign } from 'node:crypto';
import { concat, fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { CURVES } from '@pinless-gate/protocol/curves';
import { ecPublicKey, readPublicKey, rsaPublicKey } from '@pinless-gate/protocol/public-key';
import {
  derSignature,
  type HashName,
  plainSignature,
  verifyEcdsa,
  verifyEcdsaDer,
  verifyRsaPkcs1,
  verifyRsaPkcs1Digest,
  verifyRsaPss,
} from '@pinless-gate/protocol/signature';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';

const message = utf8('what is signed');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spki = new Uint8Array(rsa.publicKey.export({ type: 'spki', format: 'der' }));
const HASHES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('verifyRsaPkcs1', () => {
  test.each(HASHES)('%s: its own signature and no other', (hash) => {
    const signature = sign(hash, message, rsa.privateKey);
    expect(verifyRsaPkcs1(spki, hash, message, signature)).toBe(true);
    expect(verifyRsaPkcs1(readPublicKey(spki) as never, hash, message, signature)).toBe(true);
    expect(verifyRsaPkcs1(spki, hash, utf8('another'), signature)).toBe(false);
    for (const other of HASHES.filter((one) => one !== hash)) {
      expect(verifyRsaPkcs1(spki, other, message, signature)).toBe(false);
    }
  });

  const digest = createHash('sha256').update(message).digest();
  const info = '3031300d060960864801650304020105000420';
  const block = (head: string, padding: number, rest: string) =>
    concat(fromHex(head), new Uint8Array(padding).fill(0xff), fromHex(`${rest}${toHex(digest)}`));
  const open = (em: Uint8Array) =>
    privateEncrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, em);

  test('a block made by hand', () => {
    expect(verifyRsaPkcs1(spki, 'sha256', message, open(block('0001', 202, `00${info}`)))).toBe(
      true,
    );
  });

  test.each([
    ['block type 2', block('0002', 202, `00${info}`)],
    ['first octet 1', block('0101', 202, `00${info}`)],
    ['DigestInfo without NULL', block('0001', 204, '00302f300b0609608648016503040201' + '0420')],
    [
      'length of the hash in two octets',
      block('0001', 201, `003032300d06096086480165030402010500048120`),
    ],
    ['bare hash', block('0001', 221, '00')],
    [
      'seven octets of padding, garbage before',
      concat(block('0001', 8, `00${info}`), new Uint8Array(194)),
    ],
  ])('%s', (_, em) => {
    expect(em).toHaveLength(256);
    expect(verifyRsaPkcs1(spki, 'sha256', message, open(em))).toBe(false);
  });

  const signature = sign('sha256', message, rsa.privateKey);
  const { modulus } = readPublicKey(spki) as { modulus: Uint8Array };
  test.each<[string, Uint8Array]>([
    ['empty', new Uint8Array(0)],
    ['an octet short', signature.subarray(1)],
    ['a zero octet in front', concat(Uint8Array.of(0), signature)],
    ['a zero octet behind', concat(signature, Uint8Array.of(0))],
    ['zero', new Uint8Array(256)],
    ['one', new Uint8Array(256).with(255, 1)],
    ['the modulus', modulus],
    ['all ones', new Uint8Array(256).fill(0xff)],
    [
      'PSS',
      sign('sha256', message, { key: rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
    ],
  ])('%s', (_, wrong) => {
    expect(verifyRsaPkcs1(spki, 'sha256', message, wrong)).toBe(false);
    expect(verifyRsaPss(spki, 'sha256', message, wrong)).toBe(false);
  });

  test('a modulus too short for the block', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 512 });
    const key = new Uint8Array(short.publicKey.export({ type: 'spki', format: 'der' }));
    expect(verifyRsaPkcs1(key, 'sha512', message, new Uint8Array(64).with(63, 1))).toBe(false);
  });

  test('a hash of another length is a defect of the caller', () => {
    expect(() => verifyRsaPkcs1Digest(spki, 'sha256', new Uint8Array(20), signature)).toThrow(
      RangeError,
    );
  });

  test('a key of another kind is a defect of the caller', () => {
    expect(() => verifyEcdsa(spki, 'sha256', message, signature)).toThrow(code('ERR_KEY_KIND'));
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const key = new Uint8Array(ec.export({ type: 'spki', format: 'der' }));
    expect(() => verifyRsaPkcs1(key, 'sha256', message, signature)).toThrow(code('ERR_KEY_KIND'));
  });
});

describe('verifyRsaPss', () => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;

  test.each(HASHES)('%s with a salt as long', (hash) => {
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
    const signature = sign(hash, message, { key: rsa.privateKey, padding, saltLength });
    expect(verifyRsaPss(spki, hash, message, signature)).toBe(true);
    expect(verifyRsaPss(spki, hash, message, signature, { saltLength: 0 })).toBe(false);
    expect(verifyRsaPss(spki, hash, utf8('another'), signature)).toBe(false);
    expect(verifyRsaPss(spki, hash, message, concat(Uint8Array.of(0), signature))).toBe(false);
    expect(verifyRsaPkcs1(spki, hash, message, signature)).toBe(false);
  });

  test('a salt of another length only where it is asked for', () => {
    const signature = sign('sha256', message, { key: rsa.privateKey, padding, saltLength: 20 });
    expect(verifyRsaPss(spki, 'sha256', message, signature)).toBe(false);
    expect(verifyRsaPss(spki, 'sha256', message, signature, { saltLength: 20 })).toBe(true);
  });
});

describe.each([
  ['P-256', 'sha256'],
  ['P-384', 'sha384'],
  ['P-521', 'sha512'],
  ['brainpoolP256r1', 'sha256'],
  ['brainpoolP384r1', 'sha384'],
  ['brainpoolP512r1', 'sha512'],
] as const)('verifyEcdsa on %s', (namedCurve, hash) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const plain = new Uint8Array(sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  const { octets, n } = CURVES[namedCurve];
  const order = fromHex(n.toString(16).padStart(2 * octets, '0'));

  test('its own signature, in both forms', () => {
    expect(verifyEcdsa(key, hash, message, plain)).toBe(true);
    expect(verifyEcdsaDer(key, hash, message, sign(hash, message, privateKey))).toBe(true);
    expect(verifyEcdsaDer(key, hash, message, derSignature(plain))).toBe(true);
    expect(plainSignature(derSignature(plain), octets)).toEqual(plain);
    expect(verifyEcdsa(key, hash, utf8('another'), plain)).toBe(false);
  });

  const r = plain.subarray(0, octets);
  const s = plain.subarray(octets);
  const zero = new Uint8Array(octets);
  test.each<[string, Uint8Array]>([
    ['r = 0', concat(zero, s)],
    ['s = 0', concat(r, zero)],
    ['r = n', concat(order, s)],
    ['s = n', concat(r, order)],
    ['all ones', new Uint8Array(2 * octets).fill(0xff)],
    ['swapped', concat(s, r)],
    ['an octet short', plain.subarray(1)],
    ['padded', concat(Uint8Array.of(0), r, Uint8Array.of(0), s)],
    ['empty', new Uint8Array(0)],
  ])('%s', (_, wrong) => {
    expect(verifyEcdsa(key, hash, message, wrong)).toBe(false);
    if (wrong.length === 2 * octets) {
      expect(verifyEcdsaDer(key, hash, message, derSignature(wrong))).toBe(false);
    }
  });

  const integer = (value: Uint8Array) => encodeTlv(0x02, Uint8Array.of(0, 0), value);
  test.each<[string, Uint8Array]>([
    ['padded integers', encodeTlv(0x30, integer(r), integer(s))],
    ['octets after s', encodeTlv(0x30, derSignature(plain).subarray(2), fromHex('0500'))],
    ['octets after the end', concat(derSignature(plain), fromHex('00'))],
    ['negative', encodeTlv(0x30, encodeTlv(0x02, fromHex('ff')), encodeTlv(0x02, fromHex('01')))],
    [
      'r longer than the curve',
      encodeTlv(
        0x30,
        encodeTlv(0x02, new Uint8Array(octets + 1).fill(1)),
        encodeTlv(0x02, fromHex('01')),
      ),
    ],
    ['plain', plain],
    ['empty', new Uint8Array(0)],
  ])('DER: %s', (_, wrong) => expect(verifyEcdsaDer(key, hash, message, wrong)).toBe(false));
});

describe('readPublicKey', () => {
  test('every prefix is refused', () => {
    for (let length = 0; length < spki.length; length++) {
      expect(() => readPublicKey(spki.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(TLV|DER|KEY)_/) }),
      );
    }
  });

  test('gives back what it was read from', () =>
    expect(toHex(readPublicKey(spki).spki)).toBe(toHex(spki)));

  test.each<[string, () => unknown, string]>([
    [
      'an octet after the end',
      () => readPublicKey(concat(spki, Uint8Array.of(0))),
      'ERR_DER_TRAILING',
    ],
    [
      'a modulus of 248 bits',
      () => rsaPublicKey(new Uint8Array(31).fill(0xff), fromHex('03')),
      'ERR_KEY_RSA',
    ],
    [
      'a modulus of 8,200 bits',
      () => rsaPublicKey(new Uint8Array(1025).fill(0xff), fromHex('03')),
      'ERR_KEY_RSA_SIZE',
    ],
    ['no modulus', () => rsaPublicKey(new Uint8Array(0), fromHex('03')), 'ERR_KEY_RSA'],
    [
      'no exponent',
      () => rsaPublicKey(new Uint8Array(256).fill(0xff), new Uint8Array(0)),
      'ERR_KEY_RSA',
    ],
    [
      'an exponent of 264 bits',
      () => rsaPublicKey(new Uint8Array(256).fill(0xff), new Uint8Array(33).fill(0xff)),
      'ERR_KEY_RSA_SIZE',
    ],
    [
      'an exponent as long as the modulus (RFC 8017 3.1)',
      () => rsaPublicKey(new Uint8Array(32).fill(0xc5), new Uint8Array(32).fill(0xc7)),
      'ERR_KEY_RSA',
    ],
    ['point at infinity', () => ecPublicKey(CURVES['P-256'], Uint8Array.of(0)), 'ERR_KEY_POINT'],
    [
      'coordinates of zero',
      () => ecPublicKey(CURVES['P-256'], new Uint8Array(65).with(0, 4)),
      'ERR_KEY_POINT',
    ],
    [
      'x not below p',
      () => ecPublicKey(CURVES['P-256'], new Uint8Array(65).fill(0xff).with(0, 4)),
      'ERR_KEY_POINT',
    ],
  ])('%s', (_, read, expected) => expect(read).toThrow(code(expected)));

  test.each(Object.values(CURVES))('the base point of $name is on it', (curve) => {
    expect(ecPublicKey(curve, curve.g).curve.name).toBe(curve.name);
  });
});
