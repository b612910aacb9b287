import { generateKeyPairSync, sign } from 'node:crypto';
import {
  bucketOf,
  decodeBucket,
  decodeManifest,
  decodeSignatures,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  fingerprint,
  formatFingerprint,
  formatLatest,
  type Manifest,
  parseLatest,
  passportOf,
  sha256,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { compare, fromHex, toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { decodeCbor, encodeCbor } from '@pinless-gate/protocol/cbor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hash = (octet: number) => new Uint8Array(32).fill(octet);

const manifest: Manifest = {
  eventId: fromHex('2be552203c4c0f4f0703b037dfbd00e5'),
  event: { name: '冬の音楽祭 2026', place: '横浜', startsAt: 1_797_757_200 },
  version: 3,
  issuedAt: 1_797_700_000,
  notBefore: 1_797_700_000,
  expiresAt: 1_797_800_000,
  revocationCheckedAt: undefined,
  entryCount: 1000,
  bucketBits: 1,
  buckets: [hash(1), hash(2)],
  policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
  previous: hash(3),
  eventKeyId: new Uint8Array(16).fill(4),
};
const encoded = encodeManifest(manifest);
/** The manifest with members put in the place of its own, undefined for none. */
const changed = (change: object) =>
  encodeCbor({ ...(decodeCbor(encoded, 'manifest') as object), ...change });

describe('manifest', () => {
  test('round trip', () => expect(decodeManifest(encoded)).toEqual(manifest));

  test('every prefix is refused', () => {
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeManifest(encoded.subarray(0, length))).toThrow(code('ERR_CBOR'));
    }
  });

  test.each<[string, object, string]>([
    ['of another format', { format: 'pinless-gate/manifest/2' }, 'ERR_BUNDLE_FORMAT'],
    ['of version 0', { version: 0 }, 'ERR_BUNDLE_VERSION'],
    ['with more bits than buckets', { bucketBits: 2 }, 'ERR_BUNDLE_BUCKETS'],
    ['with half a hash', { buckets: new Uint8Array(63) }, 'ERR_BUNDLE_BUCKETS'],
    ['of a million million buckets', { bucketBits: 40 }, 'ERR_BUNDLE_BUCKETS'],
    ['of another event id length', { eventId: new Uint8Array(15) }, 'ERR_CBOR_TYPE'],
    ['with an unknown member', { extra: 1 }, 'ERR_CBOR_UNKNOWN'],
    [
      'with an unknown rule',
      { policy: { gates: [], toleranceS: 0, staleAfterS: 0, refuseAfterS: 0, x: 1 } },
      'ERR_CBOR_UNKNOWN',
    ],
    [
      'with a gate that is no text',
      { policy: { gates: [1], toleranceS: 0, staleAfterS: 0, refuseAfterS: 0 } },
      'ERR_POLICY',
    ],
    ['without an expiry', { expiresAt: undefined }, 'ERR_CBOR_TYPE'],
    ['with a time before 1970', { issuedAt: -1 }, 'ERR_CBOR_TYPE'],
  ])('%s', (_, change, expected) => {
    expect(() => decodeManifest(changed(change))).toThrow(code(expected));
  });
});

describe('verifyManifestSignatures', () => {
  const publisher = () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    const signature = sign('sha256', encoded, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return { spki, signed: { keyId: sha256(spki), signature: new Uint8Array(signature) } };
  };
  const [a, b, stranger] = [publisher(), publisher(), publisher()];
  const keys = [a.spki, b.spki];
  const verify = (signatures: readonly (typeof a.signed)[], threshold: number, by = keys) =>
    verifyManifestSignatures(encoded, signatures, { keys: by, threshold });

  test('enough publishers', () => {
    expect(() => verify([a.signed], 1)).not.toThrow();
    expect(() => verify([b.signed, stranger.signed, a.signed], 2)).not.toThrow();
  });

  test.each([
    ['none', [], 1],
    ['one of two', [a.signed], 2],
    ['one twice', [a.signed, a.signed], 2],
    ['a stranger', [stranger.signed], 1],
    ["a stranger under another's id", [{ ...stranger.signed, keyId: a.signed.keyId }], 1],
    [
      'a flipped bit',
      [{ ...a.signed, signature: a.signed.signature.with(3, a.signed.signature[3]! ^ 1) }],
      1,
    ],
    ['zeros', [{ ...a.signed, signature: new Uint8Array(64) }], 1],
  ])('%s is not enough', (_, signatures, threshold) => {
    expect(() => verify(signatures, threshold)).toThrow(code('ERR_BUNDLE_SIGNATURE'));
  });

  test('of another manifest', () => {
    const other = { keys, threshold: 1 };
    expect(() => verifyManifestSignatures(changed({ version: 4 }), [a.signed], other)).toThrow(
      code('ERR_BUNDLE_SIGNATURE'),
    );
  });

  test.each([
    ['a threshold of nobody', 0, keys],
    ['more than there are', 3, keys],
    ['one publisher listed twice', 2, [a.spki, a.spki]],
  ])('%s is a defect of the caller', (_, threshold, by) => {
    expect(() => verify([a.signed], threshold, by)).toThrow(RangeError);
  });

  test('signatures are written in one order', () => {
    const file = encodeSignatures([a.signed, b.signed]);
    expect(toHex(encodeSignatures([b.signed, a.signed]))).toBe(toHex(file));
    expect(decodeSignatures(file)).toHaveLength(2);
  });

  test.each<[string, object, string]>([
    ['another format', { format: 'x', signatures: [] }, 'ERR_BUNDLE_FORMAT'],
    [
      'signatures in another order',
      {
        format: 'pinless-gate/signatures/1',
        signatures: [2, 1].map((n) => ({ keyId: hash(n), signature: new Uint8Array(64) })),
      },
      'ERR_BUNDLE_ORDER',
    ],
    [
      'a short signature',
      { format: 'pinless-gate/signatures/1', signatures: [{ keyId: hash(1), signature: hash(1) }] },
      'ERR_CBOR_TYPE',
    ],
    [
      'an unknown member',
      { format: 'pinless-gate/signatures/1', signatures: [], x: 1 },
      'ERR_CBOR_UNKNOWN',
    ],
  ])('a file with %s', (_, value, expected) => {
    expect(() => decodeSignatures(encodeCbor(value as never))).toThrow(code(expected));
  });
});

