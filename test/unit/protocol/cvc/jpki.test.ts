import { generateKeyPairSync, sign } from 'node:crypto';
import { concat, fromHex } from '@pinless-gate/protocol/bytes';
import { verifyJpkiCvcChain } from '@pinless-gate/protocol/cvc/chain';
import {
  decodeJpkiCvc,
  encodeJpkiCvc,
  encodeJpkiCvcBody,
  isJpkiKeyId,
  type JpkiCvc,
  jpkiCvcBlocks,
  sameKeyId,
} from '@pinless-gate/protocol/cvc/jpki';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';

const party = (keyId: string, modulusLength = 2048, publicExponent = 0x10001) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return {
    keyId: fromHex(keyId),
    privateKey,
    spki,
    publicKey: readPublicKey(spki) as RsaPublicKey,
  };
};
type Party = ReturnType<typeof party>;

const ca = party('39303030303031080530303100000000');
const intermediate = party('39313030303031080530303100000000');
const institution = party('393230303034320805303031000000a8');
const stranger = party('39303030303031080530303100000000');

function issue(subject: Party, issuer: Party, signer = issuer): JpkiCvc {
  const body = encodeJpkiCvcBody({
    issuerKeyId: issuer.keyId,
    subjectKeyId: subject.keyId,
    publicKey: subject.publicKey,
  });
  return decodeJpkiCvc(encodeJpkiCvc(body, sign('sha256', body, signer.privateKey)));
}

const first = issue(intermediate, ca);
const second = issue(institution, intermediate);
const anchor = { keyId: ca.keyId, publicKey: ca.spki };
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('verifyJpkiCvcChain', () => {
  test('gives the institution, from a key as SPKI or read', () => {
    expect(verifyJpkiCvcChain(anchor, [first, second])).toBe(second);
    expect(verifyJpkiCvcChain({ ...anchor, publicKey: ca.publicKey }, [first])).toBe(first);
  });

  const ecSpki = new Uint8Array(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      type: 'spki',
      format: 'der',
    }),
  );

  test.each<[string, typeof anchor, readonly JpkiCvc[], string]>([
    ['empty', anchor, [], 'ERR_CVC_CHAIN_LENGTH'],
    ['too long', anchor, [first, first, first, first, first], 'ERR_CVC_CHAIN_LENGTH'],
    ['in the wrong order', anchor, [second, first], 'ERR_CVC_ISSUER'],
    ['one missing', anchor, [second], 'ERR_CVC_ISSUER'],
    [
      'last octet of the key id differs',
      { ...anchor, keyId: ca.keyId.with(15, 1) },
      [first],
      'ERR_CVC_ISSUER',
    ],
    ['key id cut short', { ...anchor, keyId: ca.keyId.subarray(0, 15) }, [first], 'ERR_CVC_ISSUER'],
    [
      'another key under the same id',
      { ...anchor, publicKey: stranger.spki },
      [first],
      'ERR_CVC_SIGNATURE',
    ],
    [
      'second signed by the CA',
      anchor,
      [first, issue(institution, intermediate, ca)],
      'ERR_CVC_SIGNATURE',
    ],
    ['an anchor on a curve', { ...anchor, publicKey: ecSpki }, [first], 'ERR_CVC_KEY_WEAK'],
    [
      'a weak anchor',
      { ...anchor, publicKey: party('39', 1024).spki },
      [first],
      'ERR_CVC_KEY_WEAK',
    ],
    [
      'an anchor with an exponent of 3',
      { ...anchor, publicKey: party('39', 2048, 3).spki },
      [first],
      'ERR_CVC_KEY_WEAK',
    ],
  ])('%s', (_, from, chain, expected) => {
    expect(() => verifyJpkiCvcChain(from, chain)).toThrow(code(expected));
  });

  test('every flipped octet is refused', () => {
    const { encoded } = second;
    for (let i = 0; i < encoded.length; i++) {
      const flipped = encoded.with(i, encoded[i]! ^ (1 << (i % 8)));
      expect(() => verifyJpkiCvcChain(anchor, [first, decodeJpkiCvc(flipped)])).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC|TLV|KEY)_/) }),
      );
    }
  });
});

