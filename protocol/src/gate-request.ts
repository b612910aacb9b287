import { createHash } from 'node:crypto';
import { concat, domain, fromBase64 } from './bytes.ts';
import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import type { EcPublicKey } from './public-key.ts';
import { type Key, verifyEcdsa } from './signature.ts';

/** What a gate asks of a console. `path` is what stands after the host, query included. */
export interface GateRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/** By whom and when a request was made; `nonce` names it, so that it can be taken once only. */
export interface GateCredential {
  readonly gateId: Uint8Array;
  /** Unix milliseconds by the gate's clock. */
  readonly at: number;
  readonly nonce: Uint8Array;
  /** ECDSA P-256 with SHA-256 by the gate's device key over `gateRequestMessage`, plain r‖s. */
  readonly signature: Uint8Array;
}

export const REQUEST_NONCE_LENGTH = 16;
/** How far the clocks of gate and console may be apart; within it each nonce is remembered. */
export const MAX_CLOCK_SKEW_MS = 600_000;

const REQUEST = domain('pinless-gate/gate-request/1');
const SCHEME = 'PinlessGate ';
/** Base64 of the longest credential is half of this. */
const MAX_HEADER_LENGTH = 512;

/** What the device key signs: nothing of the request can be changed, moved or left out. */
export function gateRequestMessage(
  { method, path, body }: GateRequest,
  { gateId, at, nonce }: Omit<GateCredential, 'signature'>,
): Uint8Array {
  const bodyHash = createHash('sha256').update(body).digest();
  return concat(
    REQUEST,
    encodeCbor({ gateId, method, path, at, nonce, bodyHash: new Uint8Array(bodyHash) }),
  );
}

export function isRequestOf(
  deviceKey: Key<EcPublicKey>,
  request: GateRequest,
  credential: GateCredential,
): boolean {
  const message = gateRequestMessage(request, credential);
  return verifyEcdsa(deviceKey, 'sha256', message, credential.signature);
}

/** Value of the HTTP header `authorization`. */
export function formatGateCredential(credential: GateCredential): string {
  const encoded = encodeCbor({ version: 1, ...credential });
  return SCHEME + Buffer.from(encoded).toString('base64');
}

export function parseGateCredential(header: string): GateCredential {
  if (!header.startsWith(SCHEME) || header.length > MAX_HEADER_LENGTH) {
    throw new FormatError('ERR_CREDENTIAL', 'gate credential: not of our scheme');
  }
  const map = CborMap.decode(fromBase64(header.slice(SCHEME.length)), 'gate credential');
  const version = map.uint('version');
  if (version !== 1) throw new FormatError('ERR_CREDENTIAL', `credential of version ${version}`);
  const credential: GateCredential = {
    gateId: map.bytes('gateId', 16),
    at: map.uint('at'),
    nonce: map.bytes('nonce', REQUEST_NONCE_LENGTH),
    signature: map.bytes('signature', 64),
  };
  map.end();
  return credential;
}
