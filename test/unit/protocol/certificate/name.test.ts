import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { sameGeneralName } from '@pinless-gate/protocol/certificate/distribution-point';
import { readGeneralNames } from '@pinless-gate/protocol/certificate/general-name';
import { readName, sameName, startsWithName } from '@pinless-gate/protocol/certificate/name';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { describe, expect, test } from 'vitest';
import * as x from './issue.ts';

const refused = expect.objectContaining({ code: expect.stringMatching(/^ERR_(DER|TLV)_/) });
const COMMON_NAME = '2.5.4.3';
/** A name of one attribute with this string. */
const one = (tag: number, value: Uint8Array) =>
  x.seq(x.set(x.seq(x.oid(COMMON_NAME), encodeTlv(tag, value))));
const read = (encoded: Uint8Array) => readName(encoded, 'name');
const text = (tag: number, value: string) => one(tag, utf8(value));

const [UTF8, NUMERIC, PRINTABLE, TELETEX, IA5, UNIVERSAL, BMP] = [
  0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e,
] as const;

describe('sameName (RFC 5280 7.1)', () => {
  test.each([
    ['case', text(UTF8, 'JPKI'), text(PRINTABLE, 'jpki'), true],
    ['spaces', text(UTF8, ' a  b '), text(UTF8, 'a b'), true],
    ['tab and line break', text(UTF8, 'a\t\nb'), text(UTF8, 'a b'), true],
    ['no space', text(UTF8, 'ab'), text(UTF8, 'a b'), false],
    ['full-width forms', text(UTF8, 'ＪＰＫＩ'), text(UTF8, 'jpki'), true],
    ['composed and decomposed', text(UTF8, '\u00e9'), text(UTF8, 'e\u0301'), true],
    ['sharp s', text(UTF8, 'straße'), text(UTF8, 'STRASSE'), true],
    ['final sigma', text(UTF8, 'ΟΔΟΣ'), text(UTF8, 'οδοσ'), true],
    ['soft hyphen', text(UTF8, 'a\u00adb'), text(UTF8, 'ab'), true],
    ['NUL', text(UTF8, 'a\0b'), text(UTF8, 'ab'), true],
    ['what stands after a NUL', text(UTF8, 'a\0b'), text(UTF8, 'a'), false],
    ['Latin and Cyrillic a', text(UTF8, 'a'), text(UTF8, '\u0430'), false],
    ['BMPString', one(BMP, fromHex('00410042')), text(UTF8, 'ab'), true],
    [
      'UniversalString',
      one(UNIVERSAL, fromHex('0000004100010348')),
      text(UTF8, 'a\u{10348}'),
      true,
    ],
    ['two characters of BMPString', one(BMP, fromHex('00410043')), text(UTF8, 'ab'), false],
    ['the last of BMPString', one(BMP, fromHex('d7ff')), text(UTF8, '\ud7ff'), true],
    ['after the surrogates', one(BMP, fromHex('e000')), text(UTF8, '\ue000'), true],
    [
      'the last of Unicode, which is no character',
      one(UNIVERSAL, fromHex('0010ffff')),
      text(UTF8, '\u{10ffff}'),
      true,
    ],
    ['dotless i and dotted I', text(UTF8, 'ı'), text(UTF8, 'I'), false],
    ['NumericString', text(NUMERIC, '12 3'), text(UTF8, '12 3'), true],
    ['IA5String', text(IA5, 'A@b'), text(UTF8, 'a@b'), true],
    ['TeletexString of the same octets', text(TELETEX, 'A'), text(TELETEX, 'A'), true],
    ['TeletexString of another case', text(TELETEX, 'A'), text(TELETEX, 'a'), false],
    ['TeletexString and UTF8String', text(TELETEX, 'A'), text(UTF8, 'A'), false],
    ['another attribute', text(UTF8, 'a'), x.name(['2.5.4.10', 'a']), false],
    ['one attribute more', text(UTF8, 'a'), x.name([COMMON_NAME, 'a'], [COMMON_NAME, 'b']), false],
  ])('%s', (_, a, b, expected) => {
    expect(sameName(read(a), read(b))).toBe(expected);
    expect(sameName(read(b), read(a))).toBe(expected);
  });

  const attribute = (type: string, value: string) =>
    x.seq(x.oid(type), encodeTlv(UTF8, utf8(value)));

  test('attributes of one set compare as a set', () => {
    const pair = read(x.seq(x.set(attribute(COMMON_NAME, 'A'), attribute(COMMON_NAME, 'b'))));
    const other = read(x.seq(x.set(attribute(COMMON_NAME, 'B'), attribute(COMMON_NAME, 'a'))));
    expect(sameName(pair, other)).toBe(true);
    const more = read(
      x.seq(
        x.set(
          attribute(COMMON_NAME, 'A'),
          attribute(COMMON_NAME, 'b'),
          attribute(COMMON_NAME, 'c'),
        ),
      ),
    );
    expect([sameName(pair, more), sameName(more, pair)]).toEqual([false, false]);
    const half = read(x.seq(x.set(attribute(COMMON_NAME, 'A'), attribute(COMMON_NAME, 'c'))));
    expect([sameName(pair, half), sameName(half, pair)]).toEqual([false, false]);
    const twice = read(x.seq(x.set(attribute(COMMON_NAME, 'A'), attribute(COMMON_NAME, 'a'))));
    expect([sameName(pair, twice), sameName(twice, pair)]).toEqual([false, false]);
  });
});

