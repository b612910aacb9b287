import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import { fromHex, latin1 } from '@pinless-gate/protocol/bytes';

/**
 * The two keys of the JPKI application that a holder opens with a PIN, at a desk and never at a gate. All of it is known from
 * OpenSC and from real cards; the short forms (P2 `98`, `9B`, `97`, `9A`) as in the other profiles.
 */
export interface PinKey {
  readonly name: 'signature' | 'authentication';
  /** Anything else is not sent: a try is the holder's. */
  readonly pin: RegExp;
  /** Which octet of EF 0008 says whether its certificate is there. */
  readonly presence: number;
  /** Asks for the tries left, and uses none. */
  readonly queryTries: CommandApdu;
  present(pin: string): CommandApdu;
  /** Has a SHA-256 hash signed; the card adds the DigestInfo. */
  sign(hash: Uint8Array): CommandApdu;
}

export const SELECT_JPKI: CommandApdu = {
  cla: 0x00,
  ins: 0xa4,
  p1: 0x04,
  p2: 0x0c,
  data: fromHex('d392f000260100000001'),
};

/** EF 0008: which certificates are there. */
export const READ_PRESENCE: CommandApdu = { cla: 0x00, ins: 0xb0, p1: 0x88, p2: 0x00, ne: 0x03 };
export const PRESENT = 0x8f;

/** First 256 octets of EF 0001, the signature certificate: readable once its password is verified. */
export const READ_SIGNATURE_CERTIFICATE: CommandApdu = {
  cla: 0x00,
  ins: 0xb0,
  p1: 0x81,
  p2: 0x00,
  ne: 0x100,
};

const SIGNATURE_LENGTH = 256;

interface KeyFiles {
  readonly presence: number;
  /** Short EF ids. */
  readonly pinFile: number;
  readonly keyFile: number;
}

function pinKey(name: PinKey['name'], pin: RegExp, files: KeyFiles): PinKey {
  const { presence, pinFile, keyFile } = files;
  const queryTries = { cla: 0x00, ins: 0x20, p1: 0x00, p2: 0x80 | pinFile };
  const sign = { cla: 0x80, ins: 0x2a, p1: 0x02, p2: 0x80 | keyFile, ne: SIGNATURE_LENGTH };
  return {
    name,
    pin,
    presence,
    queryTries,
    present: (text) => ({ ...queryTries, data: latin1(text) }),
    sign: (hash) => ({ ...sign, data: hash }),
  };
}

export const PIN_KEYS = {
  /** EF 001B, EF 001A. */
  signature: pinKey('signature', /^[A-Z0-9]{6,16}$/, {
    presence: 0,
    pinFile: 0x1b,
    keyFile: 0x1a,
  }),
  /** EF 0018, EF 0017. */
  authentication: pinKey('authentication', /^[0-9]{4}$/, {
    presence: 1,
    pinFile: 0x18,
    keyFile: 0x17,
  }),
} as const;
