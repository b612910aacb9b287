import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import * as der from '@pinless-gate/protocol/certificate/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('readUnsigned and checkInteger (X.690 8.3)', () => {
  test.each([
    ['00', '00'],
    ['7f', '7f'],
    ['0080', '80'],
    ['0100', '0100'],
  ])('%s is %s', (hex, expected) => {
    expect(toHex(der.readUnsigned(fromHex(hex), 'x'))).toBe(expected);
  });

  test.each(['', '0000', '007f', 'ff80', 'ffff'])('%s is not in the fewest octets', (hex) => {
    expect(() => der.checkInteger(fromHex(hex), 'x')).toThrow(code('ERR_DER_INTEGER'));
  });

  test.each(['80', 'ff', 'ff7f'])('%s is negative', (hex) => {
    expect(() => der.readUnsigned(fromHex(hex), 'x')).toThrow(code('ERR_DER_NEGATIVE'));
  });

  test('small numbers end at 32 bits', () => {
    expect(der.readSmallUnsigned(fromHex('00ffffffff'), 'x')).toBe(0xffff_ffff);
    expect(() => der.readSmallUnsigned(fromHex('0100000000'), 'x')).toThrow(
      code('ERR_DER_INTEGER'),
    );
  });
});

describe('readBoolean and readTrue (X.690 11.1, 11.5)', () => {
  test('true is ff, false is 00', () => {
    expect([der.readBoolean(fromHex('ff'), 'x'), der.readBoolean(fromHex('00'), 'x')]).toEqual([
      true,
      false,
    ]);
    expect([der.readTrue(fromHex('ff'), 'x'), der.readTrue(undefined, 'x')]).toEqual([true, false]);
  });

  test.each(['', '01', 'fe', 'ffff'])('"%s" is none', (hex) => {
    expect(() => der.readBoolean(fromHex(hex), 'x')).toThrow(code('ERR_DER_BOOLEAN'));
  });

  test('a default is not spelled out', () => {
    expect(() => der.readTrue(fromHex('00'), 'x')).toThrow(code('ERR_DER_DEFAULT'));
  });
});

describe('bit strings (X.690 11.2)', () => {
  test('whole octets, and with unused bits', () => {
    expect(toHex(der.readBitString(fromHex('00ab'), 'x'))).toBe('ab');
    expect(toHex(der.readBitString(fromHex('04a0'), 'x'))).toBe('a0');
    expect(toHex(der.readBitString(fromHex('00'), 'x'))).toBe('');
    expect(toHex(der.readBitString(fromHex('04ffa0'), 'x'))).toBe('ffa0');
  });

  test.each(['', '08ab', '01', '04ab', '04a0ff'])('"%s" is none', (hex) => {
    expect(() => der.readBitString(fromHex(hex), 'x')).toThrow(code('ERR_DER_BIT_STRING'));
  });

  test.each([
    ['0780', 1 << 0],
    ['0640', 1 << 1],
    ['0204', 1 << 5],
    ['0106', (1 << 5) | (1 << 6)],
    ['070080', 1 << 8],
    ['0000000001', 0x8000_0000],
    ['00', 0],
  ])('named bits %s', (hex, expected) => {
    expect(der.readNamedBits(fromHex(hex), 'x')).toBe(expected);
  });

  test.each(['0000', '0600', '028000', '000000000001'])('named bits %s: refused', (hex) => {
    expect(() => der.readNamedBits(fromHex(hex), 'x')).toThrow(code('ERR_DER_BIT_STRING'));
  });

  test('keys and signatures are whole octets', () => {
    expect(() => der.readOctetsOfBitString(fromHex('0180'), 'x')).toThrow(
      code('ERR_DER_BIT_STRING'),
    );
  });
});

describe('readOid (X.690 8.19)', () => {
  test.each([
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['550403', '2.5.4.3'],
    ['00', '0.0'],
    ['27', '0.39'],
    ['28', '1.0'],
    ['8837', '2.999'],
    ['2a818001', '1.2.16385'],
    [`2a${'01'.repeat(63)}`, `1.2${'.1'.repeat(63)}`],
  ])('%s is %s', (hex, expected) => expect(der.readOid(fromHex(hex), 'x')).toBe(expected));

  test.each([
    ['', 'empty'],
    ['80', 'no end'],
    ['2a86', 'no end'],
    ['2a8003', 'padded'],
    ['8001', 'padded'],
    [`2a${'01'.repeat(64)}`, 'over 64 octets'],
  ])('"%s": %s', (hex) => {
    expect(() => der.readOid(fromHex(hex), 'x')).toThrow(code('ERR_DER_OID'));
  });
});

