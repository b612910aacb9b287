import { FormatError } from '../errors.ts';
import { readTlv, readTlvHeader } from '../tlv.ts';
import { checkSerial } from './certificate.ts';
import { INTEGER, SEQUENCE } from './der.ts';
import { CertificateError, readCertificatePart } from './error.ts';
import { readName } from './name.ts';

/** What the first octets of a certificate tell. Nothing of it is proven: anybody can write it. */
export interface CertificateHead {
  /** Of the whole certificate, in octets. */
  readonly length: number;
  /** The issuer's Name in DER; a view. */
  readonly issuerName: Uint8Array;
  /** Unsigned, without leading zero octets; a view. */
  readonly serial: Uint8Array;
}

/** protocol.md 1.3: what a card may make us read. */
export const MAX_USER_CERTIFICATE_LENGTH = 4096;
/** Version 3 in DER: it stands in front of the serial number. */
const VERSION = [0xa0, 0x03, 0x02, 0x01, 0x02];

/**
 * Reads length, issuer and serial number from the beginning of a certificate; 256 octets are enough for
 * those of JPKI. Throws a `CertificateError` where they are cut short or are no head of a certificate.
 */
export function readCertificateHead(first: Uint8Array): CertificateHead {
  return readCertificatePart(() => readHead(first));
}

function readHead(first: Uint8Array): CertificateHead {
  const certificate = header(first, 0, 'certificate');
  if (certificate.end > MAX_USER_CERTIFICATE_LENGTH) {
    throw new CertificateError('too-long', `${certificate.end} octets`);
  }
  const tbs = header(first, certificate.valueStart, 'TBSCertificate');
  if (tbs.end > certificate.end) {
    throw new FormatError('ERR_TLV_TRUNCATED', 'TBSCertificate runs past the certificate');
  }
  const limit = Math.min(first.length, tbs.end);
  let at = tbs.valueStart;
  for (const octet of VERSION) {
    if (first[at++] !== octet) throw new CertificateError('version', 'not of version 3');
  }
  const serial = readTlv(first, at, limit);
  if (serial.tag !== INTEGER) throw new FormatError('ERR_DER_TAG', 'serial number is missing');
  const algorithm = readTlv(first, serial.end, limit);
  const issuer = readTlv(first, algorithm.end, limit);
  const issuerName = first.subarray(issuer.start, issuer.end);
  if (algorithm.tag !== SEQUENCE || readName(issuerName, 'issuer').rdns.length === 0) {
    throw new FormatError('ERR_DER_TAG', 'issuer is missing or empty');
  }
  return {
    length: certificate.end,
    issuerName,
    serial: checkSerial(first.subarray(serial.valueStart, serial.end)),
  };
}

function header(bytes: Uint8Array, offset: number, what: string) {
  const range = readTlvHeader(bytes, offset);
  if (range.tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', `${what} is not a sequence`);
  return range;
}
