import { FormatError, readOr } from '../errors.ts';
import {
  BIT_STRING,
  type DerElement,
  DerReader,
  ENUMERATED,
  GENERALIZED_TIME,
  INTEGER,
  OCTET_STRING,
  OID,
  readOctetsOfBitString,
  readOid,
  readSequence,
  readSmallUnsigned,
  readTime,
  readUnsigned,
  SEQUENCE,
} from './der.ts';
import { CertificateError } from './error.ts';
import { type Extension, readExtensions } from './extension.ts';
import { type Name, readName } from './name.ts';
import { OcspError, type OcspReason } from './ocsp-reason.ts';
import { type CertId, certIdHash } from './ocsp-request.ts';
import { OID_OCSP_BASIC, OID_OCSP_NONCE } from './oid.ts';

/** RFC 6960 4.2.1: `hold` is revoked for the reason certificateHold. */
export type OcspStatus = 'good' | 'revoked' | 'hold' | 'unknown';

export interface SingleResponse {
  /** Undefined where it names its certificate by a hash that we never ask with. */
  readonly certId: CertId | undefined;
  readonly status: OcspStatus;
  /** Unix seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

export type ResponderId =
  | { readonly kind: 'name'; readonly name: Name }
  /** SHA-1 of the responder's key bits. */
  | { readonly kind: 'key'; readonly hash: Uint8Array };

/** A basic response that reads as RFC 6960 4.2.1 says; nothing about it is proven. Octets are views. */
export interface BasicOcspResponse {
  readonly responder: ResponderId;
  /** Unix seconds. */
  readonly producedAt: number;
  readonly responses: readonly SingleResponse[];
  readonly nonce: Uint8Array | undefined;
  /** ResponseData with its header: what is signed. */
  readonly signed: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Certificates that came with it, DER. */
  readonly certificates: readonly Uint8Array[];
}

export const MAX_OCSP_LENGTH = 64 * 1024;
const MAX_RESPONSES = 16;
const MAX_CERTIFICATES = 8;

const STATUS_REASONS: Readonly<Record<number, OcspReason>> = {
  1: 'status-malformed-request',
  2: 'status-internal-error',
  3: 'status-try-later',
  5: 'status-signature-required',
  6: 'status-unauthorized',
};

/** Exact DER, nothing after the end. Throws `OcspError`, also for a status other than successful. */
export function parseOcspResponse(der: Uint8Array): BasicOcspResponse {
  if (der.length > MAX_OCSP_LENGTH) throw new OcspError('too-long');
  return readOr(
    () => parse(der),
    (error) => {
      throw error instanceof OcspError ? error : new OcspError(reasonOf(error), error);
    },
  );
}

function reasonOf(error: FormatError): OcspReason {
  const duplicate = error instanceof CertificateError && error.reason === 'extension-duplicate';
  return duplicate ? 'extension-duplicate' : 'malformed';
}

function parse(der: Uint8Array): BasicOcspResponse {
  const reader = readSequence(der, 'OCSP response');
  const status = readSmallUnsigned(reader.value(ENUMERATED, 'status'), 'status');
  const wrapped = reader.optional(0xa0, 'response');
  reader.end('OCSP response');
  if (status !== 0) throw new OcspError(STATUS_REASONS[status] ?? 'status-unknown');
  if (!wrapped) throw new OcspError('response-missing');
  const bytes = readSequence(wrapped, 'response');
  const type = readOid(bytes.value(OID, 'response type'), 'response type');
  const content = bytes.value(OCTET_STRING, 'response');
  bytes.end('response');
  if (type !== OID_OCSP_BASIC) throw new OcspError('response-type');
  return parseBasic(content);
}

function parseBasic(content: Uint8Array): BasicOcspResponse {
  const basic = readSequence(content, 'basic response');
  const data = basic.element(SEQUENCE, 'response data');
  const algorithm = basic.element(SEQUENCE, 'signature algorithm').encoded;
  const bits = basic.value(BIT_STRING, 'signature');
  const certificates = basic.optional(0xa0, 'certificates');
  basic.end('basic response');
  return {
    ...parseData(new DerReader(data.value)),
    signed: data.encoded,
    algorithm,
    signature: readOctetsOfBitString(bits, 'signature'),
    certificates: certificates ? readCertificates(certificates) : [],
  };
}

function readCertificates(wrapped: Uint8Array): Uint8Array[] {
  const elements = readSequence(wrapped, 'certificates').rest('certificates', 1);
  if (elements.length > MAX_CERTIFICATES) throw new OcspError('too-many');
  return elements.map(({ encoded }) => encoded);
}

function parseData(reader: DerReader) {
  // DER leaves the default out, so a version that is spelled out is another one.
  if (reader.optional(0xa0, 'version')) throw new OcspError('version');
  const responder = readResponder(reader.next('responder'));
  const producedAt = readTime(reader.element(GENERALIZED_TIME, 'producedAt'), 'producedAt');
  const singles = reader.sequence('responses').rest('responses');
  const wrapped = reader.optional(0xa1, 'response extensions');
  reader.end('response data');
  if (singles.length > MAX_RESPONSES) throw new OcspError('too-many');
  const extensions = readWrappedExtensions(wrapped);
  const nonce = extensions.get(OID_OCSP_NONCE);
  checkCritical(extensions, [OID_OCSP_NONCE]);
  return {
    responder,
    producedAt,
    responses: singles.map(readSingle),
    nonce: nonce && readNonce(nonce.value),
  };
}

function readResponder({ tag, value }: DerElement): ResponderId {
  if (tag === 0xa1) return { kind: 'name', name: readName(value, 'responder') };
  if (tag === 0xa2) return { kind: 'key', hash: single(value, OCTET_STRING, 'responder') };
  throw new FormatError('ERR_DER_TAG', 'responder is neither name nor key hash');
}

function readSingle({ tag, value }: DerElement): SingleResponse {
  if (tag !== SEQUENCE) throw new FormatError('ERR_DER_TAG', 'an answer is not a sequence');
  const reader = new DerReader(value);
  const certId = readCertId(reader.sequence('certID'));
  const status = readStatus(reader.next('status'));
  const thisUpdate = readTime(reader.element(GENERALIZED_TIME, 'thisUpdate'), 'thisUpdate');
  const next = reader.optional(0xa0, 'nextUpdate');
  const extensions = readWrappedExtensions(reader.optional(0xa1, 'answer extensions'));
  reader.end('answer');
  checkCritical(extensions, []);
  return { certId, status, thisUpdate, nextUpdate: next && readGeneralizedTime(next) };
}

function readGeneralizedTime(wrapped: Uint8Array): number {
  const reader = new DerReader(wrapped);
  const element = reader.element(GENERALIZED_TIME, 'nextUpdate');
  reader.end('nextUpdate');
  return readTime(element, 'nextUpdate');
}

function readCertId(reader: DerReader): CertId | undefined {
  const hash = certIdHash(reader.element(SEQUENCE, 'certID').encoded);
  const issuerNameHash = reader.value(OCTET_STRING, 'certID');
  const issuerKeyHash = reader.value(OCTET_STRING, 'certID');
  const serial = readUnsigned(reader.value(INTEGER, 'certID'), 'certID');
  reader.end('certID');
  return hash && { hash, issuerNameHash, issuerKeyHash, serial };
}

const REASON_HOLD = 6;
const MAX_REASON = 10;

function readStatus({ tag, value }: DerElement): OcspStatus {
  if (tag === 0xa1)
    return readRevokedInfo(new DerReader(value)) === REASON_HOLD ? 'hold' : 'revoked';
  if ((tag !== 0x80 && tag !== 0x82) || value.length > 0) {
    throw new FormatError('ERR_DER_TAG', 'no such certificate status');
  }
  return tag === 0x80 ? 'good' : 'unknown';
}

function readRevokedInfo(reader: DerReader): number | undefined {
  readTime(reader.element(GENERALIZED_TIME, 'revocation time'), 'revocation time');
  const wrapped = reader.optional(0xa0, 'revocation reason');
  reader.end('revocation');
  if (!wrapped) return undefined;
  const reason = readSmallUnsigned(single(wrapped, ENUMERATED, 'reason'), 'reason');
  if (reason > MAX_REASON) throw new FormatError('ERR_DER_INTEGER', 'no such reason code');
  return reason;
}

function readWrappedExtensions(wrapped: Uint8Array | undefined): ReadonlyMap<string, Extension> {
  if (!wrapped) return new Map();
  return readExtensions(single(wrapped, SEQUENCE, 'extensions'), 'extensions');
}

function checkCritical(
  extensions: ReadonlyMap<string, Extension>,
  understood: readonly string[],
): void {
  for (const { oid, critical } of extensions.values()) {
    if (critical && !understood.includes(oid)) throw new OcspError('extension-unknown-critical');
  }
}

/** RFC 8954 2.1: an OCTET STRING of 1 to 32 octets. */
function readNonce(value: Uint8Array): Uint8Array {
  const nonce = readOr(
    () => single(value, OCTET_STRING, 'nonce'),
    (error) => {
      throw new OcspError('extension-malformed', error);
    },
  );
  if (nonce.length < 1 || nonce.length > 32) throw new OcspError('extension-malformed');
  return nonce;
}

function single(value: Uint8Array, tag: number, what: string): Uint8Array {
  const reader = new DerReader(value);
  const content = reader.value(tag, what);
  reader.end(what);
  return content;
}
