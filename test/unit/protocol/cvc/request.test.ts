import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  type CvRequestBody,
  decodeCvAuthentication,
  decodeCvRequest,
  encodeCvAuthentication,
  encodeCvAuthenticationBody,
  encodeCvRequest,
  encodeCvRequestBody,
  readCvRequest,
  verifyCvAuthentication,
  verifyCvRequest,
} from '@pinless-gate/protocol/cvc/request';
import { decodeCvCertificate } from '@pinless-gate/protocol/cvc/tr03110';
import { decodeTlv, encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import { cvca, dv, type Party, party, root, rsa, signed, terminal } from './authority.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const { point } = terminal.key.key as { point: Uint8Array };
const body = (change: Partial<CvRequestBody> = {}): CvRequestBody => ({
  authorityReference: 'JPGATEDV000001',
  holderReference: 'JPGATETERM00001',
  publicKey: terminal.key,
  ...change,
});
function request(change: Partial<CvRequestBody> = {}, signer: Party = terminal): Uint8Array {
  const encoded = encodeCvRequestBody(body(change));
  return encodeCvRequest(encoded, signed(encoded, signer));
}
function authentication(inner: Uint8Array, reference: string, signer: Party): Uint8Array {
  const covered = encodeCvAuthenticationBody(inner, reference);
  return encodeCvAuthentication(covered, signed(covered, signer));
}

describe('decodeCvRequest', () => {
  test.each<[string, Partial<CvRequestBody>, Party]>([
    ['a key on a curve', {}, terminal],
    ['an RSA key', { publicKey: rsa.key }, rsa],
    ['no authority', { authorityReference: undefined }, terminal],
    ['extensions', { extensions: encodeTlv(0x73, fromHex('060100')) }, terminal],
  ])('%s: what was encoded, and it holds', (_, change, signer) => {
    const encoded = request(change, signer);
    const decoded = decodeCvRequest(encoded);
    const { body: covered, signature, encoded: again, ...rest } = decoded;
    expect(rest).toEqual({ extensions: undefined, ...body(change) });
    expect(toHex(again)).toBe(toHex(encoded));
    expect(toHex(encodeCvRequest(covered, signature))).toBe(toHex(encoded));
    expect(verifyCvRequest(decoded)).toEqual(signer.key);
  });

  test('every prefix is refused', () => {
    const encoded = request();
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeCvRequest(encoded.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC|TLV)_/) }),
      );
    }
  });

  const encoded = request();
  const signature = encodeTlv(0x5f37, decodeCvRequest(encoded).signature);
  const of = (...members: readonly Uint8Array[]) =>
    encodeTlv(0x7f21, encodeTlv(0x7f4e, ...members), signature);
  const profile = encodeTlv(0x5f29, Uint8Array.of(0));
  const key = encodeTlv(0x7f49, readCvRequest(encoded).publicKey);
  const holder = encodeTlv(0x5f20, fromHex('4a5030303031'));

  test('the parts of the cases below', () => {
    expect(decodeCvRequest(of(profile, key, holder)).holderReference).toBe('JP0001');
  });

  test.each<[string, Uint8Array, string]>([
    ['an octet after the end', concat(encoded, Uint8Array.of(0)), 'ERR_CVC_LAYOUT'],
    ['another profile', of(encodeTlv(0x5f29, Uint8Array.of(1)), key, holder), 'ERR_CVC_PROFILE'],
    ['no profile', of(key, holder), 'ERR_CVC_LAYOUT'],
    ['no key', of(profile, holder), 'ERR_CVC_LAYOUT'],
    ['no holder', of(profile, key), 'ERR_CVC_LAYOUT'],
    ['the holder twice', of(profile, key, holder, holder), 'ERR_CVC_LAYOUT'],
    ['the key after the holder', of(profile, holder, key), 'ERR_CVC_LAYOUT'],
    ['an empty authority', of(profile, encodeTlv(0x42), key, holder), 'ERR_CVC_REFERENCE'],
    ['a certificate', root.encoded, 'ERR_CVC_LAYOUT'],
    ['no signature', encodeTlv(0x7f21, encodeTlv(0x7f4e, profile, key, holder)), 'ERR_CVC_LAYOUT'],
    ['an outer signature', authentication(encoded, 'JPGATEDV000001', dv), 'ERR_CVC_LAYOUT'],
    [
      'an unknown algorithm',
      of(profile, encodeTlv(0x7f49, encodeTlv(6, fromHex('04007f00070202020201'))), holder),
      'ERR_CVC_ALGORITHM',
    ],
  ])('%s', (_, octets, expected) => {
    expect(() => decodeCvRequest(octets)).toThrow(code(expected));
  });

  test('a request is no certificate', () => {
    expect(() => decodeCvCertificate(encoded)).toThrow(code('ERR_CVC_LAYOUT'));
  });
});

