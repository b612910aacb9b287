import { concat, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import {
  decodeTlv,
  decodeTlvs,
  encodeTlv,
  encodeTlvHeader,
  readTlv,
  readTlvHeader,
} from '@pinless-gate/protocol/tlv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
/** Tags of one to three octets as ISO/IEC 7816-4 6.3 writes them. */
const tag = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).filter((one) => (one & 0x1f) !== 0x1f),
  fc
    .tuple(fc.nat(7), fc.integer({ min: 0x1f, max: 0x7f }))
    .map(([a, b]) => (((a << 5) | 0x1f) << 8) | b),
  fc
    .tuple(fc.nat(7), fc.integer({ min: 0x81, max: 0xff }), fc.nat(0x7f))
    .map(([a, b, c]) => (((a << 5) | 0x1f) << 16) | (b << 8) | c),
);

describe('lengths (ISO/IEC 7816-4 6.3, X.690 10.1)', () => {
  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8180'],
    [255, '81ff'],
    [256, '820100'],
    [65_279, '82feff'],
    [65_280, '82ff00'],
    [65_535, '82ffff'],
    [65_536, '83010000'],
    [16_777_215, '83ffffff'],
    [16_777_216, '8401000000'],
    [0xffff_ffff, '84ffffffff'],
  ])('%i is %s', (length, hex) => {
    const header = encodeTlvHeader(0x53, length);
    expect(toHex(header)).toBe(`53${hex}`);
    expect(readTlvHeader(header).end - header.length).toBe(length);
  });

  test.each([-1, 1.5, 2 ** 32])('%s cannot be encoded', (length) => {
    expect(() => encodeTlvHeader(0x53, length)).toThrow(RangeError);
  });

  test.each([
    ['5380', 'indefinite'],
    ['53817f', 'long form below 128'],
    ['538200ff', 'leading zero octet'],
    ['53830000ff', 'leading zero octets'],
    ['538300ffff', 'leading zero octet'],
    ['538400ffffff', 'leading zero octet'],
    ['5385010000000000', 'five octets'],
    ['53ff', 'reserved form'],
  ])('%s: %s', (hex) => expect(() => decodeTlv(fromHex(hex))).toThrow(code('ERR_TLV_LENGTH')));

  test.each(['5301', '538180', '5384ffffffff', '53', '5381', '5f', '7f21', ''])(
    '%s is cut short',
    (hex) => expect(() => decodeTlv(fromHex(hex))).toThrow(code('ERR_TLV_TRUNCATED')),
  );
});

describe('tags', () => {
  test.each(['5f1e00', '7f8000', '5f808100', '5f81818100', '1f0100'])(
    '%s: padded or too long',
    (hex) => expect(() => decodeTlv(fromHex(hex))).toThrow(code('ERR_TLV_TAG')),
  );

  test.each([
    ['5f2900', 0x5f29],
    ['7f2100', 0x7f21],
    ['9f810100', 0x9f8101],
    ['5f1f00', 0x5f1f],
    ['0000', 0],
  ])('%s', (hex, expected) => {
    expect(decodeTlv(fromHex(hex)).tag).toBe(expected);
    expect(encodeTlv(expected)).toEqual(fromHex(hex));
  });
});

describe('decodeTlv', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(tag, fc.uint8Array({ maxLength: 300 }), (wanted, value) => {
        expect(decodeTlv(encodeTlv(wanted, value))).toEqual({ tag: wanted, value });
      }),
    );
  });

  test('whatever octets decode are their own encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
        try {
          const objects = decodeTlvs(bytes);
          expect(concat(...objects.map((one) => encodeTlv(one.tag, one.value)))).toEqual(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_TLV_/) });
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('every prefix is refused', () => {
    const whole = encodeTlv(0x7f21, new Uint8Array(300));
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeTlv(whole.subarray(0, length))).toThrow(code('ERR_TLV_TRUNCATED'));
    }
  });

  test('nothing may follow', () => {
    expect(() => decodeTlv(fromHex('530000'))).toThrow(code('ERR_TLV_TRAILING'));
  });
});

describe('readTlv', () => {
  test('keeps within the limit, though octets follow', () => {
    const bytes = fromHex('5303010203');
    expect(() => readTlv(bytes, 0, 4)).toThrow(code('ERR_TLV_TRUNCATED'));
    expect(readTlv(bytes, 0, 5)).toEqual({ tag: 0x53, start: 0, valueStart: 2, end: 5 });
    expect(() => readTlv(bytes, 5)).toThrow(code('ERR_TLV_TRUNCATED'));
  });

  test('a header alone says where the value ends, read or not', () => {
    expect(readTlvHeader(fromHex('3082051f'))).toEqual({
      tag: 0x30,
      start: 0,
      valueStart: 4,
      end: 0x523,
    });
  });
});

test('a sequence of objects', () => {
  const objects = decodeTlvs(fromHex('5301015401025500'));
  expect(objects.map((one) => [one.tag, toHex(one.value)])).toEqual([
    [0x53, '01'],
    [0x54, '02'],
    [0x55, ''],
  ]);
  expect(decodeTlvs(new Uint8Array(0))).toEqual([]);
});

test('values are put one after another', () => {
  expect(toHex(encodeTlv(0x53, fromHex('01'), fromHex('0203')))).toBe('5303010203');
  expect(toHex(encodeTlv(0x53))).toBe('5300');
});

describe('what people read', () => {
  test.each([
    ['', 'header cut short at offset 0'],
    ['5f', 'header cut short at offset 1'],
    ['530501', 'value of 5 octets at offset 2, 1 left'],
    ['5f1e00', 'tag at offset 0 is padded or over three octets'],
    ['5380', 'length of the object at offset 0: form 80'],
    ['538105', 'length of the object at offset 0: padded'],
    ['53010000', '1 octets after the data object'],
  ])('%s: %s', (hex, message) => {
    expect(() => decodeTlv(fromHex(hex))).toThrow(expect.objectContaining({ message }));
  });

  test('a length that does not fit', () => {
    const message = 'cannot encode a length of -1';
    expect(() => encodeTlvHeader(0x53, -1)).toThrow(expect.objectContaining({ message }));
  });
});
