import { createPublicKey } from 'node:crypto';
import { decodeJpkiRequest, verifyJpkiRequest } from '@pinless-gate/protocol/cvc/jpki-request';
import { decodeCvRequest, verifyCvRequest } from '@pinless-gate/protocol/cvc/request';
import { TAG_BODY } from '@pinless-gate/protocol/cvc/tr03110';
import { GateError } from '@pinless-gate/protocol/errors';
import { decodeTlv, decodeTlvs } from '@pinless-gate/protocol/tlv';

export interface ProvenRequest {
  readonly publicKeyPem: string;
  /** In the layout of TR-03110 alone. */
  readonly holderReference?: string;
}

/** Either layout, by its first tags; refused unless the requester's key signed it. */
export function readInstitutionRequest(encoded: Uint8Array): ProvenRequest {
  try {
    return isTr03110(encoded) ? tr03110(encoded) : jpki(encoded);
  } catch (cause) {
    if (!(cause instanceof GateError)) throw cause;
    throw new GateError('ERR_JLIS_REQUEST', `request refused: ${cause.message}`, { cause });
  }
}

function isTr03110(encoded: Uint8Array): boolean {
  return decodeTlvs(decodeTlv(encoded).value)[0]?.tag === TAG_BODY;
}

function tr03110(encoded: Uint8Array): ProvenRequest {
  const request = decodeCvRequest(encoded);
  const { key } = verifyCvRequest(request);
  return { publicKeyPem: pem(key.spki), holderReference: request.holderReference };
}

function jpki(encoded: Uint8Array): ProvenRequest {
  return { publicKeyPem: pem(verifyJpkiRequest(decodeJpkiRequest(encoded)).spki) };
}

function pem(spki: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
