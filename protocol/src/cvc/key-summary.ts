import { toHex } from '../bytes.ts';
import { readOid } from '../certificate/der.ts';
import { type CurveName, toBigInt } from '../curves.ts';
import { decodeTlvs } from '../tlv.ts';
import { curveOfDomain, decodeCvPublicKey } from './public-key.ts';
import { type CvcReason, cvcReason } from './reason.ts';

/** Algorithms below id-TA (TR-03110 part 3, A.7.3), also those that nothing is verified with here. */
const NAMES: Readonly<Record<string, string>> = {
  '0101': 'rsa-sha1',
  '0102': 'rsa-sha256',
  '0103': 'pss-sha1',
  '0104': 'pss-sha256',
  '0105': 'rsa-sha512',
  '0106': 'pss-sha512',
  '0201': 'ecdsa-sha1',
  '0202': 'ecdsa-sha224',
  '0203': 'ecdsa-sha256',
  '0204': 'ecdsa-sha384',
  '0205': 'ecdsa-sha512',
};
const TAG_OID = 0x06;
/** id-TA, 0.4.0.127.0.7.2.2.2. */
const TERMINAL_AUTHENTICATION = '04007f0007020202';

/** What can be said of any key in a certificate, of a foreign one too. */
export interface CvKeySummary {
  /** Name, or the object identifier where it has none here. */
  readonly algorithm: string;
  readonly kind: 'rsa' | 'ec' | 'unknown';
  /** Length of the modulus, or of the curve's prime. */
  readonly bits?: number | undefined;
  readonly curve?: CurveName | 'inherited' | 'unknown' | undefined;
  /** Why nothing is verified with it; undefined where it can be. */
  readonly refused?: CvcReason | undefined;
}

/** `content` is that of 7F49; what does not begin with an object identifier is a `FormatError`. */
export function summarizeCvPublicKey(content: Uint8Array): CvKeySummary {
  const [oid, ...members] = decodeTlvs(content);
  const base = {
    algorithm: nameOf(oid?.tag === TAG_OID ? oid.value : new Uint8Array(0)),
    refused: refusal(content),
  };
  const tags = members.map(({ tag }) => tag.toString(16)).join(' ');
  const first = members[0]?.value ?? new Uint8Array(0);
  if (tags === '81 82') return { ...base, kind: 'rsa', bits: bitLength(first) };
  if (tags === '86') return { ...base, kind: 'ec', curve: 'inherited' };
  if (!/^81 82 83 84 85 86(?: 87)?$/.test(tags)) return { ...base, kind: 'unknown' };
  const domain = members.toSpliced(5, 1).map(({ value }) => value);
  const curve = curveOfDomain(domain)?.name ?? 'unknown';
  return { ...base, kind: 'ec', bits: bitLength(first), curve };
}

function nameOf(oid: Uint8Array): string {
  const hex = toHex(oid);
  const name = NAMES[hex.slice(TERMINAL_AUTHENTICATION.length)];
  if (hex.startsWith(TERMINAL_AUTHENTICATION) && name) return name;
  return readOid(oid, 'algorithm');
}

function refusal(content: Uint8Array): CvcReason | undefined {
  try {
    decodeCvPublicKey(content);
    return undefined;
  } catch (error) {
    return cvcReason(error);
  }
}

function bitLength(value: Uint8Array): number {
  const number = toBigInt(value);
  return number === 0n ? 0 : number.toString(2).length;
}
