import { equal } from '../bytes.ts';
import { signatureAlgorithm } from './algorithm.ts';
import {
  BIT_STRING,
  checkInteger,
  DerReader,
  INTEGER,
  readBitString,
  readOctetsOfBitString,
  readSequence,
  readTime,
  SEQUENCE,
} from './der.ts';
import { CertificateError, readCertificatePart } from './error.ts';
import { type Extension, readExtensions } from './extension.ts';
import { type KnownExtensions, readKnownExtensions } from './extensions.ts';
import { type Name, readName } from './name.ts';

/** A certificate that reads as RFC 5280 4.1 says; nothing about it is proven. Octets are views. */
export interface ParsedCertificate {
  readonly encoded: Uint8Array;
  /** TBSCertificate with its header: what is signed. */
  readonly signed: Uint8Array;
  /** Unsigned, without leading zero octets. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  /** Unix seconds, both ends included. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo as it stands. */
  readonly spki: Uint8Array;
  /** AlgorithmIdentifier with its header, the same inside and outside. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly known: KnownExtensions;
}

export const MAX_CERTIFICATE_LENGTH = 64 * 1024;
const MAX_SERIAL_LENGTH = 20;
const VERSION_3 = 2;
const TAG_VERSION = 0xa0;
const TAG_ISSUER_ID = 0x81;
const TAG_SUBJECT_ID = 0x82;
const TAG_EXTENSIONS = 0xa3;

/** Exact DER, version 3, nothing after the end. Throws a `CertificateError` with its reason. */
export function parseCertificate(der: Uint8Array): ParsedCertificate {
  if (der.length > MAX_CERTIFICATE_LENGTH) {
    throw new CertificateError('too-long', `${der.length} octets`);
  }
  return readCertificatePart(() => parse(der));
}

function parse(der: Uint8Array): ParsedCertificate {
  const certificate = readSequence(der, 'certificate');
  const tbs = certificate.element(SEQUENCE, 'TBSCertificate');
  const outer = certificate.element(SEQUENCE, 'signature algorithm').encoded;
  const bits = certificate.value(BIT_STRING, 'signature');
  certificate.end('certificate');

  const reader = new DerReader(tbs.value);
  checkVersion(reader.optional(TAG_VERSION, 'version'));
  const serial = checkSerial(reader.value(INTEGER, 'serial number'));
  const inner = reader.element(SEQUENCE, 'signature algorithm').encoded;
  const issuer = readName(reader.element(SEQUENCE, 'issuer').encoded, 'issuer');
  const validity = reader.sequence('validity');
  const notBefore = readTime(validity.next('notBefore'), 'notBefore');
  const notAfter = readTime(validity.next('notAfter'), 'notAfter');
  validity.end('validity');
  const subject = readName(reader.element(SEQUENCE, 'subject').encoded, 'subject');
  const spki = reader.element(SEQUENCE, 'public key').encoded;
  for (const tag of [TAG_ISSUER_ID, TAG_SUBJECT_ID]) {
    const id = reader.optional(tag, 'unique id');
    if (id) readBitString(id, 'unique id');
  }
  const wrapped = reader.optional(TAG_EXTENSIONS, 'extensions');
  reader.end('TBSCertificate');

  if (!equal(inner, outer)) {
    throw new CertificateError(
      'signature-algorithm-mismatch',
      'algorithms inside and outside differ',
    );
  }
  if (!signatureAlgorithm(inner)) {
    throw new CertificateError('signature-algorithm', 'signature algorithm is not accepted');
  }
  if (issuer.rdns.length === 0) throw new CertificateError('malformed', 'issuer is empty');
  const extensions = readWrappedExtensions(wrapped);
  return {
    encoded: der,
    signed: tbs.encoded,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    algorithm: inner,
    signature: readOctetsOfBitString(bits, 'signature'),
    extensions,
    known: readKnownExtensions(extensions),
  };
}

function checkVersion(value: Uint8Array | undefined): void {
  const reader = new DerReader(value ?? new Uint8Array(0));
  const version = value && checkInteger(reader.value(INTEGER, 'version'), 'version');
  reader.end('version');
  if (version?.length !== 1 || version[0] !== VERSION_3) {
    throw new CertificateError('version', 'not of version 3');
  }
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. Returns it without the octet for the sign. */
export function checkSerial(value: Uint8Array): Uint8Array {
  checkInteger(value, 'serial number');
  const zero = value.length === 1 && value[0] === 0;
  if (zero || value[0]! >= 0x80 || value.length > MAX_SERIAL_LENGTH) {
    throw new CertificateError('serial-number', 'serial number is not positive or over 20 octets');
  }
  return value[0] === 0 ? value.subarray(1) : value;
}

function readWrappedExtensions(wrapped: Uint8Array | undefined): ReadonlyMap<string, Extension> {
  if (wrapped === undefined) return new Map();
  const reader = new DerReader(wrapped);
  const list = reader.value(SEQUENCE, 'extensions');
  reader.end('extensions');
  return readExtensions(list, 'extensions');
}
