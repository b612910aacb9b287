import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { gateCode } from '@pinless-gate/protocol/gate-code';
import { keyHash } from '@pinless-gate/protocol/signed';

/** What is read to the console's people, who have the same if they hold the same keys. */
export async function codeOf(
  store: KeyStore,
  labels: { readonly device: string; readonly transport: string },
): Promise<string> {
  return gateCode({
    deviceKey: keyHash(await store.publicKey(labels.device)),
    transportKey: keyHash(await store.publicKey(labels.transport)),
  });
}
