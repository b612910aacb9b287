import { equal, fromHex } from '../bytes.ts';
import { readTlv } from '../tlv.ts';
import { signatureAlgorithm } from './algorithm.ts';
import {
  BIT_STRING,
  checkInteger,
  DerReader,
  ENUMERATED,
  GENERALIZED_TIME,
  INTEGER,
  readOctetsOfBitString,
  readSequence,
  readTime,
  SEQUENCE,
  UTC_TIME,
} from './der.ts';
import { CertificateError, readCertificatePart } from './error.ts';
import { type Extension, readExtensions } from './extension.ts';
import { type Name, readName } from './name.ts';
import { OID_CERTIFICATE_ISSUER, OID_INVALIDITY_DATE, OID_REASON_CODE } from './oid.ts';
import { type SerialSet, SerialSetBuilder } from './serial-set.ts';

/** A certificate revocation list that reads as RFC 5280 5.1 says; nothing about it is proven. */
export interface ParsedCrl {
  readonly issuer: Name;
  /** Unix seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly revoked: SerialSet;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Some entry names another issuer than the list's. */
  readonly otherIssuers: boolean;
  /** TBSCertList with its header: what is signed. A view. */
  readonly signed: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
}

export const MAX_CRL_LENGTH = 256 * 1024 * 1024;
const MAX_SERIAL_LENGTH = 20;
const VERSION_2 = 1;
const TAG_EXTENSIONS = 0xa0;

/** Exact DER in one walk: memory grows with the serial numbers, not with the list. Throws `CertificateError`. */
export function parseCrl(der: Uint8Array): ParsedCrl {
  if (der.length > MAX_CRL_LENGTH) throw new CertificateError('too-long', `${der.length} octets`);
  return readCertificatePart(() => parse(der));
}

function parse(der: Uint8Array): ParsedCrl {
  const list = readSequence(der, 'CRL');
  const tbs = list.element(SEQUENCE, 'TBSCertList');
  const outer = list.element(SEQUENCE, 'signature algorithm').encoded;
  const bits = list.value(BIT_STRING, 'signature');
  list.end('CRL');

  const reader = new DerReader(tbs.value);
  const version = reader.optional(INTEGER, 'version');
  if (version && !equal(version, Uint8Array.of(VERSION_2))) {
    throw new CertificateError('version', 'CRL is not of version 2');
  }
  const inner = reader.element(SEQUENCE, 'signature algorithm').encoded;
  const issuer = readName(reader.element(SEQUENCE, 'issuer').encoded, 'issuer');
  const thisUpdate = readTime(reader.next('thisUpdate'), 'thisUpdate');
  const next = reader.optionalOf([UTC_TIME, GENERALIZED_TIME], 'nextUpdate');
  const entries = reader.optional(SEQUENCE, 'revoked certificates');
  const wrapped = reader.optional(TAG_EXTENSIONS, 'CRL extensions');
  reader.end('TBSCertList');

  if (!equal(inner, outer)) {
    throw new CertificateError(
      'signature-algorithm-mismatch',
      'algorithms inside and outside differ',
    );
  }
  if (!signatureAlgorithm(inner)) {
    throw new CertificateError('signature-algorithm', 'signature algorithm is not accepted');
  }
  const walk = new EntryWalk(entries, version !== undefined);
  if (wrapped && !version) throw new CertificateError('version', 'extensions need version 2');
  return {
    issuer,
    thisUpdate,
    nextUpdate: next && readTime(next, 'nextUpdate'),
    revoked: walk.serials.build(),
    extensions: wrapped ? readExtensions(readContent(wrapped), 'CRL extensions') : new Map(),
    otherIssuers: walk.otherIssuers,
    signed: tbs.encoded,
    algorithm: inner,
    signature: readOctetsOfBitString(bits, 'signature'),
  };
}

function readContent(wrapped: Uint8Array): Uint8Array {
  const reader = new DerReader(wrapped);
  const content = reader.value(SEQUENCE, 'CRL extensions');
  reader.end('CRL extensions');
  return content;
}

/** One extension, reasonCode, not critical: what nearly every entry has, up to the code itself. */
const REASON_CODE_ALONE = fromHex('300c300a0603551d1504030a01');
const MAX_REASON = 10;
const UNUSED_REASON = 7;

/** Walks over the entries without keeping anything of them but the serial numbers. */
class EntryWalk {
  readonly serials = new SerialSetBuilder();
  otherIssuers = false;

  constructor(entries: Uint8Array | undefined, mayHaveExtensions: boolean) {
    if (entries === undefined) return;
    if (entries.length === 0) {
      throw new CertificateError('malformed', 'list of revoked certificates is there but empty');
    }
    for (let offset = 0; offset < entries.length; ) {
      const entry = readTlv(entries, offset);
      if (entry.tag !== SEQUENCE) throw new CertificateError('malformed', 'not an entry');
      const serial = readTlv(entries, entry.valueStart, entry.end);
      this.#addSerial(entries, serial.tag, serial.valueStart, serial.end);
      const date = readTlv(entries, serial.end, entry.end);
      const value = entries.subarray(date.valueStart, date.end);
      readTime({ tag: date.tag, value, encoded: value }, 'revocation date');
      if (date.end < entry.end) {
        if (!mayHaveExtensions) throw new CertificateError('version', 'extensions need version 2');
        this.#readExtensions(entries.subarray(date.end, entry.end));
      }
      offset = entry.end;
    }
  }

  #addSerial(entries: Uint8Array, tag: number, start: number, end: number): void {
    if (tag !== INTEGER || end - start > MAX_SERIAL_LENGTH) {
      throw new CertificateError('malformed', 'entry without a serial number');
    }
    checkInteger(entries.subarray(start, end), 'serial number');
    this.serials.add(entries, start, end);
  }

  #readExtensions(encoded: Uint8Array): void {
    const { length } = REASON_CODE_ALONE;
    if (encoded.length === length + 1 && equal(encoded.subarray(0, length), REASON_CODE_ALONE)) {
      checkReason(encoded.subarray(length));
      return;
    }
    const reader = new DerReader(encoded);
    const extensions = readExtensions(reader.value(SEQUENCE, 'entry'), 'entry');
    reader.end('entry');
    for (const { oid, critical, value } of extensions.values()) {
      const content = new DerReader(value);
      if (oid === OID_REASON_CODE) {
        checkReason(content.value(ENUMERATED, 'reason code'));
        content.end('reason code');
      } else if (oid === OID_CERTIFICATE_ISSUER) {
        this.otherIssuers = true;
      } else if (critical && oid !== OID_INVALIDITY_DATE) {
        throw new CertificateError('extension-unknown-critical', `entry extension ${oid}`);
      }
    }
  }
}

/** RFC 5280 5.3.1. Whatever the reason, the certificate is not valid. */
function checkReason(value: Uint8Array): void {
  if (value.length !== 1 || value[0]! > MAX_REASON || value[0] === UNUSED_REASON) {
    throw new CertificateError('malformed', 'no such reason code');
  }
}
