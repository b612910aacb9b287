import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  SW_AUTHENTICATION_FAILED,
  SW_CONDITIONS_NOT_SATISFIED,
  SW_REFERENCE_NOT_FOUND,
  SW_SUCCESS,
  SW_WRONG_DATA,
} from '@pinless-gate/protocol/apdu/status-word';
import { toHex } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import { decodeTlv, decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import { rsaPublicKey } from './terminal-chain.ts';

/**
 * The card's side of CV certificates after BSI TR-03110 part 3: written from the document and not with the
 * gate's codec, so that the two check each other.
 */
const ALGORITHMS: Readonly<Record<string, { hash: string; ec: boolean }>> = {
  '04007f00070202020102': { hash: 'sha256', ec: false },
  '04007f00070202020203': { hash: 'sha256', ec: true },
  '04007f00070202020204': { hash: 'sha384', ec: true },
};
/** The two highest bits of the authorization's rights (TR-03110 part 3, C.4). */
const ROLE_CVCA = 3;
const ROLE_TERMINAL = 0;

interface CvKey {
  readonly algorithm: { hash: string; ec: boolean };
  readonly key: KeyObject;
}

interface CvCertificate extends CvKey {
  /** References in hex: compared, never shown. */
  readonly authority: string;
  readonly holder: string;
  readonly role: number;
  /** YYMMDD, which sorts as text. */
  readonly effective: string;
  readonly expiry: string;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

export class IsoChain {
  /** By holder reference: the CVCA for good, others until the next reset. */
  readonly #cvca: CvCertificate;
  readonly #imported = new Map<string, CvCertificate>();
  #today: string;

  /** `date` as YYYY-MM-DD; throws `FormatError` for a CVCA certificate that is none. */
  constructor(cvca: Uint8Array, date: string) {
    this.#cvca = parseContent(decodeTlv(cvca).value);
    this.#today = date.slice(2).replaceAll('-', '');
  }

  reset(): void {
    this.#imported.clear();
  }

  has(reference: string): boolean {
    return this.#find(reference) !== undefined;
  }

  /** The key of an accepted terminal certificate; CAs authenticate nobody. */
  terminalKey(reference: string): CvKey | undefined {
    const certificate = this.#find(reference);
    return certificate?.role === ROLE_TERMINAL ? certificate : undefined;
  }

  /** PSO VERIFY CERTIFICATE under the key that MSE:Set DST named. Returns the status word. */
  import(content: Uint8Array, issuerReference: string): number {
    const issuer = this.#find(issuerReference);
    if (!issuer) return SW_REFERENCE_NOT_FOUND;
    let certificate: CvCertificate;
    try {
      certificate = parseContent(content, issuer);
    } catch (error) {
      if (error instanceof FormatError) return SW_WRONG_DATA;
      throw error;
    }
    if (certificate.authority !== issuerReference) return SW_REFERENCE_NOT_FOUND;
    // CVCA signs DV, DV signs terminal; the rest of the hierarchy is not for a gate.
    const mayIssue =
      issuer.role === ROLE_CVCA
        ? certificate.role === 1 || certificate.role === 2
        : issuer.role !== ROLE_TERMINAL && certificate.role === ROLE_TERMINAL;
    if (!mayIssue) return SW_CONDITIONS_NOT_SATISFIED;
    if (!verifyWith(issuer, certificate.body, certificate.signature)) {
      return SW_AUTHENTICATION_FAILED;
    }
    if (certificate.expiry < this.#today) return SW_AUTHENTICATION_FAILED;
    // A card has no clock: what a CA of its own dates later has happened (TR-03110 part 3, 2.5).
    if (certificate.effective > this.#today) this.#today = certificate.effective;
    this.#imported.set(certificate.holder, certificate);
    return SW_SUCCESS;
  }

  #find(reference: string): CvCertificate | undefined {
    return reference === this.#cvca.holder ? this.#cvca : this.#imported.get(reference);
  }
}

export function verifyWith(
  { algorithm, key }: CvKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return algorithm.ec
    ? verify(algorithm.hash, message, { key, dsaEncoding: 'ieee-p1363' }, signature)
    : verify(algorithm.hash, message, key, signature);
}

/** `7F4E ‖ 5F37`: what stands inside 7F21. */
function parseContent(content: Uint8Array, issuer?: CvKey): CvCertificate {
  const [body, signature] = exactly(content, [0x7f4e, 0x5f37]);
  const fields = new Map(decodeTlvs(body!).map(({ tag, value }) => [tag, value]));
  const field = (tag: number): Uint8Array => {
    const value = fields.get(tag);
    if (!value) throw new FormatError('ERR_CARD_CVC', `no ${tag.toString(16)} in the certificate`);
    return value;
  };
  if (toHex(field(0x5f29)) !== '00') throw new FormatError('ERR_CARD_CVC', 'unknown profile');
  const [, rights] = exactly(field(0x7f4c), [0x06, 0x53]);
  return {
    ...parsePublicKey(field(0x7f49), issuer),
    authority: toHex(field(0x42)),
    holder: toHex(field(0x5f20)),
    role: (rights![0] ?? 0) >> 6,
    effective: parseDate(field(0x5f25)),
    expiry: parseDate(field(0x5f24)),
    body: encodeTlv(0x7f4e, body!),
    signature: signature!,
  };
}

/** The values of exactly these objects in this order. */
function exactly(bytes: Uint8Array, tags: readonly number[]): Uint8Array[] {
  const objects = decodeTlvs(bytes);
  if (objects.length !== tags.length || objects.some(({ tag }, i) => tag !== tags[i])) {
    throw new FormatError('ERR_CARD_CVC', 'unexpected objects in the certificate');
  }
  return objects.map(({ value }) => value);
}

function parsePublicKey(template: Uint8Array, issuer: CvKey | undefined): CvKey {
  const parts = new Map(decodeTlvs(template).map(({ tag, value }) => [tag, value]));
  const algorithm = ALGORITHMS[toHex(parts.get(0x06) ?? new Uint8Array(0))];
  if (!algorithm) throw new FormatError('ERR_CARD_CVC', 'key for an unknown algorithm');
  const [modulus, exponent, point] = [parts.get(0x81), parts.get(0x82), parts.get(0x86)];
  if (!algorithm.ec && modulus && exponent) {
    return { algorithm, key: rsaPublicKey(exponent, modulus) };
  }
  // Without domain parameters the curve is the CA's; the length of the point tells which one it is.
  const domain = modulus !== undefined || issuer?.algorithm.ec;
  if (!algorithm.ec || !point || !domain) throw new FormatError('ERR_CARD_CVC', 'incomplete key');
  return { algorithm, key: ecPublicKey(point) };
}

function ecPublicKey(point: Uint8Array): KeyObject {
  const octets = (point.length - 1) / 2;
  const crv = octets === 32 ? 'P-256' : octets === 48 ? 'P-384' : undefined;
  if (!crv || point[0] !== 0x04) throw new FormatError('ERR_CARD_CVC', 'point on no known curve');
  const base64url = (octets: Uint8Array) => Buffer.from(octets).toString('base64url');
  const [x, y] = [point.subarray(1, 1 + octets), point.subarray(1 + octets)];
  try {
    const key = { kty: 'EC', crv, x: base64url(x), y: base64url(y) };
    return createPublicKey({ key, format: 'jwk' });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new FormatError('ERR_CARD_CVC', 'point is not on its curve', { cause });
  }
}

function parseDate(value: Uint8Array): string {
  if (value.length !== 6 || value.some((digit) => digit > 9)) {
    throw new FormatError('ERR_CARD_CVC', 'not a date');
  }
  return [...value].join('');
}
