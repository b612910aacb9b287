import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  DESTRUCTION_FORMAT,
  type DestroyedKey,
  encodeDestruction,
  encodeDestructionBody,
  VERIFIED_BY,
} from '@pinless-gate/protocol/key-destruction';
import { Converter } from '../conversion-value.ts';
import { eventKeyLabel, HsmError, type KeyStore } from '../key-store.ts';
import { signDocument } from './documents.ts';

/** The event's keys in this module, every generation, with the ids that they go by. */
export async function eventKeysHeld(
  store: KeyStore,
  eventId: Uint8Array,
  more: readonly string[] = [],
): Promise<DestroyedKey[]> {
  const first = eventKeyLabel(toHex(eventId));
  const later = new RegExp(`^${first}-\\d+$`);
  const labels = (await store.keys())
    .map(({ label }) => label)
    .filter((label) => label === first || later.test(label) || more.includes(label));
  const held: DestroyedKey[] = [];
  for (const label of labels) {
    held.push({ label, keyId: await new Converter(store, label).eventKeyId(eventId) });
  }
  return held;
}

/** Gone, and nothing computes with them any more; or an error names the first that is not. */
export async function destroyKeys(store: KeyStore, labels: readonly string[]): Promise<void> {
  for (const label of labels) await store.destroy(label);
  for (const label of labels) {
    if (await isGone(store, label)) continue;
    throw new HsmError('ERR_HSM_DESTROY', `key "${label}" is still in the token`, {
      hint: "destroy it with the vendor's tool, and initialise the token anew where that fails",
    });
  }
}

async function isGone(store: KeyStore, label: string): Promise<boolean> {
  try {
    await store.mac(label, new Uint8Array(1));
    return false;
  } catch (error) {
    if (error instanceof GateError && error.code === 'ERR_HSM_KEY_MISSING') return true;
    throw error;
  }
}

export interface DestructionFacts {
  readonly gateId: Uint8Array;
  readonly eventId: Uint8Array;
  readonly keys: readonly DestroyedKey[];
  /** Unix seconds. */
  readonly destroyedAt: number;
}

/** The gate's own word for it, signed by the device key of this label. */
export async function recordDestruction(
  store: KeyStore,
  device: string,
  facts: DestructionFacts,
): Promise<Uint8Array> {
  const body = encodeDestructionBody({ ...facts, verifiedBy: VERIFIED_BY });
  return encodeDestruction(await signDocument(store, device, DESTRUCTION_FORMAT, body));
}
