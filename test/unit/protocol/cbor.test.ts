import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { CborMap, type CborValue, decodeCbor, encodeCbor } from '@pinless-gate/protocol/cbor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** RFC 8949 appendix A, as far as our formats reach: no floats, tags, `undefined` or integer keys. */
const APPENDIX_A: readonly (readonly [CborValue, string])[] = [
  [0, '00'],
  [1, '01'],
  [10, '0a'],
  [23, '17'],
  [24, '1818'],
  [25, '1819'],
  [100, '1864'],
  [1000, '1903e8'],
  [1_000_000, '1a000f4240'],
  [1_000_000_000_000, '1b000000e8d4a51000'],
  [-1, '20'],
  [-10, '29'],
  [-100, '3863'],
  [-1000, '3903e7'],
  [false, 'f4'],
  [true, 'f5'],
  [null, 'f6'],
  [fromHex(''), '40'],
  [fromHex('01020304'), '4401020304'],
  ['', '60'],
  ['a', '6161'],
  ['IETF', '6449455446'],
  ['"\\', '62225c'],
  ['ü', '62c3bc'],
  ['水', '63e6b0b4'],
  ['𐅑', '64f0908591'],
  [[], '80'],
  [[1, 2, 3], '83010203'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [
    Array.from({ length: 25 }, (_, i) => i + 1),
    '98190102030405060708090a0b0c0d0e0f101112131415161718181819',
  ],
  [{}, 'a0'],
  [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
  [['a', { b: 'c' }], '826161a161626163'],
  [{ a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }, 'a56161614161626142616361436164614461656145'],
];

describe('RFC 8949 appendix A', () => {
  test.each(APPENDIX_A)('%j is %s', (value, hex) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(fromHex(hex), 'item')).toEqual(value);
  });

  test.each([
    ['f90000', 'half float'],
    ['f93c00', 'half float 1.0'],
    ['f93e00', 'half float 1.5'],
    ['fb3ff199999999999a', 'double 1.1'],
    ['f97c00', 'infinity'],
    ['f97e00', 'not a number'],
    ['f7', 'undefined'],
    ['f0', 'simple value 16'],
    ['f8ff', 'simple value 255'],
    ['c074323031332d30332d32315432303a30343a30305a', 'tag'],
    ['c249010000000000000000', 'bignum'],
    ['1bffffffffffffffff', 'beyond 2^53'],
    ['3bffffffffffffffff', 'below -2^53'],
    ['5f42010243030405ff', 'byte string of indefinite length'],
    ['7f657374726561646d696e67ff', 'text of indefinite length'],
    ['9fff', 'array of indefinite length'],
    ['bf61610161629f0203ffff', 'map of indefinite length'],
    ['a201020304', 'integer keys'],
  ])('%s (%s) is none of our values', (hex) => {
    expect(() => decodeCbor(fromHex(hex), 'item')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_CBOR/) }),
    );
  });
});

describe('deterministic encoding (RFC 8949 4.2.1)', () => {
  test('keys in the order of their encoding, whatever order they came in', () => {
    const long = 'k'.repeat(24);
    const value = { [long]: 5, b: 2, aa: 3, a: 1, '': 0, ab: 4 };
    const members = [
      '6000',
      '616101',
      '616202',
      '62616103',
      '62616204',
      `7818${'6b'.repeat(24)}05`,
    ];
    expect(toHex(encodeCbor(value))).toBe(`a6${members.join('')}`);
    const reversed = Object.fromEntries(Object.entries(value).reverse());
    expect(encodeCbor(reversed)).toEqual(encodeCbor(value));
  });

  test('undefined members are left out', () => {
    expect(toHex(encodeCbor({ a: undefined, b: 1 }))).toBe('a1616201');
  });

  test.each([
    ['a2616201616102', 'keys out of order'],
    ['a2616101616102', 'a key twice'],
    ['a261610161610', 'cut short'],
    ['1817', '23 in two octets'],
    ['190018', '24 in three'],
    ['1a000003e8', '1000 in five'],
    ['580101', 'a length in two octets'],
    ['7801', 'text without its octets'],
    ['0000', 'two items'],
    ['', 'nothing'],
    ['62c328', 'text that is not UTF-8'],
    ['61ff', 'text that is not UTF-8'],
    ['9b7fffffffffffffff', 'an array of 2^63'],
    ['5b7fffffffffffffff', 'a byte string of 2^63'],
    ['81'.repeat(100_000), 'nested without end'],
  ])('%#: %s: refused', (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(() => decodeCbor(new Uint8Array(bytes), 'item')).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_CBOR/) }),
    );
  });

  test('a member named __proto__ is one like any other', () => {
    const map = CborMap.decode(fromHex('a1695f5f70726f746f5f5fa0'), 'item');
    expect(map.keys()).toEqual(['__proto__']);
    expect(() => map.end()).toThrow(code('ERR_CBOR_UNKNOWN'));
  });

  const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
        tie('value'),
        {
          maxKeys: 5,
          noNullPrototype: true,
        },
      ),
    ),
  })).value;

  test('round trip, and only one encoding', () => {
    fc.assert(
      fc.property(value, (item) => {
        const encoded = encodeCbor(item);
        expect(decodeCbor(encoded, 'item')).toEqual(
          typeof item === 'number' && Object.is(item, -0) ? 0 : item,
        );
      }),
    );
  });

  test('whatever octets decode are their own encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(encodeCbor(decodeCbor(bytes, 'item'))).toEqual(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_CBOR/) });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([1.5, Number.NaN, 2 ** 53])('%s is a defect of the caller', (number) => {
    expect(() => encodeCbor(number)).toThrow(RangeError);
  });
});

describe('CborMap', () => {
  const map = (members: CborValue) => new CborMap(members, 'thing');

  test('reads every kind, and absent members', () => {
    const read = map({ t: 'x', b: true, u: 7, y: fromHex('0102'), a: [1], m: { k: 1 } });
    expect(read.text('t')).toBe('x');
    expect(read.boolean('b')).toBe(true);
    expect(read.uint('u')).toBe(7);
    expect(toHex(read.bytes('y', 2))).toBe('0102');
    expect(read.array('a')).toEqual([1]);
    const inner = read.map('m');
    expect(inner.keys()).toEqual(['k']);
    expect(inner.uint('k')).toBe(1);
    expect([
      read.textOrUndefined('t'),
      read.uintOrUndefined('u'),
      read.bytesOrUndefined('y'),
    ]).toEqual([undefined, undefined, undefined]);
    read.end();
  });

  test.each<[string, () => unknown]>([
    ['text of a number', () => map({ k: 1 }).text('k')],
    ['text that is absent', () => map({}).text('k')],
    ['boolean of null', () => map({ k: null }).boolean('k')],
    ['unsigned of a negative', () => map({ k: -1 }).uint('k')],
    ['octets of text', () => map({ k: 'x' }).bytes('k')],
    ['octets of another length', () => map({ k: fromHex('01') }).bytes('k', 2)],
    ['array of a map', () => map({ k: {} }).array('k')],
    ['map of an array', () => map({ k: [] }).map('k')],
    ['map of octets', () => map(fromHex('00'))],
    ['map of null', () => map(null)],
  ])('%s', (_, read) => expect(read).toThrow(code('ERR_CBOR_TYPE')));

  test('a member that nobody reads', () => {
    expect(() => map({ k: 1 }).end()).toThrow(code('ERR_CBOR_UNKNOWN'));
  });
});
