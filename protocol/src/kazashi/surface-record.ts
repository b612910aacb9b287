import { createHash } from 'node:crypto';
import { ByteReader, concat, equal, fromHex, toHex, utf8 } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import { type RsaPublicKey, rsaPublicKey } from '../public-key.ts';

/**
 * EF 0001 of the surface application (protocol.md 1.4): birth date and key of the card, signed by its municipality.
 * `FF10 { DF11 birth date ‖ DF12 { 90 e ‖ 91 n } ‖ DF13 signature }`. FF10 is no tag that ISO/IEC 8825-1 would
 * encode so, and every length is fixed: the headers are compared octet for octet.
 */

export const SURFACE_RECORD_LENGTH = 547;
/** DF11 and DF12 with their headers: what is signed. */
const CONTENT_LENGTH = 281;
const MODULUS_LENGTH = 256;
const SIGNATURE_LENGTH = 256;

const RECORD_HEADER = fromHex('ff1082021e');
const BIRTH_DATE_HEADER = fromHex('df1108');
/** DF12, the exponent 65537 and the header of the modulus. */
const KEY_HEADER = fromHex('df12820109900301000191820100');
const SIGNATURE_HEADER = fromHex('df13820100');
const EXPONENT = fromHex('010001');

export interface SurfaceContent {
  /** YYYYMMDD, Gregorian. */
  readonly birthDate: string;
  /** RSA-2048 with an e of 65537. */
  readonly publicKey: RsaPublicKey;
}

export interface SurfaceRecord extends SurfaceContent {
  /** The 281 octets that are signed. */
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}

/** What the municipality signs (RSASSA-PKCS1-v1_5 with SHA-256). */
export function encodeSurfaceContent({ birthDate, publicKey }: SurfaceContent): Uint8Array {
  if (!isBirthDate(birthDate)) throw new RangeError('a birth date has eight digits, YYYYMMDD');
  checkKey(publicKey);
  return concat(BIRTH_DATE_HEADER, utf8(birthDate), KEY_HEADER, publicKey.modulus);
}

export function encodeSurfaceRecord(content: Uint8Array, signature: Uint8Array): Uint8Array {
  if (content.length !== CONTENT_LENGTH || signature.length !== SIGNATURE_LENGTH) {
    throw new RangeError(`content of ${content.length}, signature of ${signature.length} octets`);
  }
  return concat(RECORD_HEADER, content, SIGNATURE_HEADER, signature);
}

/** Exactly this layout; anything else is a `FormatError`. The parts are views. */
export function decodeSurfaceRecord(encoded: Uint8Array): SurfaceRecord {
  if (encoded.length !== SURFACE_RECORD_LENGTH) {
    throw new FormatError('ERR_SURFACE_LENGTH', `surface record of ${encoded.length} octets`);
  }
  const reader = new ByteReader(encoded);
  const header = (expected: Uint8Array) => {
    const at = reader.offset;
    if (!equal(reader.take(expected.length, 'header'), expected)) {
      throw new FormatError('ERR_SURFACE_LAYOUT', `surface record: wrong header at offset ${at}`);
    }
  };
  header(RECORD_HEADER);
  const start = reader.offset;
  header(BIRTH_DATE_HEADER);
  const birthDate = Buffer.from(reader.take(8, 'birth date')).toString('latin1');
  if (!isBirthDate(birthDate)) {
    throw new FormatError('ERR_SURFACE_BIRTH_DATE', 'surface record: no birth date YYYYMMDD');
  }
  header(KEY_HEADER);
  const publicKey = surfaceKey(reader.take(MODULUS_LENGTH, 'modulus'));
  const content = encoded.subarray(start, reader.offset);
  header(SIGNATURE_HEADER);
  return { birthDate, publicKey, content, signature: reader.take(SIGNATURE_LENGTH, 'signature') };
}

/** The key of a card, of its modulus alone: e is always 65537. `ERR_SURFACE_KEY` where it is not RSA-2048. */
export function surfaceKey(modulus: Uint8Array): RsaPublicKey {
  const key = modulus.length === MODULUS_LENGTH && rsaPublicKey(modulus, EXPONENT);
  if (!key || key.bits !== 8 * MODULUS_LENGTH) {
    throw new FormatError('ERR_SURFACE_KEY', 'surface record: not RSA-2048');
  }
  return key;
}

/** SHA-256 of the modulus: what a card is recognised by once it was linked. */
export function modulusHash({ modulus }: RsaPublicKey): Uint8Array {
  return new Uint8Array(createHash('sha256').update(modulus).digest());
}

/** YYYYMMDD of a day that there was; 00 for a month or day that nobody knows. */
export function isBirthDate(text: string): boolean {
  const match = /^((?:19|20|18)\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  if (month > 12) return false;
  return day <= (month === 0 ? 0 : new Date(Date.UTC(year, month, 0)).getUTCDate());
}

function checkKey({ bits, exponent }: RsaPublicKey): void {
  if (bits !== 8 * MODULUS_LENGTH || !equal(exponent, EXPONENT)) {
    throw new RangeError(`RSA-2048 with an e of 65537 is wanted: ${bits} bits, ${toHex(exponent)}`);
  }
}