describe('readName', () => {
  const attribute = x.seq(x.oid(COMMON_NAME), encodeTlv(UTF8, utf8('b')));
  const earlier = x.seq(x.oid(COMMON_NAME), encodeTlv(UTF8, utf8('a')));

  test.each<[string, Uint8Array]>([
    ['a set out of order', x.seq(x.set(attribute, earlier))],
    ['an attribute twice', x.seq(x.set(attribute, attribute))],
    ['an empty set', x.seq(x.set())],
    ['no set', x.seq(attribute)],
    ['no attribute', x.seq(x.set(x.oid(COMMON_NAME)))],
    ['an attribute without a value', x.seq(x.set(x.seq(x.oid(COMMON_NAME))))],
    [
      'an attribute of two values',
      x.seq(x.set(x.seq(x.oid(COMMON_NAME), x.int('01'), x.int('02')))),
    ],
    ['a value that is no string', x.seq(x.set(x.seq(x.oid(COMMON_NAME), x.int('01'))))],
    ['empty UTF8String', one(UTF8, fromHex(''))],
    ['overlong UTF-8', one(UTF8, fromHex('c080'))],
    ['a surrogate in UTF-8', one(UTF8, fromHex('eda080'))],
    ['PrintableString with an underscore', one(PRINTABLE, utf8('a_b'))],
    ['empty PrintableString', one(PRINTABLE, fromHex(''))],
    ['NumericString with a letter', one(NUMERIC, utf8('1a'))],
    ['NumericString with a letter before', one(NUMERIC, utf8('a1'))],
    ['empty NumericString', one(NUMERIC, fromHex(''))],
    ['IA5String beyond 7f', one(IA5, fromHex('80'))],
    ['IA5String that ends beyond 7f', one(IA5, fromHex('4180'))],
    ['IA5String that begins beyond 7f', one(IA5, fromHex('8041'))],
    ['empty IA5String', one(IA5, fromHex(''))],
    ['BMPString with the last surrogate', one(BMP, fromHex('dfff'))],
    ['BMPString of three octets', one(BMP, fromHex('004100'))],
    ['BMPString with a surrogate', one(BMP, fromHex('d800'))],
    ['UniversalString beyond Unicode', one(UNIVERSAL, fromHex('00110000'))],
    ['empty BMPString', one(BMP, fromHex(''))],
    ['over 4096 octets', one(UTF8, new Uint8Array(4096).fill(0x61))],
    ['over 64 attributes', x.name(...new Array<x.Rdn>(65).fill([COMMON_NAME, 'a']))],
  ])('%s', (_, encoded) => expect(() => read(encoded)).toThrow(refused));
});

