import { equal } from '../bytes.ts';
import { FormatError } from '../errors.ts';
import { encodeTlv } from '../tlv.ts';
import { CvcError } from './error.ts';
import { CvObjects } from './objects.ts';
import {
  type CvKey,
  type CvPublicKey,
  decodeCvPublicKey,
  encodeCvPublicKey,
  verifyCvSignature,
} from './public-key.ts';
import { decodeReference, encodeReference } from './reference.ts';

/**
 * CV certificates of BSI TR-03110 part 3, appendix C: for cards of profile `iso`. The signature covers
 * the whole body object; ECDSA values are plain r‖s; dates are whole days.
 */

export const TAG_CERTIFICATE = 0x7f21;
export const TAG_BODY = 0x7f4e;
export const TAG_PROFILE = 0x5f29;
export const TAG_AUTHORITY = 0x42;
export const TAG_PUBLIC_KEY = 0x7f49;
export const TAG_HOLDER = 0x5f20;
export const TAG_AUTHORIZATION = 0x7f4c;
const TAG_EFFECTIVE = 0x5f25;
const TAG_EXPIRY = 0x5f24;
export const TAG_EXTENSIONS = 0x65;
export const TAG_SIGNATURE = 0x5f37;
const TAG_OID = 0x06;
const TAG_TEMPLATE = 0x53;

const DAY = 86_400;

/** Certificate holder authorization template: the role's object identifier and its rights, at least one octet. */
export interface Authorization {
  readonly oid: Uint8Array;
  readonly rights: Uint8Array;
}

export interface CvCertificateBody {
  /** CAR: names the key that the signature is checked with. */
  readonly authorityReference: string;
  /** CHR: names the key in this certificate. */
  readonly holderReference: string;
  readonly publicKey: CvPublicKey;
  readonly authorization: Authorization;
  /** Days as Unix seconds of their midnight in UTC; both days belong to the validity. */
  readonly effective: number;
  readonly expiry: number;
  /** Content of the extensions object, not interpreted. */
  readonly extensions?: Uint8Array | undefined;
}

