import {
  type CommandApdu,
  decodeCommandApdu,
  encodeCommandApdu,
} from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu, encodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord, StatusWordError } from '@pinless-gate/protocol/apdu/status-word';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
const header = { cla: 0x00, ins: 0xb0, p1: 0x8a, p2: 0x00 };
const octets = (length: number) => new Uint8Array(length).fill(0xaa);
const aa = (length: number) => 'aa'.repeat(length);

/** ISO/IEC 7816-4 5.1, table 1 and 5.2: the four cases, short and extended. */
const CASES: readonly (readonly [string, CommandApdu, string])[] = [
  ['1', header, '00b08a00'],
  ['2 short, 1', { ...header, ne: 1 }, '00b08a0001'],
  ['2 short, 255', { ...header, ne: 255 }, '00b08a00ff'],
  ['2 short, 256', { ...header, ne: 256 }, '00b08a0000'],
  ['2 extended, 257', { ...header, ne: 257 }, '00b08a00000101'],
  ['2 extended, 65,279', { ...header, ne: 65_279 }, '00b08a0000feff'],
  ['2 extended, 65,535', { ...header, ne: 65_535 }, '00b08a0000ffff'],
  ['2 extended, 65,536', { ...header, ne: 65_536 }, '00b08a00000000'],
  ['3 short, 1', { ...header, data: octets(1) }, '00b08a0001aa'],
  ['3 short, 255', { ...header, data: octets(255) }, `00b08a00ff${aa(255)}`],
  ['3 extended, 256', { ...header, data: octets(256) }, `00b08a00000100${aa(256)}`],
  ['3 extended, 307', { ...header, data: octets(307) }, `00b08a00000133${aa(307)}`],
  ['3 extended, 65,279', { ...header, data: octets(65_279) }, `00b08a0000feff${aa(65_279)}`],
  ['3 extended, 65,280', { ...header, data: octets(65_280) }, `00b08a0000ff00${aa(65_280)}`],
  ['3 extended, 65,535', { ...header, data: octets(65_535) }, `00b08a0000ffff${aa(65_535)}`],
  ['4 short', { ...header, data: octets(2), ne: 256 }, '00b08a0002aaaa00'],
  ['4 extended by Ne', { ...header, data: octets(2), ne: 257 }, '00b08a00000002aaaa0101'],
  ['4 extended by Nc', { ...header, data: octets(256), ne: 1 }, `00b08a00000100${aa(256)}0001`],
  ['4 extended, 65,536', { ...header, data: octets(1), ne: 65_536 }, '00b08a00000001aa0000'],
];

describe('command APDU', () => {
  test.each(CASES)('case %s', (_, command, hex) => {
    expect(toHex(encodeCommandApdu(command))).toBe(hex);
    expect(decodeCommandApdu(fromHex(hex))).toEqual(command);
  });

  test('an empty data field is none', () => {
    expect(toHex(encodeCommandApdu({ ...header, data: octets(0), ne: 256 }))).toBe('00b08a0000');
  });

  test.each([
    [{ ...header, data: octets(65_536) }],
    [{ ...header, ne: 65_537 }],
    [{ ...header, ne: -1 }],
  ])('%# cannot be encoded', (command) => {
    expect(() => encodeCommandApdu(command)).toThrow(RangeError);
  });

  test.each([
    ['', 'ERR_TRUNCATED'],
    ['00b08a', 'ERR_TRUNCATED'],
    ['00b08a0002aa', 'ERR_TRUNCATED'],
    ['00b08a0001aa0000', 'ERR_TRAILING'],
    ['00b08a000000', 'ERR_TRUNCATED'],
    ['00b08a00000000aa', 'ERR_APDU_LENGTH'],
    ['00b08a00000002aa', 'ERR_TRUNCATED'],
    ['00b08a00000001aa00', 'ERR_TRUNCATED'],
    ['00b08a00000001aa000000', 'ERR_TRAILING'],
  ])('%s is none', (hex, expected) => {
    expect(() => decodeCommandApdu(fromHex(hex))).toThrow(code(expected));
  });

  test('round trip', () => {
    const octet = fc.nat(255);
    const command = fc.record({
      cla: octet,
      ins: octet,
      p1: octet,
      p2: octet,
      data: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      ne: fc.integer({ min: 1, max: 65_536 }),
    });
    fc.assert(
      fc.property(command, (one) => {
        expect(decodeCommandApdu(encodeCommandApdu(one))).toEqual(one);
      }),
    );
  });
});

describe('response APDU', () => {
  test.each([
    ['9000', '', 0x9000],
    ['aabb6282', 'aabb', 0x6282],
  ])('%s', (hex, data, sw) => {
    const response = decodeResponseApdu(fromHex(hex));
    expect([toHex(response.data), response.sw]).toEqual([data, sw]);
    expect(toHex(encodeResponseApdu(response))).toBe(hex);
  });

  test.each([0, 1, 65_539])('%i octets are none', (length) => {
    expect(() => decodeResponseApdu(octets(length))).toThrow(code('ERR_APDU_RESPONSE'));
  });

  test('65,538 octets are the longest', () => {
    expect(decodeResponseApdu(octets(65_538)).data).toHaveLength(65_536);
  });
});

describe('status words', () => {
  test.each([
    [0x9000, '9000 (success)'],
    [0x6a82, '6A82 (file or application not found)'],
    [0x63c3, '63C3 (3 tries left)'],
    [0x6310, '6310 (unknown)'],
    [0x61ff, '61FF (more data)'],
    [0x6c10, '6C10 (wrong Le)'],
    [0x0001, '0001 (unknown)'],
  ])('%i', (sw, text) => expect(formatStatusWord(sw)).toBe(text));

  test('an error carries step and status word', () => {
    const error = new StatusWordError('GET CHALLENGE', 0x6985);
    expect(error).toMatchObject({ code: 'ERR_APDU_STATUS', step: 'GET CHALLENGE', sw: 0x6985 });
    expect(error.message).toContain('6985');
  });
});
