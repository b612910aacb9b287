import type { EventKey } from '@pinless-gate/hsm/event-keys';
import { HsmError, type KeyStore } from '@pinless-gate/hsm/key-store';
import { equal } from '@pinless-gate/protocol/bytes';
import { checkpointMessage } from '@pinless-gate/protocol/journal/checkpoint';
import { readPublicKey } from '@pinless-gate/protocol/public-key';
import { verifyEcdsa } from '@pinless-gate/protocol/signature';
import type { Journal } from './journal/journal.ts';

export interface KeyHealthParts {
  readonly store: KeyStore;
  /** The newest of the event's keys. */
  readonly eventKey: () => EventKey;
  readonly eventId: Uint8Array;
  /** Absent where no profile has terminal authentication. */
  readonly institution: string | undefined;
}

const PROBE = new TextEncoder().encode('pinless-gate/health/1');

/**
 * That the module still computes, and with the keys of before. It verifies its own signatures and its institution key
 * was held against the CV certificates; of the event key the id is known since it was met.
 */
export class KeyHealth {
  readonly #parts: KeyHealthParts;

  private constructor(parts: KeyHealthParts) {
    this.#parts = parts;
  }

  /** Uses both keys once; one HMAC. */
  static async learn(parts: KeyHealthParts): Promise<KeyHealth> {
    const health = new KeyHealth(parts);
    await health.check();
    return health;
  }

  /** One HMAC. */
  async check(): Promise<void> {
    const { converter, keyId } = this.#parts.eventKey();
    if (!equal(await converter.eventKeyId(this.#parts.eventId), keyId)) {
      throw new HsmError('ERR_HSM_RESULT', 'the event key gives another answer than before', {
        hint: 'run `hsm selftest`; if the token was changed, start the gate again',
      });
    }
    await this.#signs();
  }

  async #signs(): Promise<void> {
    const { store, institution } = this.#parts;
    if (institution !== undefined) await store.sign(institution, PROBE);
  }
}

/** A journal is signed by one key from its first entry to its last. */
export async function checkDeviceKey(
  store: KeyStore,
  label: string,
  journal: Journal,
): Promise<void> {
  await store.sign(label, PROBE);
  const newest = journal.newestCheckpoint;
  if (!newest) return;
  const key = readPublicKey(await store.publicKey(label));
  const { signature, ...signed } = newest;
  if (key.kind === 'ec' && verifyEcdsa(key, 'sha256', checkpointMessage(signed), signature)) return;
  throw new HsmError('ERR_HSM_KEY_CHANGED', `"${label}" is not the key that signed this journal`, {
    hint: "put this gate's own token back; for a new key, export the journal and begin another",
  });
}