describe('verifyCvRequest', () => {
  const bare = request({ publicKey: { algorithm: 'ecdsa-sha256', point } });

  test('domain parameters of the authority', () => {
    expect(verifyCvRequest(decodeCvRequest(bare), cvca.key)).toEqual(terminal.key);
  });

  test.each<[string, Uint8Array, Party | undefined, string]>([
    ['signed by another key', request({}, dv), undefined, 'ERR_CVC_SIGNATURE'],
    ['no domain parameters', bare, undefined, 'ERR_CVC_DOMAIN'],
    ['an RSA key to take them from', bare, rsa, 'ERR_CVC_DOMAIN'],
    ['on another curve', bare, party('ecdsa-sha256', 'brainpoolP256r1'), 'ERR_KEY_POINT'],
  ])('%s', (_, encoded, issuer, expected) => {
    expect(() => verifyCvRequest(decodeCvRequest(encoded), issuer?.key)).toThrow(code(expected));
  });

  test('a weak key', () => {
    const weak = party('rsa-sha256', 1024);
    const encoded = request({ publicKey: weak.key }, weak);
    expect(() => verifyCvRequest(decodeCvRequest(encoded))).toThrow(code('ERR_CVC_KEY_WEAK'));
  });

  test('every octet of the body counts', () => {
    const encoded = request({ authorityReference: undefined });
    const { body: covered } = decodeCvRequest(encoded);
    const last = encoded.length - decodeCvRequest(encoded).signature.length - 4;
    const changed = encoded.with(last, encoded[last]! ^ 1);
    expect(toHex(covered).endsWith(toHex(encoded.subarray(last, last + 1)))).toBe(true);
    expect(() => verifyCvRequest(decodeCvRequest(changed))).toThrow(code('ERR_CVC_SIGNATURE'));
  });
});

describe('decodeCvAuthentication', () => {
  const inner = request();
  const encoded = authentication(inner, 'JPGATETERM00000', dv);

  test('what was encoded, and it holds', () => {
    const decoded = decodeCvAuthentication(encoded);
    expect(decoded.authorityReference).toBe('JPGATETERM00000');
    expect(toHex(decoded.request)).toBe(toHex(inner));
    expect(verifyCvAuthentication(decoded, dv.key)).toBe(decoded);
  });

  const first = inner;
  const reference = encodeTlv(0x42, Buffer.from('JPGATETERM00000'));
  const signature = decodeTlv(encoded).value.subarray(first.length + reference.length);
  const of = (...members: readonly Uint8Array[]) => encodeTlv(0x67, ...members);

  test.each<[string, Uint8Array, string]>([
    ['an octet after the end', concat(encoded, Uint8Array.of(0)), 'ERR_CVC_LAYOUT'],
    ['a request alone', inner, 'ERR_CVC_LAYOUT'],
    ['nothing', new Uint8Array(0), 'ERR_CVC_LAYOUT'],
    ['no reference', of(first, signature), 'ERR_CVC_LAYOUT'],
    ['no signature', of(first, reference), 'ERR_CVC_LAYOUT'],
    ['no request', of(reference, signature), 'ERR_CVC_LAYOUT'],
    ['two requests', of(first, first, reference, signature), 'ERR_CVC_LAYOUT'],
    ['something behind', of(first, reference, signature, reference), 'ERR_CVC_LAYOUT'],
    ['an empty reference', of(first, encodeTlv(0x42), signature), 'ERR_CVC_REFERENCE'],
  ])('%s', (_, octets, expected) => {
    expect(() => decodeCvAuthentication(octets)).toThrow(code(expected));
  });

  test.each<[string, Uint8Array, Party]>([
    ['another key', encoded, cvca],
    ['another reference than signed', of(first, reference.with(16, 0x31), signature), dv],
    ['another request than signed', of(request(), reference, signature), dv],
    ['the request alone signed', of(first, reference, encodeTlv(0x5f37, signed(first, dv))), dv],
  ])('not verified: %s', (_, octets, { key }) => {
    expect(() => verifyCvAuthentication(decodeCvAuthentication(octets), key)).toThrow(
      code('ERR_CVC_SIGNATURE'),
    );
  });
});
