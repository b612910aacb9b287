import {
  derivedSecret,
  formatVisitorCode,
  hashVisitorSecret,
  isGoodToken,
  parseVisitorCode,
  type VisitorToken,
} from '@pinless-gate/issuer-console/domain/visitor-token';
import { describe, expect, test } from 'vitest';

const SECRET = Uint8Array.from({ length: 15 }, (_, i) => 17 * i);
const CODE = formatVisitorCode(SECRET);
const hash = hashVisitorSecret(SECRET);
const token: VisitorToken = {
  hash,
  purpose: 'purchase',
  eventId: 'e'.repeat(32),
  vendorId: 'a'.repeat(32),
  subject: 'A-1',
  issuedAt: 0,
  expiresAt: 1000,
  usesLeft: 1,
};

describe('a code', () => {
  test('is six groups of four, of letters that nobody mistakes', () => {
    expect(CODE).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(() => formatVisitorCode(new Uint8Array(16))).toThrow(RangeError);
  });

  test.each([
    ['as it is', CODE],
    ['in small letters', CODE.toLowerCase()],
    ['without dashes', CODE.replaceAll('-', '')],
    ['with blanks and another dash', ` ${CODE.replaceAll('-', ' – ')}\n`],
    ['wide', CODE.replaceAll(/./g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0))],
    ['with O and L', CODE.replaceAll('0', 'O').replaceAll('1', 'l')],
  ])('is read %s', (_, text) => {
    expect(parseVisitorCode(text)).toEqual(SECRET);
  });

  test.each(['', CODE.slice(1), `${CODE}0`, CODE.replace(/.$/, 'U'), 'x'.repeat(101), '\0'])(
    '%j is none',
    (text) => {
      expect(parseVisitorCode(text)).toBeUndefined();
    },
  );

  test('gives another one, from which it cannot be had', () => {
    const check = derivedSecret(SECRET, 'check');
    expect(check).toHaveLength(15);
    expect(check).not.toEqual(SECRET);
    expect(derivedSecret(SECRET, 'transfer')).not.toEqual(check);
    expect(hash.slice(0, 15)).not.toEqual(check);
  });
});

test.each<[string, VisitorToken | undefined, boolean]>([
  ['is good', token, true],
  ['is there for looking when it was used', { ...token, usesLeft: 0 }, true],
  ['was given to nobody', undefined, false],
  ['is of another code', { ...token, hash: new Uint8Array(32) }, false],
  ['has expired', { ...token, expiresAt: 999 }, false],
  ['was withdrawn', { ...token, withdrawnAt: 5 }, false],
])('a token that %s', (_, held, good) => {
  expect(isGoodToken(held, hash, 999)).toBe(good);
});
