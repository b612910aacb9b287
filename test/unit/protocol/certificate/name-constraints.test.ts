import { fromHex } from '@pinless-gate/protocol/bytes';
import { readGeneralNames } from '@pinless-gate/protocol/certificate/general-name';
import { readName } from '@pinless-gate/protocol/certificate/name';
import {
  readNameConstraints,
  withinConstraints,
} from '@pinless-gate/protocol/certificate/name-constraints';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import * as x from './issue.ts';

// RFC 5280 4.2.1.10, one name and one subtree at a time.

const NOBODY = x.seq();
const EMAIL = '1.2.840.113549.1.9.1';
const tree = (tag: number, ...names: readonly Uint8Array[]) =>
  names.length > 0 ? [encodeTlv(tag, ...names.map((name) => x.seq(name)))] : [];
const constraints = (permitted: readonly Uint8Array[], excluded: readonly Uint8Array[] = []) =>
  readNameConstraints(x.seq(...tree(0xa0, ...permitted), ...tree(0xa1, ...excluded)));
const within = (
  limits: ReturnType<typeof constraints>,
  name: Uint8Array | undefined,
  subject = NOBODY,
) =>
  withinConstraints(limits, readName(subject, 'subject'), name ? readGeneralNames(name, 'x') : []);
const v6 = (last: string) => x.ip(`20010db8${'00'.repeat(11)}${last}`);
const network6 = (mask: string) => x.ip(`20010db8${'00'.repeat(12)}${mask.padEnd(32, '0')}`);
const JP = x.name(['2.5.4.6', 'JP']);
const US = x.name(['2.5.4.6', 'US']);

describe('one name, one subtree', () => {
  /** `true`: within. `undefined`: cannot be judged, so out of any constraint of that form. */
  test.each<[Uint8Array, Uint8Array, boolean | undefined]>([
    [x.dns('example.jp'), x.dns('example.jp'), true],
    [x.dns('EXAMPLE.jp'), x.dns('example.JP'), true],
    [x.dns('a.example.jp'), x.dns('example.jp'), true],
    [x.dns('aexample.jp'), x.dns('example.jp'), false],
    [x.dns('example.jp'), x.dns('a.example.jp'), false],
    [x.dns('example.jp'), x.dns(''), true],
    [x.dns('example.jp.'), x.dns('example.jp'), undefined],
    [x.dns('.example.jp'), x.dns('example.jp'), undefined],
    [x.dns('a..example.jp'), x.dns('example.jp'), undefined],
    [x.dns('a b.example.jp'), x.dns('example.jp'), undefined],
    [x.email('a@example.jp'), x.email('example.jp'), true],
    [x.email('a@EXAMPLE.jp'), x.email('example.JP'), true],
    [x.email('a@b.example.jp'), x.email('example.jp'), false],
    [x.email('a@b.example.jp'), x.email('.example.jp'), true],
    [x.email('a@example.jp'), x.email('.example.jp'), false],
    [x.email('a@example.jp'), x.email('a@example.jp'), true],
    [x.email('A@example.jp'), x.email('a@example.jp'), false],
    [x.email('a@example.jp'), x.email('a@example.com'), false],
    [x.email('a@example.jp '), x.email('example.jp'), undefined],
    [x.email(' a@example.jp'), x.email('example.jp'), undefined],
    [x.email('a@b@example.jp'), x.email('b'), undefined],
    [x.email('a@example.jp@'), x.email('example.jp'), undefined],
    [x.email('a@*.jp'), x.email('.jp'), undefined],
    [x.email('example.jp'), x.email('example.jp'), undefined],
    [x.uri('https://example.jp'), x.uri('example.jp'), true],
    [x.uri('https://EXAMPLE.jp/'), x.uri('example.JP'), true],
    [x.uri('https://example.jp:8443?a'), x.uri('example.jp'), true],
    [x.uri('https://example.jp#a'), x.uri('example.jp'), true],
    [x.uri('https://user:word@example.jp/'), x.uri('example.jp'), true],
    [x.uri('https://a.example.jp/'), x.uri('example.jp'), false],
    [x.uri('https://a.example.jp/'), x.uri('.example.jp'), true],
    [x.uri('https://example.com/@example.jp/'), x.uri('example.jp'), false],
    [x.uri('https://example.com/?https://example.jp'), x.uri('example.jp'), false],
    [x.uri(' https://example.jp/'), x.uri('example.jp'), undefined],
    [x.uri('1https://example.jp/'), x.uri('example.jp'), undefined],
    [x.uri('https:example.jp'), x.uri('example.jp'), undefined],
    [x.uri('https://exa mple.jp/'), x.uri('example.jp'), undefined],
    [x.uri('https://192.0.2.1/'), x.uri('192.0.2.1'), undefined],
    [x.uri('https://[2001:db8::1]/'), x.uri('.jp'), undefined],
    [x.uri('https://1a.jp/'), x.uri('1a.jp'), true],
    [x.uri('https://a.1/'), x.uri('a.1'), true],
    [x.ip('c0000201'), x.ip('c0000200ffffff00'), true],
    [x.ip('c0000301'), x.ip('c0000200ffffff00'), false],
    [x.ip('c0000201'), x.ip('0000000000000000'), true],
    [v6('01'), network6('ffffffff'), true],
    [v6('01'), network6('f'.repeat(31)), true],
    [v6('10'), network6('f'.repeat(31)), false],
    [v6('01'), x.ip('c0000200ffffff00'), false],
    [x.ip('c0000201'), network6('ffffffff'), false],
    [x.ip('c00002'), x.ip('c0000200ffffff00'), undefined],
    [x.directory(JP), x.directory(JP), true],
    [x.directory(JP), x.directory(US), false],
  ])('%#', (name, base, expected) => {
    expect(within(constraints([base]), name)).toBe(expected === true);
    expect(within(constraints([], [base]), name)).toBe(expected === false);
  });

  test('another form is free', () => {
    for (const name of [x.email('a@b'), x.uri('urn:x'), x.ip('00'), x.directory(US)]) {
      expect(within(constraints([x.dns('a')], [x.dns('b')]), name)).toBe(true);
    }
    const id = (tag: number) => encodeTlv(tag, fromHex('2a03'));
    expect(within(constraints([id(0x88)]), id(0x88))).toBe(false);
    expect(within(constraints([id(0x88)]), encodeTlv(0xa3, x.seq()))).toBe(true);
  });
});

