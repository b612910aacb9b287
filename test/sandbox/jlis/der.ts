import { concat, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';

/** The few ASN.1 types (X.690) that certificates and CRLs are written with. */
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encodeTlv(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]): Uint8Array => encodeTlv(0x31, ...parts);
export const octetString = (value: Uint8Array): Uint8Array => encodeTlv(0x04, value);
export const utf8String = (text: string): Uint8Array => encodeTlv(0x0c, utf8(text));
export const printableString = (text: string): Uint8Array => encodeTlv(0x13, utf8(text));
export const ia5String = (text: string): Uint8Array => encodeTlv(0x16, utf8(text));
export const TRUE = fromHex('0101ff');
export const NULL = fromHex('0500');

/** Context-specific: constructed unless said otherwise. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  encodeTlv(0xa0 | number, ...parts);
export const contextPrimitive = (number: number, value: Uint8Array): Uint8Array =>
  encodeTlv(0x80 | number, value);

/** A whole number of octets unless `unused` bits at the end are none of it. */
export const bitString = (value: Uint8Array, unused = 0): Uint8Array =>
  encodeTlv(0x03, Uint8Array.of(unused), value);

/** From the number's hex digits, unsigned. */
export function integer(hex: string): Uint8Array {
  const octets = fromHex(hex.length % 2 === 0 ? hex : `0${hex}`);
  const first = octets.findIndex((octet) => octet !== 0);
  const value = first < 0 ? Uint8Array.of(0) : octets.subarray(first);
  return encodeTlv(0x02, value[0]! & 0x80 ? concat(Uint8Array.of(0), value) : value);
}

/** From its dotted form. */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let more = Math.floor(arc / 0x80); more > 0; more = Math.floor(more / 0x80)) {
      groups.unshift(0x80 | (more & 0x7f));
    }
    return groups;
  });
  return encodeTlv(0x06, Uint8Array.from(octets));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
export function time(date: Date): Uint8Array {
  const digits = `${date.toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? encodeTlv(0x17, utf8(digits.slice(2)))
    : encodeTlv(0x18, utf8(digits));
}

/** To the second, as OCSP has every time (RFC 6960 4.2.1). */
export function generalizedTime(date: Date): Uint8Array {
  return encodeTlv(0x18, utf8(`${date.toISOString().replaceAll(/[-:T]|\.\d+Z$/g, '')}Z`));
}

export const enumerated = (value: number): Uint8Array => encodeTlv(0x0a, Uint8Array.of(value));
