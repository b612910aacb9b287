import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  SW_AUTHENTICATION_FAILED,
  SW_CONDITIONS_NOT_SATISFIED,
  SW_REFERENCE_NOT_FOUND,
  SW_SUCCESS,
  SW_WRONG_DATA,
  SW_WRONG_LENGTH,
} from '@pinless-gate/protocol/apdu/status-word';
import { equal, fromHex } from '@pinless-gate/protocol/bytes';

/**
 * The card's side of loading CV certificates in the jpki layout (jpki-facts 2.1): written from the layout
 * and not with the gate's codec, so that the two check each other.
 */
const BODY_BLOCK_LENGTH = 307;
const SIGNATURE_BLOCK_LENGTH = 261;
const BODY_BLOCK_HEADER = fromHex('7f218202335f4e820129');
const EXPONENT_HEADER = fromHex('9003');
const MODULUS_HEADER = fromHex('91820100');
const SIGNATURE_HEADER = fromHex('5f37820100');
/** CA key, intermediate, institution: the institution's key issues nothing. */
const INSTITUTION_DEPTH = 2;

export interface VerifyingKey {
  /** 16 octets, compared whole. */
  readonly keyId: Uint8Array;
  readonly key: KeyObject;
}

interface Certificate extends VerifyingKey {
  readonly issuerKeyId: Uint8Array;
  readonly body: Uint8Array;
}

export class TerminalChain {
  readonly #ca: VerifyingKey;
  #accepted: VerifyingKey;
  #depth = 0;
  #pending: Certificate | undefined;

  constructor(ca: VerifyingKey) {
    this.#ca = ca;
    this.#accepted = ca;
  }

  /** The key of the institution's certificate once the whole chain is accepted. */
  get terminalKey(): KeyObject | undefined {
    return this.#depth === INSTITUTION_DEPTH ? this.#accepted.key : undefined;
  }

  reset(): void {
    this.#accepted = this.#ca;
    this.#depth = 0;
    this.#pending = undefined;
  }

  /** The two blocks of a certificate follow each other; any command between them drops the first. */
  dropPending(): void {
    this.#pending = undefined;
  }

  /** `80 A2 06 C1`: headers and body. Returns the status word. */
  loadBody(block: Uint8Array): number {
    this.#pending = undefined;
    if (block.length !== BODY_BLOCK_LENGTH) return SW_WRONG_LENGTH;
    this.#pending = parseBodyBlock(block);
    return this.#pending ? SW_SUCCESS : SW_WRONG_DATA;
  }

  /** `80 A2 00 C1`: the signature over the body. Accepts the certificate or leaves everything as it was. */
  loadSignature(block: Uint8Array): number {
    const certificate = this.#pending;
    this.#pending = undefined;
    if (block.length !== SIGNATURE_BLOCK_LENGTH) return SW_WRONG_LENGTH;
    if (!certificate) return SW_CONDITIONS_NOT_SATISFIED;
    if (!equal(block.subarray(0, SIGNATURE_HEADER.length), SIGNATURE_HEADER)) return SW_WRONG_DATA;

    const fromCa = equal(certificate.issuerKeyId, this.#ca.keyId);
    const issuer = fromCa ? this.#ca : this.#accepted;
    if (!equal(certificate.issuerKeyId, issuer.keyId)) return SW_REFERENCE_NOT_FOUND;
    if (!fromCa && this.#depth >= INSTITUTION_DEPTH) return SW_CONDITIONS_NOT_SATISFIED;
    const signature = block.subarray(SIGNATURE_HEADER.length);
    if (!verify('sha256', certificate.body, issuer.key, signature)) return SW_AUTHENTICATION_FAILED;
    this.#accepted = certificate;
    this.#depth = fromCa ? 1 : this.#depth + 1;
    return SW_SUCCESS;
  }
}

function parseBodyBlock(block: Uint8Array): Certificate | undefined {
  const body = block.subarray(BODY_BLOCK_HEADER.length);
  const exponent = body.subarray(34, 37);
  const modulus = body.subarray(41);
  const laidOut =
    equal(block.subarray(0, BODY_BLOCK_HEADER.length), BODY_BLOCK_HEADER) &&
    equal(body.subarray(32, 34), EXPONENT_HEADER) &&
    equal(body.subarray(37, 41), MODULUS_HEADER) &&
    modulus[0]! >= 0x80;
  if (!laidOut) return undefined;
  return {
    issuerKeyId: body.slice(0, 16),
    keyId: body.slice(16, 32),
    key: rsaPublicKey(exponent, modulus),
    body: body.slice(),
  };
}

export function rsaPublicKey(exponent: Uint8Array, modulus: Uint8Array): KeyObject {
  const base64url = (octets: Uint8Array) => Buffer.from(octets).toString('base64url');
  const key = { kty: 'RSA', n: base64url(modulus), e: base64url(exponent) };
  return createPublicKey({ key, format: 'jwk' });
}
