import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';

/** Writes certificates and lists octet by octet, so that a test can get any of them wrong. */

export const seq = (...members: Uint8Array[]) => encodeTlv(0x30, ...members);
export const set = (...members: Uint8Array[]) => encodeTlv(0x31, ...members);
export const int = (hex: string) => encodeTlv(0x02, fromHex(hex));
export const octets = (...members: Uint8Array[]) => encodeTlv(0x04, ...members);
export const bits = (value: Uint8Array, unused = 0) =>
  encodeTlv(0x03, Uint8Array.of(unused), value);
export const TRUE = fromHex('0101ff');
export const FALSE = fromHex('010100');
export const utcTime = (text: string) => encodeTlv(0x17, utf8(text));
export const generalizedTime = (text: string) => encodeTlv(0x18, utf8(text));

export function oid(dotted: string): Uint8Array {
  const [a, b, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  const base128 = (value: number): number[] => {
    const digits = [value % 128];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift(0x80 | (left % 128));
    }
    return digits;
  };
  return encodeTlv(0x06, Uint8Array.from([40 * a + b, ...rest].flatMap(base128)));
}

/** `[type, text]` or `[type, text, string tag]`; UTF8String unless said otherwise, PrintableString for C. */
export type Rdn = readonly [type: string, text: string, tag?: number];

export const name = (...rdns: readonly Rdn[]) =>
  seq(
    ...rdns.map(([type, text, tag = type === '2.5.4.6' ? 0x13 : 0x0c]) =>
      set(seq(oid(type), encodeTlv(tag, utf8(text)))),
    ),
  );

export const extension = (id: string, value: Uint8Array, critical = false) =>
  seq(oid(id), ...(critical ? [TRUE] : []), octets(value));

export const SHA256_RSA = fromHex('300d06092a864886f70d01010b0500');
export const SHA256_ECDSA = fromHex('300a06082a8648ce3d040302');
export const SHA1_RSA = fromHex('300d06092a864886f70d0101050500');

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
}

export function rsaKeys(modulusLength = 2048, publicExponent = 0x10001): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  return { privateKey, spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

export function ecKeys(namedCurve: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  return { privateKey, spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

export const keyId = ({ spki }: KeyPair) => createHash('sha1').update(spki).digest();

export interface Contents {
  readonly version: Uint8Array | null;
  readonly serial: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly outerAlgorithm?: Uint8Array;
  readonly issuer: Uint8Array;
  readonly validity: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly uniqueIds?: Uint8Array;
  /** Null: no extensions at all. */
  readonly extensions: readonly Uint8Array[] | null;
  readonly trailing?: Uint8Array;
}

export function certificate(contents: Contents, signer: KeyPair): Uint8Array {
  const { version, uniqueIds, extensions, trailing, algorithm } = contents;
  return signed(
    seq(
      ...(version ? [encodeTlv(0xa0, version)] : []),
      contents.serial,
      algorithm,
      contents.issuer,
      contents.validity,
      contents.subject,
      contents.spki,
      ...(uniqueIds ? [uniqueIds] : []),
      ...(extensions ? [encodeTlv(0xa3, seq(...extensions))] : []),
      ...(trailing ? [trailing] : []),
    ),
    contents.outerAlgorithm ?? algorithm,
    signer,
  );
}

/** SIGNED{…}: with SHA-256, by the signer's kind of key. */
export function signed(tbs: Uint8Array, algorithm: Uint8Array, signer: KeyPair): Uint8Array {
  return seq(tbs, algorithm, bits(signatureOf(tbs, signer)));
}

export const signatureOf = (tbs: Uint8Array, { privateKey }: KeyPair) =>
  sign('sha256', tbs, privateKey);

export const v3 = int('02');

export const keyUsage = (...named: readonly number[]) => {
  const value = named.reduce((sum, bit) => sum | (0x8000 >> bit), 0);
  const bytes = value & 0xff ? Uint8Array.of(value >> 8, value & 0xff) : Uint8Array.of(value >> 8);
  const unused = Math.log2(bytes.at(-1)! & -bytes.at(-1)! || 0x80);
  return extension('2.5.29.15', bits(bytes, unused), true);
};
export const basicConstraints = (ca: boolean) =>
  extension('2.5.29.19', ca ? seq(TRUE) : seq(), true);
export const subjectKeyId = (id: Uint8Array) => extension('2.5.29.14', octets(id));
export const authorityKeyId = (id: Uint8Array) => extension('2.5.29.35', seq(encodeTlv(0x80, id)));
export const policies = (...ids: readonly string[]) =>
  extension('2.5.29.32', seq(...ids.map((id) => seq(oid(id)))), true);
export const extendedKeyUsage = (...ids: readonly string[]) =>
  extension('2.5.29.37', seq(...ids.map(oid)));
export const altNames = (...names: readonly Uint8Array[]) => extension('2.5.29.17', seq(...names));
export const dns = (text: string) => encodeTlv(0x82, utf8(text));
export const email = (text: string) => encodeTlv(0x81, utf8(text));
export const uri = (text: string) => encodeTlv(0x86, utf8(text));
export const ip = (hex: string) => encodeTlv(0x87, fromHex(hex));
export const directory = (encoded: Uint8Array) => encodeTlv(0xa4, encoded);
export const nameConstraints = (
  permitted: readonly Uint8Array[],
  excluded: readonly Uint8Array[] = [],
) =>
  extension(
    '2.5.29.30',
    seq(
      ...(permitted.length ? [encodeTlv(0xa0, ...permitted.map((one) => seq(one)))] : []),
      ...(excluded.length ? [encodeTlv(0xa1, ...excluded.map((one) => seq(one)))] : []),
    ),
    true,
  );
