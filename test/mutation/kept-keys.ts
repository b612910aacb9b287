import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** How many keys are in use, by what was asked for. */
export type KeysInUse = ReadonlyMap<string, number>;

/**
 * Stands in for `generateKeyPairSync` of `node:crypto`. Half of the time would go into making RSA keys, so those
 * that are no longer in use are handed out again; two that are in use are never the same.
 */
export class KeptKeys {
  readonly #kept = new Map<string, unknown[]>();
  #inUse = new Map<string, number>();

  constructor() {
    const make = crypto.generateKeyPairSync as (...asked: unknown[]) => unknown;
    const handOut = (...asked: unknown[]) => {
      const what = JSON.stringify(asked);
      const kept = this.#kept.get(what) ?? [];
      const next = this.#inUse.get(what) ?? 0;
      kept[next] ??= make(...asked);
      this.#kept.set(what, kept);
      this.#inUse.set(what, next + 1);
      return kept[next];
    };
    Object.assign(crypto, { generateKeyPairSync: handOut });
    syncBuiltinESMExports();
  }

  inUse(): KeysInUse {
    return new Map(this.#inUse);
  }

  /** From now on these alone are in use. */
  use(keys: KeysInUse): void {
    this.#inUse = new Map(keys);
  }
}