test.each<[string, Uint8Array]>([
  ['4096 octets', one(UTF8, new Uint8Array(4075).fill(0x61))],
  ['64 attributes', x.name(...new Array<x.Rdn>(64).fill([COMMON_NAME, 'a']))],
])('a name may have %s', (_, encoded) => {
  expect(read(encoded).encoded).toBe(encoded);
});

describe('startsWithName', () => {
  const [ab, abc] = [
    x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'B']),
    x.name(['2.5.4.6', 'JP'], ['2.5.4.10', 'b'], ['2.5.4.3', 'C']),
  ];
  test.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['itself', ab, ab, true],
    ['what is above', abc, ab, true],
    ['nothing', ab, x.seq(), true],
    ['what is below', ab, abc, false],
    ['another beginning', abc, x.name(['2.5.4.6', 'US'], ['2.5.4.10', 'B']), false],
  ])('%s', (_, name, base, expected) => {
    expect(startsWithName(read(name), read(base))).toBe(expected);
  });
});

describe('general names', () => {
  const names = (...encoded: readonly Uint8Array[]) =>
    readGeneralNames(
      fromHex(encoded.map((each) => Buffer.from(each).toString('hex')).join('')),
      'x',
    );
  const other = (...members: readonly Uint8Array[]) => encodeTlv(0xa0, ...members);

  test.each<[string, Uint8Array, object]>([
    ['mail', x.email('a@b'), { kind: 'email', text: 'a@b' }],
    ['address', x.ip('7f000001'), { kind: 'ip' }],
    ['the last character of ASCII', x.uri('\x7f'), { kind: 'uri', text: '\x7f' }],
    ['other', other(x.oid('1.2.3'), encodeTlv(0xa0, x.int('01'))), { kind: 'other', tag: 0xa0 }],
    ['registered id', encodeTlv(0x88, fromHex('2a03')), { kind: 'other', tag: 0x88 }],
    ['X.400 address', encodeTlv(0xa3, x.seq()), { kind: 'other', tag: 0xa3 }],
  ])('%s', (_, encoded, expected) => expect(names(encoded)[0]).toMatchObject(expected));

  test.each<[string, Uint8Array]>([
    ['none', new Uint8Array(0)],
    ['unknown tag', encodeTlv(0x89, fromHex('00'))],
    ['mail beyond IA5', encodeTlv(0x81, fromHex('ff'))],
    ['registered id that is none', encodeTlv(0x88, fromHex('80'))],
    ['other without a value', other(x.oid('1.2.3'))],
    ['other of two values', other(x.oid('1.2.3'), encodeTlv(0xa0, x.int('01'), x.int('02')))],
    ['other of no value', other(x.oid('1.2.3'), encodeTlv(0xa0))],
    ['other that is no DER', other(x.oid('1.2.3'), encodeTlv(0xa0, fromHex('3001')))],
    ['party name that is no DER', encodeTlv(0xa5, fromHex('3001'))],
  ])('%s', (_, encoded) => expect(() => names(encoded)).toThrow(refused));

  test('at most 128', () => {
    expect(names(...new Array<Uint8Array>(128).fill(x.dns('a')))).toHaveLength(128);
    expect(() => names(...new Array<Uint8Array>(129).fill(x.dns('a')))).toThrow(refused);
  });

  test.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['equal texts', x.uri('a'), x.uri('a'), true],
    ['another kind', x.uri('a'), x.dns('a'), false],
    ['equal addresses', x.ip('01020304'), x.ip('01020304'), true],
    ['address and text', x.ip('01020304'), x.uri('a'), false],
    [
      'equal directories',
      x.directory(x.name([COMMON_NAME, 'A'])),
      x.directory(x.name([COMMON_NAME, 'a'])),
      true,
    ],
    ['directory and text', x.directory(x.name([COMMON_NAME, 'A'])), x.uri('a'), false],
    [
      'forms that we do not judge',
      encodeTlv(0x88, fromHex('2a03')),
      encodeTlv(0x88, fromHex('2a03')),
      false,
    ],
  ])('compared: %s', (_, a, b, expected) => {
    expect(sameGeneralName(names(a)[0]!, names(b)[0]!)).toBe(expected);
  });
});
