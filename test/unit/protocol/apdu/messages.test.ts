import { decodeCommandApdu, encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord, StatusWordError } from '@pinless-gate/protocol/apdu/status-word';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { describe, expect, test } from 'vitest';

// What people read when an APDU is none: elsewhere tests hold on to codes.

const message = (expected: string) => expect.objectContaining({ message: expected });

describe('command APDU', () => {
  test.each([
    ['00b08a', 'command header: 4 octets wanted at offset 0, 3 left'],
    ['00b08a0002aa', 'command data: 2 octets wanted at offset 5, 1 left'],
    ['00b08a0001aa0000', 'command: 1 octets after the end'],
    ['00b08a000000', 'extended Lc or Le: 2 octets wanted at offset 5, 1 left'],
    ['00b08a00000000aa', 'extended Lc of zero'],
    ['00b08a00000002aa', 'command data: 2 octets wanted at offset 7, 1 left'],
    ['00b08a00000001aa00', 'extended Le: 2 octets wanted at offset 8, 1 left'],
    ['00b08a00000001aa000000', 'command: 1 octets after the end'],
  ])('%s: %s', (hex, expected) => {
    expect(() => decodeCommandApdu(fromHex(hex))).toThrow(message(expected));
  });

  test('one that cannot be encoded', () => {
    const command = { cla: 0, ins: 0xb0, p1: 0, p2: 0, ne: 65_537 };
    expect(() => encodeCommandApdu(command)).toThrow(message('cannot encode Nc=0 Ne=65537'));
  });
});

describe('response APDU', () => {
  test.each([1, 65_539])('of %i octets', (length) => {
    expect(() => decodeResponseApdu(new Uint8Array(length))).toThrow(
      message(`response of ${length} octets`),
    );
  });
});

describe('status words (ISO/IEC 7816-4 5.6)', () => {
  test.each([
    [0x6282, '6282 (end of file)'],
    [0x6300, '6300 (authentication failed)'],
    [0x6700, '6700 (wrong length)'],
    [0x6982, '6982 (security status not satisfied)'],
    [0x6983, '6983 (authentication method blocked)'],
    [0x6984, '6984 (reference data not usable)'],
    [0x6985, '6985 (conditions of use not satisfied)'],
    [0x6a80, '6A80 (wrong data)'],
    [0x6a81, '6A81 (function not supported)'],
    [0x6a86, '6A86 (wrong parameters P1-P2)'],
    [0x6a88, '6A88 (referenced data not found)'],
    [0x6b00, '6B00 (outside the file)'],
    [0x6d00, '6D00 (instruction not supported)'],
    [0x6e00, '6E00 (class not supported)'],
    [0x6f00, '6F00 (no precise diagnosis)'],
    [0x63c0, '63C0 (0 tries left)'],
    [0x6400, '6400 (unknown)'],
  ])('%i', (sw, text) => expect(formatStatusWord(sw)).toBe(text));

  test('an error names the step', () => {
    expect(new StatusWordError('GET CHALLENGE', 0x6985).message).toBe(
      'GET CHALLENGE: card answered 6985 (conditions of use not satisfied)',
    );
  });
});
