import { randomBytes } from 'node:crypto';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import {
  type OcspAnswer,
  type OcspOptions,
  type OcspTarget,
  verifyOcspResponse,
} from '@pinless-gate/protocol/certificate/ocsp';
import type { OcspReason } from '@pinless-gate/protocol/certificate/ocsp-reason';
import {
  type CertIdHash,
  certIdOf,
  encodeOcspRequest,
  encodeTbsRequest,
  OCSP_NONCE_LENGTH,
} from '@pinless-gate/protocol/certificate/ocsp-request';
import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { OcspClientError, type OcspTransport, postOcspRequest } from './ocsp-client.ts';

/** How a responder is asked, and what is taken for an answer. */
export interface OcspAsking extends OcspTransport {
  /** What the certificate is named with; SHA-1, which every responder knows (RFC 5019 2.1.1). */
  readonly hash?: CertIdHash;
  readonly options?: Omit<OcspOptions, 'nonce' | 'hashes'>;
  /** Signs requests, where the responder wants that. */
  readonly requestor?: Requestor | undefined;
}

/** A key in the HSM, and the certificate that the responder knows it by. */
export interface Requestor {
  readonly keys: Pick<KeyStore, 'sign'>;
  readonly label: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

/** An answer that is proven, or why there is none. Only `good` is valid. */
export type OcspResult =
  | { readonly ok: true; readonly answer: OcspAnswer }
  | { readonly ok: false; readonly reason: OcspReason | ErrorCode };

/** Asks about one certificate. `now` gives Unix milliseconds: when the answer has come is what counts. */
export async function askResponder(
  target: OcspTarget,
  asking: OcspAsking,
  now: () => number,
): Promise<OcspResult> {
  const nonce = new Uint8Array(randomBytes(OCSP_NONCE_LENGTH));
  const hash = asking.hash ?? 'sha1';
  const request = await requestFor(target, hash, nonce, asking.requestor);
  try {
    const response = await postOcspRequest(request, asking);
    const options = { ...asking.options, nonce, hashes: [hash] };
    return verifyOcspResponse(response, target, now(), options);
  } catch (error) {
    if (error instanceof OcspClientError) return { ok: false, reason: error.code };
    throw error;
  }
}

/** Signed where there is a requestor (RFC 6960 4.1.2). */
export async function requestFor(
  { anchor, issuerName, serial }: OcspTarget,
  hash: CertIdHash,
  nonce: Uint8Array | undefined,
  requestor?: Requestor,
): Promise<Uint8Array> {
  const subject = { issuerName, issuerSpki: anchor.certificate.spki, serial };
  const question = { certId: certIdOf(subject, hash), nonce };
  if (!requestor) return encodeOcspRequest(encodeTbsRequest(question));
  const { keys, label, certificate } = requestor;
  const { subject: name, spki } = parseCertificate(certificate);
  const tbs = encodeTbsRequest({ ...question, requestor: name.encoded });
  const { kind } = readPublicKey(spki);
  const signature = await keys.sign(label, tbs);
  return encodeOcspRequest(tbs, { kind, signature, certificates: [certificate] });
}
