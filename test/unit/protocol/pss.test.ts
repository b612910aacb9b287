import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto';
import { concat, utf8 } from '@pinless-gate/protocol/bytes';
import { BIT_STRING, INTEGER, readSequence } from '@pinless-gate/protocol/certificate/der';
import { rsaPublicKey } from '@pinless-gate/protocol/public-key';
import { verifyRsaPss } from '@pinless-gate/protocol/signature';
import { describe, expect, test } from 'vitest';
import { pssKeys } from './pss-keys.ts';

const message = utf8('what is signed');
const padding = constants.RSA_PKCS1_PSS_PADDING;

/** The numbers of a key whose SubjectPublicKeyInfo is id-RSASSA-PSS. */
function numbersOf(key: KeyObject) {
  const spki = readSequence(key.export({ type: 'spki', format: 'der' }), 'key');
  spki.sequence('algorithm');
  const rsa = readSequence(spki.value(BIT_STRING, 'bits').subarray(1), 'RSA key');
  return rsaPublicKey(rsa.value(INTEGER, 'n'), rsa.value(INTEGER, 'e'));
}

describe('verifyRsaPss, signatures by OpenSSL', () => {
  // Every length of the first octet: the block is one octet shorter than a modulus of 8k + 1 bits.
  test.each([1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032])('%d bits', (modulusLength) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
    const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    for (let i = 0; i < 8; i++) {
      const text = utf8(`message ${i}`);
      const signature = sign('sha256', text, { key: privateKey, padding, saltLength: 32 });
      expect(verifyRsaPss(key, 'sha256', text, signature)).toBe(true);
      for (const at of [0, 1, 64, signature.length - 1]) {
        const wrong = signature.with(at, signature[at]! ^ 1);
        expect(verifyRsaPss(key, 'sha256', text, wrong)).toBe(false);
      }
    }
  });

  test.each([
    ['sha256', 'sha1', 20],
    ['sha256', 'sha512', 32],
    ['sha512', 'sha256', 0],
    ['sha384', 'sha1', 48],
  ] as const)('%s over MGF1 with %s, a salt of %d', (hash, mgfHash, saltLength) => {
    const { privateKey, publicKey } = pssKeys(hash, mgfHash, saltLength);
    const key = numbersOf(publicKey);
    const signature = sign(hash, message, privateKey);
    expect(verifyRsaPss(key, hash, message, signature, { mgfHash, saltLength })).toBe(true);
    expect(verifyRsaPss(key, hash, message, signature, { saltLength })).toBe(false);
    expect(
      verifyRsaPss(key, hash, message, signature, { mgfHash, saltLength: saltLength + 1 }),
    ).toBe(false);
  });
});

describe('verifyRsaPss, blocks made by hand', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const key = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const sha256 = (...parts: readonly Uint8Array[]) =>
    new Uint8Array(
      createHash('sha256')
        .update(concat(...parts))
        .digest(),
    );
  const mgf1 = (seed: Uint8Array, length: number) =>
    concat(...[0, 1, 2, 3].map((i) => sha256(seed, Uint8Array.of(0, 0, 0, i)))).subarray(0, length);
  const salt = new Uint8Array(32).fill(0x5a);

  interface Block {
    readonly zeros: Uint8Array;
    readonly db: Uint8Array;
    readonly clear: number;
    readonly trailer: number;
  }
  const right: Block = {
    zeros: new Uint8Array(8),
    db: concat(new Uint8Array(62), Uint8Array.of(1), salt),
    clear: 0x7f,
    trailer: 0xbc,
  };
  function signature(change: Partial<Block>): Uint8Array {
    const { zeros, db, clear, trailer } = { ...right, ...change };
    const h = sha256(zeros, sha256(message), salt);
    const masked = mgf1(h, 95).map((octet, i) => octet ^ db[i]!);
    masked[0]! &= clear;
    const block = concat(masked, h, Uint8Array.of(trailer));
    return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
  }

  test('as RFC 8017 says', () => {
    expect(verifyRsaPss(key, 'sha256', message, signature({}))).toBe(true);
  });

  test.each<[string, Partial<Block>]>([
    ['another trailer', { trailer: 0xcc }],
    ['no 01 before the salt', { db: right.db.with(62, 0) }],
    ['02 before the salt', { db: right.db.with(62, 2) }],
    ['an octet of padding set', { db: right.db.with(30, 1) }],
    ['the second octet of padding set', { db: right.db.with(1, 1) }],
    ['a bit of the first octet set', { db: right.db.with(0, 0x40) }],
    ['the last octet of padding set', { db: right.db.with(61, 1) }],
    ['another salt than hashed', { db: right.db.with(94, 0) }],
    ['eight octets that are not zero', { zeros: new Uint8Array(8).fill(1) }],
  ])('%s', (_, change) => {
    expect(verifyRsaPss(key, 'sha256', message, signature(change))).toBe(false);
  });

  test('the bit above the block set, the number still below the modulus', () => {
    const blockOf = (octet: number) => {
      const other = new Uint8Array(32).fill(octet);
      const h = sha256(right.zeros, sha256(message), other);
      const db = concat(new Uint8Array(62), Uint8Array.of(1), other);
      const masked = mgf1(h, 95).map((mask, i) => mask ^ db[i]!);
      return concat(masked.with(0, masked[0]! & 0x7f), h, Uint8Array.of(0xbc));
    };
    const blocks = Array.from({ length: 256 }, (_, octet) => blockOf(octet));
    const low = blocks.find((block) => block[0]! < 0x08)!;
    const open = (block: Uint8Array) =>
      privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, block);
    expect(verifyRsaPss(key, 'sha256', message, open(low))).toBe(true);
    expect(verifyRsaPss(key, 'sha256', message, open(low.with(0, low[0]! | 0x80)))).toBe(false);
  });

  test.each([
    ['a salt that leaves no room', 94],
    ['a salt that just has room', 93],
    ['a salt longer than the block', 1000],
  ])('%s', (_, saltLength) => {
    expect(verifyRsaPss(key, 'sha256', message, signature({}), { saltLength })).toBe(false);
  });

  test('a modulus too short for the hash', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey;
    const spki = new Uint8Array(short.export({ type: 'spki', format: 'der' }));
    const one = new Uint8Array(64).with(63, 1);
    expect(verifyRsaPss(spki, 'sha512', message, one, { saltLength: 0 })).toBe(false);
  });
});
