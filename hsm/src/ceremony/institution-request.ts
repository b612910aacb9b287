import {
  decodeJpkiRequest,
  encodeJpkiRequest,
  encodeJpkiRequestBody,
  jpkiRequestMessage,
  verifyJpkiRequest,
} from '@pinless-gate/protocol/cvc/jpki-request';
import {
  decodeCvRequest,
  encodeCvRequest,
  encodeCvRequestBody,
  verifyCvRequest,
} from '@pinless-gate/protocol/cvc/request';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { HsmError, type KeyStore } from '../key-store.ts';

export type CvcLayout = 'jpki' | 'tr03110';

export interface InstitutionRequest {
  readonly layout: CvcLayout;
  readonly label: string;
  /** CHR that the institution wishes for, and the CAR it has in mind: in the layout of TR-03110 alone. */
  readonly holderReference?: string | undefined;
  readonly authorityReference?: string | undefined;
}

/** Public key and proof of possession of the institution key, for the one who is to certify it. Verified before it is given. */
export async function institutionRequest(
  store: KeyStore,
  { layout, label, holderReference, authorityReference }: InstitutionRequest,
): Promise<Uint8Array> {
  const publicKey = await institutionPublicKey(store, label);
  if (layout === 'jpki') {
    const body = encodeJpkiRequestBody(publicKey);
    const request = encodeJpkiRequest(body, await store.sign(label, jpkiRequestMessage(body)));
    verifyJpkiRequest(decodeJpkiRequest(request));
    return request;
  }
  if (holderReference === undefined) throw new TypeError('TR-03110 wants a holder reference');
  const body = encodeCvRequestBody({
    holderReference,
    authorityReference,
    publicKey: { algorithm: 'rsa-sha256', key: publicKey },
  });
  const request = encodeCvRequest(body, await store.sign(label, body));
  verifyCvRequest(decodeCvRequest(request));
  return request;
}

/** The key is there and may be used as the institution's. */
export async function institutionPublicKey(store: KeyStore, label: string): Promise<RsaPublicKey> {
  // At an issuer it may be one that is moved, wrapped, to the gates.
  await store.require({ [label]: 'institution' }, { transportable: true });
  const publicKey = readPublicKey(await store.publicKey(label));
  if (publicKey.kind === 'rsa') return publicKey;
  throw new HsmError('ERR_HSM_KEY_TYPE', `key "${label}" is not an RSA key`);
}
