import { CardError, ReaderError } from '@pinless-gate/gate-firmware/card/error';
import { translatePcscFailure } from '@pinless-gate/gate-firmware/card/pcsc';
import { PcscFailure } from '@pinless-gate/gate-firmware/card/pcsc-lite';
import { describe, expect, test } from 'vitest';

/** Return codes of pcsc-lite (pcsclite.h) with what they mean for the lane. */
const CODES: readonly [string, number, string][] = [
  ['SCARD_E_NO_SMARTCARD', 0x8010000c, 'ERR_CARD_REMOVED'],
  ['SCARD_E_NOT_TRANSACTED', 0x80100016, 'ERR_CARD_REMOVED'],
  ['SCARD_W_UNPOWERED_CARD', 0x80100067, 'ERR_CARD_REMOVED'],
  ['SCARD_W_RESET_CARD', 0x80100068, 'ERR_CARD_REMOVED'],
  ['SCARD_W_REMOVED_CARD', 0x80100069, 'ERR_CARD_REMOVED'],
  ['SCARD_E_INSUFFICIENT_BUFFER', 0x80100008, 'ERR_CARD_FAULT'],
  ['SCARD_E_PROTO_MISMATCH', 0x8010000f, 'ERR_CARD_FAULT'],
  ['SCARD_W_UNSUPPORTED_CARD', 0x80100065, 'ERR_CARD_FAULT'],
  ['SCARD_W_UNRESPONSIVE_CARD', 0x80100066, 'ERR_CARD_FAULT'],
  ['SCARD_E_SHARING_VIOLATION', 0x8010000b, 'ERR_READER_IN_USE'],
  // The socket of the service broke: pcsc-lite says so of no card.
  ['SCARD_F_COMM_ERROR', 0x80100013, 'ERR_READER'],
  ['SCARD_F_INTERNAL_ERROR', 0x80100001, 'ERR_READER'],
  ['SCARD_E_CANCELLED', 0x80100002, 'ERR_READER'],
  ['SCARD_E_INVALID_HANDLE', 0x80100003, 'ERR_READER'],
  ['SCARD_E_NO_MEMORY', 0x80100006, 'ERR_READER'],
  ['SCARD_E_UNKNOWN_READER', 0x80100009, 'ERR_READER'],
  ['SCARD_E_TIMEOUT', 0x8010000a, 'ERR_READER'],
  ['SCARD_E_NOT_READY', 0x80100010, 'ERR_READER'],
  ['SCARD_E_READER_UNAVAILABLE', 0x80100017, 'ERR_READER'],
  ['SCARD_E_NO_SERVICE', 0x8010001d, 'ERR_READER'],
  ['SCARD_E_SERVICE_STOPPED', 0x8010001e, 'ERR_READER'],
  ['SCARD_E_NO_READERS_AVAILABLE', 0x8010002e, 'ERR_READER'],
  ['a code of tomorrow', 0x801000ff, 'ERR_READER'],
];

describe('translatePcscFailure', () => {
  test.each(CODES)('%s', (_, number, code) => {
    const cause = new PcscFailure('SCardTransmit', number);
    const translated = translatePcscFailure(cause);
    expect(translated).toMatchObject({ code, cause });
    expect((translated as Error).message).toMatch(/^SCardTransmit: ./);
    expect(translated).toBeInstanceOf(code.startsWith('ERR_READER') ? ReaderError : CardError);
  });

  test.each([
    new CardError('ERR_CARD_SLOW', 'x'),
    new ReaderError('ERR_READER_MISSING', 'x'),
    new TypeError('defect'),
    'text',
  ])('what is no return code stays what it is', (error) => {
    expect(translatePcscFailure(error)).toBe(error);
  });
});