describe('bucket', () => {
  const entry = (hex: string, length = 3) => ({
    conversionValue: fromHex(hex.padEnd(32, '0')),
    sealed: new Uint8Array(length).fill(9),
  });

  test('round trip of sorted entries', () => {
    const values = fc.uniqueArray(fc.uint8Array({ minLength: 16, maxLength: 16 }), {
      selector: toHex,
      maxLength: 20,
    });
    fc.assert(
      fc.property(values, fc.nat(400), (list, length) => {
        const entries = list
          .sort(compare)
          .map((conversionValue) => ({ conversionValue, sealed: new Uint8Array(length) }));
        expect(decodeBucket(encodeBucket(entries), 0, 0)).toEqual(entries);
      }),
    );
  });

  test.each([
    ['ff8000', 0, 0],
    ['ff8000', 1, 1],
    ['7fffff', 1, 0],
    ['ff8000', 9, 511],
    ['abcdef', 20, 0xabcde],
  ])('%s of %i bits is in bucket %i', (hex, bits, expected) => {
    expect(bucketOf(fromHex(hex), bits)).toBe(expected);
  });

  test.each<[string, Uint8Array, number, string]>([
    ['out of order', encodeBucket([entry('02'), entry('01')]), 0, 'ERR_BUNDLE_ORDER'],
    ['one entry twice', encodeBucket([entry('01'), entry('01')]), 0, 'ERR_BUNDLE_ORDER'],
    ['entry of another bucket', encodeBucket([entry('81')]), 1, 'ERR_BUNDLE_ORDER'],
    ['cut short', encodeBucket([entry('01')]).subarray(0, -1), 0, 'ERR_TRUNCATED'],
    ['half a header', encodeBucket([entry('01')]).subarray(0, 17), 0, 'ERR_TRUNCATED'],
  ])('%s', (_, bytes, bits, expected) => {
    expect(() => decodeBucket(bytes, 0, bits)).toThrow(code(expected));
  });

  test('65,535 octets are the longest record', () => {
    expect(decodeBucket(encodeBucket([entry('01', 65_535)]), 0, 0)[0]!.sealed).toHaveLength(65_535);
    expect(() => encodeBucket([entry('01', 65_536)])).toThrow(RangeError);
  });
});

describe('latest', () => {
  test('round trip', () => expect(parseLatest(formatLatest(hash(0xab)))).toEqual(hash(0xab)));

  test.each([
    '',
    `pinless-gate/latest/1 ${'ab'.repeat(32)}`,
    `pinless-gate/latest/1 ${'AB'.repeat(32)}\n`,
    `pinless-gate/latest/1 ${'ab'.repeat(31)}\n`,
    `pinless-gate/latest/2 ${'ab'.repeat(32)}\n`,
    `pinless-gate/latest/1 ${'ab'.repeat(32)}\n\n`,
    'pinless-gate/latest/1 ../../etc/passwd\n',
  ])('%j names none', (text) => {
    expect(() => parseLatest(utf8(text))).toThrow(code('ERR_BUNDLE_LATEST'));
  });
});

test.each([
  ['00000000', '222222'],
  ['ffffffff', 'ZZZZZZ'],
  ['00000003', '222222'],
  ['00000004', '222223'],
])('fingerprint of %s… is %s', (head, expected) => {
  expect(fingerprint(fromHex(head.padEnd(64, '0')))).toBe(expected);
});

test('a passport is what people compare', () => {
  const passport = passportOf(manifest, hash(0xff));
  expect(passport).toMatchObject({ version: 3, entries: 1000, fingerprint: 'ZZZZZZ' });
  expect(formatFingerprint(passport.fingerprint)).toBe('ZZZ-ZZZ');
});