describe('readTime (RFC 5280 4.1.2.5)', () => {
  const read = (tag: number, text: string) => {
    const value = new Uint8Array(Buffer.from(text));
    return der.readTime({ tag, value, encoded: value }, 'x');
  };

  test('every second that Date knows', () => {
    const seconds = fc.integer({
      min: Date.UTC(1000, 0) / 1000,
      max: Date.UTC(9999, 11, 31) / 1000,
    });
    fc.assert(
      fc.property(seconds, (second) => {
        const text = new Date(second * 1000).toISOString().replace(/[-:T]/g, '').slice(0, 14);
        expect(read(der.GENERALIZED_TIME, `${text}Z`)).toBe(second);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    [der.UTC_TIME, '700101000000Z', 0],
    [der.UTC_TIME, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59) / 1000],
    [der.UTC_TIME, '500101000000Z', Date.UTC(1950, 0, 1) / 1000],
    [der.GENERALIZED_TIME, '20000229000000Z', Date.UTC(2000, 1, 29) / 1000],
    [der.GENERALIZED_TIME, '20380119031408Z', 2 ** 31],
  ])('%i %s', (tag, text, expected) => expect(read(tag, text)).toBe(expected));

  test.each([
    [der.GENERALIZED_TIME, '19000229000000Z'],
    [der.GENERALIZED_TIME, '20260431000000Z'],
    [der.GENERALIZED_TIME, '20260631000000Z'],
    [der.GENERALIZED_TIME, '20260931000000Z'],
    [der.GENERALIZED_TIME, '20261131000000Z'],
    [der.GENERALIZED_TIME, '20261300000000Z'],
    [der.GENERALIZED_TIME, '20260100000000Z'],
    [der.GENERALIZED_TIME, '20260101006000Z'],
    [der.GENERALIZED_TIME, '700101000000Z'],
    [der.GENERALIZED_TIME, '2026010100000-Z'],
    [der.UTC_TIME, '20260101000000Z'],
    [der.UTC_TIME, '260101000000z'],
    [der.UTC_TIME, ' 60101000000Z'],
    [0x16, '260101000000Z'],
    [0x16, '20260101000000Z'],
    [0x16, '0101000000Z'],
    [der.UTC_TIME, ''],
  ])('%i "%s": refused', (tag, text) => {
    expect(() => read(tag, text)).toThrow(code('ERR_DER_TIME'));
  });
});

describe('DerReader', () => {
  test.each<[string, string, (reader: der.DerReader) => unknown, string]>([
    ['a member missing', '', (reader) => reader.next('x'), 'ERR_DER_MISSING'],
    ['another tag', '0500', (reader) => reader.value(der.INTEGER, 'x'), 'ERR_DER_TAG'],
    ['a member too many', '0500', (reader) => reader.end('x'), 'ERR_DER_TRAILING'],
    ['an empty list', '', (reader) => reader.rest('x', 1), 'ERR_DER_EMPTY'],
    ['a cut member', '0501', (reader) => reader.next('x'), 'ERR_TLV_TRUNCATED'],
  ])('%s', (_, hex, read, expected) => {
    expect(() => read(new der.DerReader(fromHex(hex)))).toThrow(code(expected));
  });

  test('optional members', () => {
    const reader = new der.DerReader(fromHex('020101'));
    expect(reader.optional(der.BOOLEAN, 'x')).toBeUndefined();
    expect(reader.optionalOf([der.UTC_TIME], 'x')).toBeUndefined();
    expect(toHex(reader.optional(der.INTEGER, 'x')!)).toBe('01');
    expect(reader.optional(der.INTEGER, 'x')).toBeUndefined();
  });
});

describe('checkWellFormed', () => {
  test.each([
    '',
    '0500',
    '30030101ff',
    '7f2102a100',
    'bf8101023000',
    // Primitive, whatever the octets of the tag after the first: what is in there is not read.
    '5f20020501',
    '9f8120020501',
    '1f20020501',
  ])('%s', (hex) => {
    expect(() => der.checkWellFormed(fromHex(hex), 'x')).not.toThrow();
  });

  test.each([
    ['0501', 'ERR_TLV_TRUNCATED'],
    ['30020501', 'ERR_TLV_TRUNCATED'],
    ['0000', 'ERR_DER_TAG'],
    ['3080', 'ERR_TLV_LENGTH'],
    ['7f21020501', 'ERR_TLV_TRUNCATED'],
    ['7f41020501', 'ERR_TLV_TRUNCATED'],
    ['bf8101020501', 'ERR_TLV_TRUNCATED'],
  ])('%s: refused', (hex, expected) => {
    expect(() => der.checkWellFormed(fromHex(hex), 'x')).toThrow(code(expected));
  });

  test('seventeen deep', () => {
    const nested = (depth: number): string =>
      depth === 0 ? '' : `30${(2 * (depth - 1)).toString(16).padStart(2, '0')}${nested(depth - 1)}`;
    expect(() => der.checkWellFormed(fromHex(nested(16)), 'x')).not.toThrow();
    expect(() => der.checkWellFormed(fromHex(nested(17)), 'x')).toThrow(code('ERR_DER_DEPTH'));
  });
});