describe('decodeJpkiCvc', () => {
  test('every prefix is refused', () => {
    for (let length = 0; length < first.encoded.length; length++) {
      expect(() => decodeJpkiCvc(first.encoded.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(CVC|TLV)_/) }),
      );
    }
  });

  const put = (at: number, hex: string) =>
    concat(
      first.encoded.subarray(0, at),
      fromHex(hex),
      first.encoded.subarray(at + hex.length / 2),
    );

  /** As long as a certificate, however its octets are shared out between the parts. */
  const layout = (eLength: number, nLength: number, signatureLength: number, behind = '') => {
    const keyIds = first.encoded.subarray(10, 42);
    const e = encodeTlv(0x90, new Uint8Array(eLength).fill(1));
    const n = encodeTlv(0x91, new Uint8Array(nLength).fill(0xff));
    const body = encodeTlv(0x5f4e, keyIds, e, n);
    const signature = encodeTlv(0x5f37, new Uint8Array(signatureLength));
    return concat(encodeTlv(0x7f21, body, signature), fromHex(behind));
  };

  test('a layout that is right', () => {
    expect(decodeJpkiCvc(layout(3, 256, 256)).encoded).toHaveLength(568);
  });

  test.each<[string, Uint8Array]>([
    ['e of two octets', layout(2, 256, 256, '00')],
    ['a modulus of 255 octets', layout(3, 255, 256, '0000')],
    ['a signature of 255 octets', layout(3, 256, 255, '0000')],
    ['a longer e, a shorter modulus', layout(5, 255, 256)],
    ['a shorter modulus, a longer signature', layout(3, 255, 258)],
    ['an octet behind', layout(3, 256, 256, '00')],
  ])('%s', (_, encoded) => {
    expect(() => decodeJpkiCvc(encoded)).toThrow(code('ERR_CVC_LAYOUT'));
  });

  test.each<[string, Uint8Array, string]>([
    ['a letter in the key id', put(10, '41'), 'ERR_CVC_KEY_ID'],
    ['another octet than 08', put(17, '09'), 'ERR_CVC_KEY_ID'],
    ['e = 3', put(44, '000003'), 'ERR_CVC_KEY'],
    ['e even', put(44, '010000'), 'ERR_KEY_RSA'],
    ['modulus of 2,047 bits', put(51, '7f'), 'ERR_CVC_KEY'],
    ['another tag for e', put(42, '92'), 'ERR_CVC_LAYOUT'],
    ['TR-03110 body tag', put(5, '7f4e'), 'ERR_CVC_LAYOUT'],
    ['nothing', new Uint8Array(0), 'ERR_TLV_TRUNCATED'],
    ['all zero', new Uint8Array(568), 'ERR_CVC_LAYOUT'],
    [
      'a body too short for its key ids',
      encodeTlv(0x7f21, encodeTlv(0x5f4e, new Uint8Array(31)), encodeTlv(0x5f37)),
      'ERR_TLV_TRUNCATED',
    ],
  ])('%s', (_, encoded, expected) => {
    expect(() => decodeJpkiCvc(encoded)).toThrow(code(expected));
  });
});

describe('encodeJpkiCvcBody', () => {
  const body = { issuerKeyId: ca.keyId, subjectKeyId: ca.keyId, publicKey: ca.publicKey };

  test('a key that is not RSA-2048 is a defect of the caller', () => {
    const { publicKey } = party('39', 3072);
    expect(() => encodeJpkiCvcBody({ ...body, publicKey })).toThrow(RangeError);
  });

  test('nor is one with another exponent', () => {
    const { publicKey } = party('39', 2048, 3);
    expect(() => encodeJpkiCvcBody({ ...body, publicKey })).toThrow(RangeError);
  });

  test('a key id that is none', () => {
    expect(() => encodeJpkiCvcBody({ ...body, subjectKeyId: new Uint8Array(16) })).toThrow(
      code('ERR_CVC_KEY_ID'),
    );
  });

  test.each([
    [296, 256],
    [298, 256],
    [297, 255],
    [297, 257],
  ])('body of %i, signature of %i octets do not fit', (length, signature) => {
    expect(() => encodeJpkiCvc(new Uint8Array(length), new Uint8Array(signature))).toThrow(
      RangeError,
    );
  });
});

describe('jpkiCvcBlocks', () => {
  test('307 and 261 octets that make the whole', () => {
    const [headers, signature] = jpkiCvcBlocks(first.encoded);
    expect([headers.length, signature.length]).toEqual([307, 261]);
    expect(concat(headers, signature)).toEqual(new Uint8Array(first.encoded));
  });

  test.each([0, 567, 569])('%i octets are no certificate', (length) => {
    expect(() => jpkiCvcBlocks(new Uint8Array(length))).toThrow(code('ERR_CVC_LAYOUT'));
  });
});

describe('key ids', () => {
  test.each([
    ['39313030303031080530303100000000', true],
    ['39313030303031080530303130303030', true],
    ['39313030303031080530303100000', false],
    ['3931303030303108053030310000000000', false],
    ['3a313030303031080530303100000000', false],
    ['39313030303031080530302f00000000', false],
    ['39313030303031080630303100000000', false],
  ])('%s: %s', (hex, expected) => expect(isJpkiKeyId(Buffer.from(hex, 'hex'))).toBe(expected));

  test('are compared whole', () => {
    expect(sameKeyId(ca.keyId, stranger.keyId)).toBe(true);
    expect(sameKeyId(ca.keyId, ca.keyId.with(15, 1))).toBe(false);
    expect(sameKeyId(ca.keyId.subarray(0, 8), ca.keyId.subarray(0, 8))).toBe(false);
  });
});
