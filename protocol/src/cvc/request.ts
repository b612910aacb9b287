import { concat } from '../bytes.ts';
import { encodeTlv } from '../tlv.ts';
import { checkStrength } from './chain.ts';
import { CvcError } from './error.ts';
import { CvObjects } from './objects.ts';
import {
  type CvKey,
  type CvPublicKey,
  decodeCvPublicKey,
  encodeCvPublicKey,
  resolveCvKey,
  verifyCvSignature,
} from './public-key.ts';
import { decodeReference, encodeReference } from './reference.ts';
import {
  cvCertificateContent,
  readProfile,
  TAG_AUTHORITY,
  TAG_BODY,
  TAG_CERTIFICATE,
  TAG_EXTENSIONS,
  TAG_HOLDER,
  TAG_PROFILE,
  TAG_PUBLIC_KEY,
  TAG_SIGNATURE,
} from './tr03110.ts';

/**
 * Requests for CV certificates (BSI TR-03110 part 3, C.2): a body without authorization and dates, signed by
 * its own key; and that within an authentication by a key that has a certificate already.
 */

export const TAG_AUTHENTICATION = 0x67;

export interface CvRequestBody {
  /** The authority that the requester has in mind; binds nobody. */
  readonly authorityReference?: string | undefined;
  readonly holderReference: string;
  readonly publicKey: CvPublicKey;
  /** Content of the extensions object, not interpreted. */
  readonly extensions?: Uint8Array | undefined;
}

export interface CvRequest extends CvRequestBody {
  /** The 7F4E object, which is what the inner signature covers. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly encoded: Uint8Array;
}

/** A request whose key has not been read. */
export interface UnreadCvRequest extends Omit<CvRequest, 'publicKey'> {
  /** The content of 7F49. */
  readonly publicKey: Uint8Array;
}

/** The 7F4E object that the holder of the key signs. */
export function encodeCvRequestBody(request: CvRequestBody): Uint8Array {
  const { authorityReference, holderReference, publicKey, extensions } = request;
  const members = [encodeTlv(TAG_PROFILE, Uint8Array.of(0))];
  if (authorityReference !== undefined) {
    members.push(encodeTlv(TAG_AUTHORITY, encodeReference(authorityReference)));
  }
  members.push(encodeTlv(TAG_PUBLIC_KEY, encodeCvPublicKey(publicKey)));
  members.push(encodeTlv(TAG_HOLDER, encodeReference(holderReference)));
  if (extensions !== undefined) members.push(encodeTlv(TAG_EXTENSIONS, extensions));
  return encodeTlv(TAG_BODY, ...members);
}

/** The 7F21 object, which is what an outer signature covers together with the reference after it. */
export function encodeCvRequest(body: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeTlv(TAG_CERTIFICATE, body, encodeTlv(TAG_SIGNATURE, signature));
}

/** Strict: these objects, in this order, nothing else. */
export function decodeCvRequest(encoded: Uint8Array): CvRequest {
  const request = readCvRequest(encoded);
  return { ...request, publicKey: decodeCvPublicKey(request.publicKey) };
}

/** As strict, but for the key. */
export function readCvRequest(encoded: Uint8Array): UnreadCvRequest {
  const objects = new CvObjects(cvCertificateContent(encoded));
  const body = objects.object(TAG_BODY);
  const signature = objects.value(TAG_SIGNATURE);
  objects.end();
  const members = new CvObjects(body.value);
  readProfile(members);
  const authority = members.optional(TAG_AUTHORITY);
  const read = {
    authorityReference: authority && decodeReference(authority),
    publicKey: members.value(TAG_PUBLIC_KEY),
    holderReference: decodeReference(members.value(TAG_HOLDER)),
    extensions: members.optional(TAG_EXTENSIONS),
  };
  members.end();
  return { ...read, body: body.encoded, signature, encoded };
}

/**
 * Proves that the requester has the private key. Returns the key; `issuer` gives the domain parameters where the
 * request leaves them out. Throws `ERR_CVC_SIGNATURE`, `ERR_CVC_KEY_WEAK` or `ERR_CVC_DOMAIN`.
 */
export function verifyCvRequest(request: CvRequest, issuer?: CvKey): CvKey {
  const key = resolveCvKey(request.publicKey, issuer);
  checkStrength(key.key);
  if (!verifyCvSignature(key, request.body, request.signature)) {
    throw new CvcError('ERR_CVC_SIGNATURE', 'request is not signed by its own key');
  }
  return key;
}

export interface CvAuthentication {
  /** The request, 7F21. */
  readonly request: Uint8Array;
  /** Names the key of the outer signature. */
  readonly authorityReference: string;
  /** Request and reference with their headers: what the outer signature covers. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** What the outer signature is to cover. */
export function encodeCvAuthenticationBody(
  request: Uint8Array,
  authorityReference: string,
): Uint8Array {
  return concat(request, encodeTlv(TAG_AUTHORITY, encodeReference(authorityReference)));
}

/** The 67 object. */
export function encodeCvAuthentication(signed: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeTlv(TAG_AUTHENTICATION, signed, encodeTlv(TAG_SIGNATURE, signature));
}

/** Strict; the request within is for `decodeCvRequest`. */
export function decodeCvAuthentication(encoded: Uint8Array): CvAuthentication {
  const outer = new CvObjects(encoded);
  const objects = new CvObjects(outer.value(TAG_AUTHENTICATION));
  outer.end();
  const request = objects.object(TAG_CERTIFICATE).encoded;
  const reference = objects.object(TAG_AUTHORITY);
  const signature = objects.value(TAG_SIGNATURE);
  objects.end();
  return {
    request,
    authorityReference: decodeReference(reference.value),
    signed: concat(request, reference.encoded),
    signature,
  };
}

/** Throws `ERR_CVC_SIGNATURE` unless this key signed it. Whose key it is, the caller compares. */
export function verifyCvAuthentication(
  authentication: CvAuthentication,
  key: CvKey,
): CvAuthentication {
  if (!verifyCvSignature(key, authentication.signed, authentication.signature)) {
    throw new CvcError('ERR_CVC_SIGNATURE', 'request is not signed by the key that it names');
  }
  return authentication;
}
