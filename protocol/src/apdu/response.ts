import { concat } from '../bytes.ts';
import { FormatError } from '../errors.ts';

/** A response APDU (ISO/IEC 7816-4 5.1): data and the two status octets as one number. */
export interface ResponseApdu {
  readonly data: Uint8Array;
  readonly sw: number;
}

/** The data is a view. Under two octets is no response: PC/SC gives that when the card has left. */
export function decodeResponseApdu(bytes: Uint8Array): ResponseApdu {
  if (bytes.length < 2 || bytes.length > 0x1_0002) {
    throw new FormatError('ERR_APDU_RESPONSE', `response of ${bytes.length} octets`);
  }
  const sw = (bytes.at(-2)! << 8) | bytes.at(-1)!;
  return { data: bytes.subarray(0, -2), sw };
}

export function encodeResponseApdu({ data, sw }: ResponseApdu): Uint8Array {
  return concat(data, Uint8Array.of(sw >> 8, sw & 0xff));
}
