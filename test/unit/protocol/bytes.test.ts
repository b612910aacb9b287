import {
  ByteReader,
  compare,
  concat,
  domain,
  equal,
  fromBase64,
  fromHex,
  toHex,
  uint64,
} from '@pinless-gate/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('hex and base64', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
      }),
    );
  });

  test('a view is written, not what lies around it', () => {
    expect(toHex(fromHex('00112233').subarray(1, 3))).toBe('1122');
  });

  test.each(['0', '0g', ' 00', '00 ', '0x00', '００'])('"%s" is not hexadecimal', (text) => {
    expect(() => fromHex(text)).toThrow(code('ERR_HEX'));
  });

  test.each(['A', 'AA', 'AAA', 'AB==', 'AA==\n', 'A-_=', 'AA== '])('"%s" is not base64', (text) => {
    expect(() => fromBase64(text)).toThrow(code('ERR_BASE64'));
  });
});

describe('compare', () => {
  test.each([
    ['', '00', -1],
    ['00', '0000', -1],
    ['7f', '80', -1],
    ['ff', '00ff', 1],
    ['0102', '0102', 0],
  ])('%s and %s', (a, b, expected) => {
    expect(compare(fromHex(a), fromHex(b))).toBe(expected);
    expect(equal(fromHex(a), fromHex(b))).toBe(expected === 0);
  });
});

test('concat copies', () => {
  const part = fromHex('01');
  const whole = concat(part, part);
  part[0] = 2;
  expect(toHex(whole)).toBe('0101');
});

test('a domain ends in one zero octet', () => expect(toHex(domain('ab'))).toBe('616200'));

describe('uint64', () => {
  test.each([
    [0, '0000000000000000'],
    [1797750000123, '000001a2924009fb'],
    [2n ** 64n - 1n, 'ffffffffffffffff'],
  ])('%s', (value, hex) => expect(toHex(uint64(value))).toBe(hex));

  test.each([-1, 2n ** 64n, 1.5])('%s does not fit', (value) => {
    expect(() => uint64(value)).toThrow(RangeError);
  });
});

describe('ByteReader', () => {
  test('takes from the front and ends', () => {
    const reader = new ByteReader(fromHex('01020304'));
    expect([reader.uint8('a'), reader.uint16('b'), toHex(reader.take(1, 'c'))]).toEqual([
      1,
      0x203,
      '04',
    ]);
    expect([reader.offset, reader.remaining]).toEqual([4, 0]);
    reader.end('d');
  });

  test('past the end', () => {
    const reader = new ByteReader(fromHex('01'));
    expect(() => reader.uint16('length')).toThrow(code('ERR_TRUNCATED'));
    expect(() => reader.take(2, 'value')).toThrow(code('ERR_TRUNCATED'));
    expect(() => reader.end('value')).toThrow(code('ERR_TRAILING'));
  });
});
