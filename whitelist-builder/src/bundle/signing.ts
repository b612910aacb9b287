import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  BundleError,
  type ManifestSignature,
  type Publishers,
  sha256,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal } from '@pinless-gate/protocol/bytes';
import type { Publisher } from '../build/publication.ts';

/**
 * The signatures over these octets with this publisher's among them; undefined where it has signed already. What the
 * HSM gives is verified. A signature of that name which does not hold is replaced.
 */
export async function withSignature(
  octets: Uint8Array,
  signatures: readonly ManifestSignature[],
  keys: KeyStore,
  { label, publicKey }: Publisher,
): Promise<ManifestSignature[] | undefined> {
  const alone = { keys: [publicKey], threshold: 1 };
  if (isSigned(octets, signatures, alone)) return undefined;
  const keyId = sha256(publicKey);
  const own = { keyId, signature: await keys.sign(label, octets) };
  verifyManifestSignatures(octets, [own], alone);
  return [...signatures.filter((one) => !equal(one.keyId, keyId)), own];
}

export function isSigned(
  octets: Uint8Array,
  signatures: readonly ManifestSignature[],
  publishers: Publishers,
): boolean {
  try {
    verifyManifestSignatures(octets, signatures, publishers);
    return true;
  } catch (error) {
    if (error instanceof BundleError) return false;
    throw error;
  }
}