export interface CvCertificate extends CvCertificateBody {
  /** The 7F4E object, which is what is signed. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly encoded: Uint8Array;
}

/** The 7F4E object that the CA signs. */
export function encodeCvCertificateBody(certificate: CvCertificateBody): Uint8Array {
  const { authorization, extensions } = certificate;
  const members = [
    encodeTlv(TAG_PROFILE, Uint8Array.of(0)),
    encodeTlv(TAG_AUTHORITY, encodeReference(certificate.authorityReference)),
    encodeTlv(TAG_PUBLIC_KEY, encodeCvPublicKey(certificate.publicKey)),
    encodeTlv(TAG_HOLDER, encodeReference(certificate.holderReference)),
    encodeTlv(
      TAG_AUTHORIZATION,
      encodeTlv(TAG_OID, authorization.oid),
      encodeTlv(TAG_TEMPLATE, authorization.rights),
    ),
    encodeTlv(TAG_EFFECTIVE, encodeDate(certificate.effective)),
    encodeTlv(TAG_EXPIRY, encodeDate(certificate.expiry)),
  ];
  if (extensions !== undefined) members.push(encodeTlv(TAG_EXTENSIONS, extensions));
  return encodeTlv(TAG_BODY, ...members);
}

export function encodeCvCertificate(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeTlv(TAG_CERTIFICATE, body, encodeTlv(TAG_SIGNATURE, signature));
}

/** What PSO VERIFY CERTIFICATE carries: the content of 7F21, without its header. */
export function cvCertificateContent(encoded: Uint8Array): Uint8Array {
  const objects = new CvObjects(encoded);
  const content = objects.value(TAG_CERTIFICATE);
  objects.end();
  return content;
}

/** A certificate whose key has not been read: it may be of a kind that nothing is verified with. */
export interface UnreadCvCertificate extends Omit<CvCertificate, 'publicKey'> {
  /** The content of 7F49. */
  readonly publicKey: Uint8Array;
}

/** Strict: these objects, in this order, nothing else. */
export function decodeCvCertificate(encoded: Uint8Array): CvCertificate {
  const certificate = readCvCertificate(encoded);
  return { ...certificate, publicKey: decodeCvPublicKey(certificate.publicKey) };
}

/** As strict, but for the key. */
export function readCvCertificate(encoded: Uint8Array): UnreadCvCertificate {
  const objects = new CvObjects(cvCertificateContent(encoded));
  const body = objects.object(TAG_BODY);
  const signature = objects.value(TAG_SIGNATURE);
  objects.end();
  return { ...readBody(body.value), body: body.encoded, signature, encoded };
}

function readBody(body: Uint8Array) {
  const objects = new CvObjects(body);
  readProfile(objects);
  const read = {
    authorityReference: decodeReference(objects.value(TAG_AUTHORITY)),
    publicKey: objects.value(TAG_PUBLIC_KEY),
    holderReference: decodeReference(objects.value(TAG_HOLDER)),
    authorization: decodeAuthorization(objects.value(TAG_AUTHORIZATION)),
    effective: decodeDate(objects.value(TAG_EFFECTIVE)),
    expiry: decodeDate(objects.value(TAG_EXPIRY)),
    extensions: objects.optional(TAG_EXTENSIONS),
  };
  objects.end();
  return read;
}

/** TR-03110 part 3, C.1: version 1 is identifier 0. */
export function readProfile(objects: CvObjects): void {
  if (!equal(objects.value(TAG_PROFILE), Uint8Array.of(0))) {
    throw new FormatError('ERR_CVC_PROFILE', 'CV certificate: unknown profile identifier');
  }
}

function decodeAuthorization(value: Uint8Array): Authorization {
  const objects = new CvObjects(value);
  const authorization = { oid: objects.value(TAG_OID), rights: objects.value(TAG_TEMPLATE) };
  objects.end();
  if (authorization.rights.length === 0) {
    throw new FormatError('ERR_CVC_LAYOUT', 'CV certificate: rights without a role');
  }
  return authorization;
}

/** Throws `ERR_CVC_SIGNATURE` unless this key signed it. Whose key it is, the caller compares. */
export function verifyCvCertificate(certificate: CvCertificate, issuer: CvKey): CvCertificate {
  if (!verifyCvSignature(issuer, certificate.body, certificate.signature)) {
    throw new CvcError('ERR_CVC_SIGNATURE', 'CV certificate is not signed by its issuer');
  }
  return certificate;
}

/** Role that the first two bits of the rights give (TR-03110 part 3, C.1.5). */
export type TerminalRole = 'cvca' | 'dv' | 'terminal';

export function roleOf({ rights }: Authorization): TerminalRole {
  const bits = rights[0]! >> 6;
  return bits === 3 ? 'cvca' : bits === 0 ? 'terminal' : 'dv';
}

/** `at` in Unix seconds. Both the effective and the expiry day belong to the validity (TR-03110 2.5). */
export function checkCvDates(
  certificate: Pick<CvCertificateBody, 'effective' | 'expiry'>,
  at: number,
): void {
  const fault = cvDateFault(certificate, at);
  if (fault) throw new CvcError(`ERR_CVC_${fault}`, CV_DATE_FAULTS[fault]);
}

export function cvDateFault(
  { effective, expiry }: Pick<CvCertificateBody, 'effective' | 'expiry'>,
  at: number,
): keyof typeof CV_DATE_FAULTS | undefined {
  if (at < effective) return 'NOT_YET_EFFECTIVE';
  return at >= expiry + DAY ? 'EXPIRED' : undefined;
}

export const CV_DATE_FAULTS = {
  NOT_YET_EFFECTIVE: 'CV certificate is not effective yet',
  EXPIRED: 'CV certificate has expired',
} as const;

/** YYMMDD, one digit an octet, in the years 2000 to 2099. */
function decodeDate(value: Uint8Array): number {
  if (value.length !== 6 || value.some((digit) => digit > 9)) {
    throw new FormatError('ERR_CVC_DATE', 'CV certificate: not a date');
  }
  const [year, month, day] = [0, 2, 4].map((i) => 10 * value[i]! + value[i + 1]!) as [
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(2000 + year, month - 1, day));
  // A day or month that there is not leads into another month.
  if (date.getUTCMonth() !== month - 1) {
    throw new FormatError('ERR_CVC_DATE', 'CV certificate: no such day');
  }
  return date.getTime() / 1000;
}

function encodeDate(seconds: number): Uint8Array {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear() - 2000;
  if (!(year >= 0 && year <= 99)) throw new RangeError('date outside the years 2000 to 2099');
  return Uint8Array.from(
    [year, date.getUTCMonth() + 1, date.getUTCDate()].flatMap((n) => [Math.floor(n / 10), n % 10]),
  );
}
