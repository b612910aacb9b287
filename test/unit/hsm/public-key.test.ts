import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { p256Spki, publicKeyPem, rsaSpki } from '@pinless-gate/hsm/public-key';
import { describe, expect, test } from 'vitest';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const octets = (text: string | undefined) => Buffer.from(text!, 'base64url');
const spki = (key: typeof rsa) => key.export({ format: 'der', type: 'spki' });
const refusal = (code: string) => expect.objectContaining({ code });

const { n, e } = rsa.export({ format: 'jwk' });
const { x, y } = ec.export({ format: 'jwk' });
const POINT = Buffer.concat([Buffer.of(4), octets(x), octets(y)]);
const WRAPPED = Buffer.concat([Buffer.of(0x04, 65), POINT]);

describe('rsaSpki', () => {
  test.each([
    ['as it is', octets(n)],
    ['with a leading zero', Buffer.concat([Buffer.of(0), octets(n)])],
  ])('modulus %s', (_, modulus) => {
    expect(Buffer.compare(rsaSpki(modulus, octets(e)), spki(rsa))).toBe(0);
  });

  test('an empty modulus', () => {
    expect(() => rsaSpki(Buffer.alloc(0), octets(e))).toThrow(refusal('ERR_HSM_KEY_PUBLIC'));
  });
});

describe('p256Spki', () => {
  test.each([
    ['inside an OCTET STRING', WRAPPED],
    ['bare', POINT],
  ])('point %s', (_, point) => {
    expect(Buffer.compare(p256Spki(point), spki(ec))).toBe(0);
  });

  test('every prefix of a point is refused', () => {
    for (let length = 0; length < WRAPPED.length; length++) {
      const prefix = WRAPPED.subarray(0, length);
      expect(() => p256Spki(prefix)).toThrow(refusal('ERR_HSM_KEY_PUBLIC'));
    }
  });

  test('a compressed point', () => {
    const compressed = Buffer.concat([Buffer.of(2), octets(x)]);
    expect(() => p256Spki(compressed)).toThrow(refusal('ERR_HSM_KEY_PUBLIC'));
  });

  test('a point that is not on the curve', () => {
    const off = Buffer.from(POINT);
    off[64]! ^= 1;
    expect(() => p256Spki(off)).toThrow(refusal('ERR_HSM_KEY_PUBLIC'));
  });
});

describe('publicKeyPem', () => {
  test('reads back as the same key', () => {
    const again = createPublicKey(publicKeyPem(spki(ec)));
    expect(again.equals(ec)).toBe(true);
  });
});
