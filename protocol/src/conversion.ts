import { createHash } from 'node:crypto';
import { concat, domain } from './bytes.ts';
import { FormatError } from './errors.ts';

const CONVERSION = domain('pinless-gate/conversion/1');
const EVENT_KEY_ID = domain('pinless-gate/event-key-id/1');
const SERIAL_LENGTH = 20; // RFC 5280 4.1.2.2: at most 20 octets

/** What the event key turns a certificate into. `sealKey` is secret and lives as long as one entry is handled. */
export interface Conversion {
  /** シリアル番号変換値: the key of the whitelist, 16 octets. */
  readonly conversionValue: Uint8Array;
  /** AES-256-GCM key of this entry, 32 octets. */
  readonly sealKey: Uint8Array;
}

/**
 * Input of HMAC-SHA-512 under the event key (protocol.md 3). Issuer and serial number together name a
 * certificate (RFC 5280 4.1.2.2). `serial` is unsigned big-endian; leading zero octets do not matter.
 */
export function conversionInput(issuerNameDer: Uint8Array, serial: Uint8Array): Uint8Array {
  return conversionInputOfIssuer(issuerNameHash(issuerNameDer), serial);
}

/** SHA-256 of the issuer's Name in DER: the same for every certificate of one issuer. */
export function issuerNameHash(issuerNameDer: Uint8Array): Uint8Array {
  return createHash('sha256').update(issuerNameDer).digest();
}

/** As `conversionInput`, for callers that convert many serial numbers of few issuers. */
export function conversionInputOfIssuer(nameHash: Uint8Array, serial: Uint8Array): Uint8Array {
  const first = serial.findIndex((octet) => octet !== 0);
  if (first < 0) throw new FormatError('ERR_SERIAL_ZERO', 'serial number is zero or empty');
  const value = serial.subarray(first);
  if (value.length > SERIAL_LENGTH || serial.length > SERIAL_LENGTH) {
    throw new FormatError('ERR_SERIAL_LENGTH', `serial number of ${serial.length} octets`);
  }
  return concat(CONVERSION, nameHash, new Uint8Array(SERIAL_LENGTH - value.length), value);
}

/** Splits the 64 octets of the HMAC into the two things it yields. */
export function splitConversion(mac: Uint8Array): Conversion {
  if (mac.length !== 64) throw new RangeError(`HMAC-SHA-512 gives 64 octets, not ${mac.length}`);
  return { conversionValue: mac.slice(0, 16), sealKey: mac.slice(32, 64) };
}

/**
 * Input of the HMAC that names an event key without telling anything of it. The first 16 octets of the
 * HMAC are the key id of the manifest: only who holds the same key can compute it.
 */
export function eventKeyIdInput(eventId: Uint8Array): Uint8Array {
  return concat(EVENT_KEY_ID, eventId);
}

const BUILD_CACHE = domain('pinless-gate/build-cache/1');

/**
 * Input of the HMAC that gives the key of a builder's cache. `settings` is a digest of everything besides a
 * row that decides what the row becomes: other settings, another key. Its length keeps it apart from a conversion.
 */
export function buildCacheInput(eventId: Uint8Array, settings: Uint8Array): Uint8Array {
  return concat(BUILD_CACHE, eventId, settings);
}
