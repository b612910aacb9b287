import { createHash } from 'node:crypto';
import { concat, domain, equal } from './bytes.ts';
import { FormatError } from './errors.ts';

/** A one-time token, as a person carries it from console to gate: forty letters and digits. */
export interface EnrolmentToken {
  /** Tells which console gave it, so that it is never shown to another. */
  readonly consoleTag: Uint8Array;
  readonly secret: Uint8Array;
}

export const TOKEN_SECRET_LENGTH = 20;
const TAG_LENGTH = 5;
const GROUP = 5;
/** Crockford's base 32: nothing in it is mistaken for something else. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TOKEN = domain('pinless-gate/enrolment-token/1');

export function consoleTag(consoleId: Uint8Array): Uint8Array {
  return consoleId.slice(0, TAG_LENGTH);
}

export function isTokenOf(token: EnrolmentToken, consoleId: Uint8Array): boolean {
  return equal(token.consoleTag, consoleTag(consoleId));
}

/** What a console keeps of a token: nobody can make the token of it. */
export function hashEnrolmentToken({ consoleTag, secret }: EnrolmentToken): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(concat(TOKEN, consoleTag, secret))
      .digest(),
  );
}

/** Eight groups of five. */
export function formatEnrolmentToken({ consoleTag, secret }: EnrolmentToken): string {
  if (consoleTag.length !== TAG_LENGTH || secret.length !== TOKEN_SECRET_LENGTH) {
    throw new RangeError(`a token has ${TAG_LENGTH} and ${TOKEN_SECRET_LENGTH} octets`);
  }
  const digits = encodeBase32(concat(consoleTag, secret));
  return digits.match(new RegExp(`.{${GROUP}}`, 'g'))!.join('-');
}

/** As it was typed: case, dashes and white space do not count. The message never holds the token. */
export function parseEnrolmentToken(text: string): EnrolmentToken {
  const octets = decodeBase32(text.replaceAll(/[\s-]/g, '').toUpperCase());
  if (octets?.length !== TAG_LENGTH + TOKEN_SECRET_LENGTH) {
    throw new FormatError('ERR_TOKEN_FORM', 'enrolment token: not forty letters and digits');
  }
  return { consoleTag: octets.slice(0, TAG_LENGTH), secret: octets.slice(TAG_LENGTH) };
}

/** Five octets are eight digits; a token is a multiple of that. */
function encodeBase32(octets: Uint8Array): string {
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  let digits = '';
  for (let shift = 8 * octets.length - 5; shift >= 0; shift -= 5) {
    digits += ALPHABET[Number((value >> BigInt(shift)) & 31n)];
  }
  return digits;
}

function decodeBase32(digits: string): Uint8Array | undefined {
  const length = (5 * digits.length) / 8;
  if (digits.length > 64 || !Number.isInteger(length)) return undefined;
  let value = 0n;
  for (const digit of digits) {
    const at = ALPHABET.indexOf(digit);
    if (at < 0) return undefined;
    value = (value << 5n) | BigInt(at);
  }
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 255n),
  );
}
