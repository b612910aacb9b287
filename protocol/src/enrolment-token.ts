import { createHash } from 'node:crypto';
import { decodeBase32, encodeBase32 } from './base32.ts';
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