test('of several subtrees one must permit, and none exclude', () => {
  const both = constraints([x.dns('a.jp'), x.dns('b.jp')], [x.dns('x.a.jp'), x.dns('x.b.jp')]);
  expect(within(both, x.dns('a.jp'))).toBe(true);
  expect(within(both, x.dns('b.jp'))).toBe(true);
  expect(within(both, x.dns('c.jp'))).toBe(false);
  expect(within(both, x.dns('x.a.jp'))).toBe(false);
  expect(within(both, x.dns('x.b.jp'))).toBe(false);
});

test('what is excluded in another form excludes nothing', () => {
  expect(within(constraints([x.dns('a.jp')], [x.email('a.jp')]), x.dns('a.jp'))).toBe(true);
});

describe('the subject', () => {
  test('is a directory name, where there is one', () => {
    const limits = constraints([x.directory(JP)]);
    expect(within(limits, undefined, JP)).toBe(true);
    expect(within(limits, undefined, US)).toBe(false);
    expect(within(limits, undefined)).toBe(true);
  });

  test('and its mail addresses are mailboxes', () => {
    const limits = constraints([x.email('example.jp')]);
    const mail = (text: string, tag = 0x16) => x.name([EMAIL, text, tag]);
    expect(within(limits, undefined, mail('a@example.jp'))).toBe(true);
    expect(within(limits, undefined, mail('a@example.com'))).toBe(false);
    // TeletexString has no text to be judged.
    expect(within(limits, undefined, mail('a@example.jp', 0x14))).toBe(false);
  });
});

describe('subtrees', () => {
  test.each([
    ['c0000200ffffff00', true],
    ['c0000200ffffff80', true],
    ['c0000200ff00ff00', false],
    ['c0000200ffffff01', false],
    ['c000020000ffffff', false],
    ['c0000200fffff', false],
    ['c00002ffff', false],
    [`20010db8${'00'.repeat(12)}${'ff'.repeat(4)}${'00'.repeat(12)}`, true],
    [`20010db8${'00'.repeat(12)}${'ff'.repeat(3)}${'0f'}${'00'.repeat(12)}`, false],
    ['00'.repeat(16), false],
  ])('network %s: %s', (hex, expected) => {
    const read = () => constraints([x.ip(hex.padEnd(hex.length + (hex.length % 2), '0'))]);
    if (expected) expect(read().permitted).toHaveLength(1);
    else expect(read).toThrow(expect.objectContaining({ code: 'ERR_DER_NAME' }));
  });

  test('at most 256', () => {
    const many = (count: number) => new Array<Uint8Array>(count).fill(x.dns('a'));
    expect(constraints(many(256)).permitted).toHaveLength(256);
    expect(() => constraints(many(257))).toThrow(expect.objectContaining({ code: 'ERR_DER_NAME' }));
  });

  test('either kind alone', () => {
    expect(constraints([x.dns('a')])).toMatchObject({ excluded: [] });
    expect(constraints([], [x.dns('a')])).toMatchObject({ permitted: [] });
  });
});
