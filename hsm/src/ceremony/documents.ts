import { keyHash, type Signed, signedMessage, signerOf } from '@pinless-gate/protocol/signed';
import { HsmError, type KeyStore } from '../key-store.ts';

/** Signed in the module, and verified before anybody else sees it. */
export async function signDocument(
  store: KeyStore,
  label: string,
  format: string,
  body: Uint8Array,
): Promise<Signed> {
  const spki = await store.publicKey(label);
  const signature = await store.sign(label, signedMessage(format, body));
  const signed = { body, signer: keyHash(spki), signature };
  if (signerOf(format, signed, [spki])) return signed;
  throw new HsmError('ERR_HSM_RESULT', `the signature of "${label}" does not verify`);
}
