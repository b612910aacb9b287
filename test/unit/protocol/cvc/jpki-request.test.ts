import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  decodeJpkiRequest,
  encodeJpkiRequest,
  encodeJpkiRequestBody,
  jpkiRequestMessage,
  verifyJpkiRequest,
} from '@pinless-gate/protocol/cvc/jpki-request';
import { type RsaPublicKey, rsaPublicKey } from '@pinless-gate/protocol/public-key';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { party, rsa, signed } from './authority.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const publicKey = rsa.key.key as RsaPublicKey;
const body = encodeJpkiRequestBody(publicKey);
const request = encodeJpkiRequest(body, signed(jpkiRequestMessage(body), rsa));
const { modulus } = publicKey;
const e = encodeTlv(0x90, fromHex('010001'));
const n = encodeTlv(0x91, modulus);
const signature = encodeTlv(0x5f37, new Uint8Array(256));
const of = (...members: readonly Uint8Array[]) =>
  encodeTlv(0x7f21, encodeTlv(0x5f4e, ...members), signature);

describe('decodeJpkiRequest', () => {
  test('what was encoded, and it holds', () => {
    const decoded = decodeJpkiRequest(request);
    expect(toHex(decoded.publicKey.spki)).toBe(toHex(publicKey.spki));
    expect(toHex(verifyJpkiRequest(decoded).spki)).toBe(toHex(publicKey.spki));
  });

  test('the parts of the cases below', () => {
    expect(decodeJpkiRequest(of(e, n)).publicKey.bits).toBe(2048);
  });

  test('every prefix is refused', () => {
    for (let length = 0; length < request.length; length++) {
      expect(() => decodeJpkiRequest(request.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC|TLV)_/) }),
      );
    }
  });

  test.each<[string, Uint8Array, string]>([
    ['an octet after the end', concat(request, Uint8Array.of(0)), 'ERR_CVC_LAYOUT'],
    ['modulus before exponent', of(n, e), 'ERR_CVC_LAYOUT'],
    ['a member too many', of(e, n, n), 'ERR_CVC_LAYOUT'],
    ['no modulus', of(e), 'ERR_CVC_LAYOUT'],
    ['a padded modulus', of(e, encodeTlv(0x91, fromHex('00'), modulus)), 'ERR_CVC_KEY'],
    ['a short modulus', of(e, encodeTlv(0x91, modulus.subarray(1))), 'ERR_CVC_KEY'],
    [
      'a modulus with a zero in front',
      of(e, encodeTlv(0x91, fromHex('00'), modulus.subarray(1))),
      'ERR_CVC_KEY',
    ],
    ['e = 3', of(encodeTlv(0x90, fromHex('03')), n), 'ERR_CVC_KEY'],
    ['e = 3, padded', of(encodeTlv(0x90, fromHex('000003')), n), 'ERR_CVC_KEY'],
    ['an even modulus', of(e, encodeTlv(0x91, modulus.with(255, 0))), 'ERR_KEY_RSA'],
  ])('%s', (_, encoded, expected) => {
    expect(() => decodeJpkiRequest(encoded)).toThrow(code(expected));
  });
});

describe('verifyJpkiRequest', () => {
  test('signed by another key', () => {
    const forged = encodeJpkiRequest(
      body,
      signed(jpkiRequestMessage(body), party('rsa-sha256', 2048)),
    );
    expect(() => verifyJpkiRequest(decodeJpkiRequest(forged))).toThrow(code('ERR_CVC_SIGNATURE'));
  });

  test('a signature over the bare body, without the tag', () => {
    const bare = encodeJpkiRequest(body, signed(body, rsa));
    expect(() => verifyJpkiRequest(decodeJpkiRequest(bare))).toThrow(code('ERR_CVC_SIGNATURE'));
  });
});

test('a key that the layout cannot carry is a mistake of the caller', () => {
  expect(() =>
    encodeJpkiRequestBody(rsaPublicKey(modulus.subarray(0, 128).with(127, 1), fromHex('010001'))),
  ).toThrow(RangeError);
  expect(() => encodeJpkiRequestBody(rsaPublicKey(modulus, fromHex('03')))).toThrow(RangeError);
});
