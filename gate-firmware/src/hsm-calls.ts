import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { GateError } from '@pinless-gate/protocol/errors';

export interface CallLimits {
  /** HMACs that may come at once; one is gained back every `everyMs`. */
  readonly burst: number;
  readonly everyMs: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Told of every call, also of a refused one. */
  readonly onCall: (operation: 'sign' | 'mac', refused: boolean) => void;
}

/** A lane needs one HMAC a tap, three where nothing is found for the card, and one a look for a new list. */
export const LANE_LIMITS = { burst: 30, everyMs: 200 } as const;

/**
 * The gate's key store with its calls counted, and its HMACs limited to what a lane can need: whoever may
 * have conversion values computed can enumerate all serial numbers (protocol.md 3).
 */
export function limitCalls(store: KeyStore, limits: CallLimits): KeyStore {
  const { burst, everyMs, now, onCall } = limits;
  let left: number = burst;
  let since = now();

  const take = (): void => {
    const gained = Math.floor((now() - since) / everyMs);
    left = Math.min(burst, left + gained);
    since += gained * everyMs;
    onCall('mac', left === 0);
    if (left === 0) {
      throw new GateError(
        'ERR_HSM_RATE',
        'more conversion values were asked for than a lane needs',
        {
          hint: 'if nobody tapped that often, somebody else has the gate compute: look at its log',
        },
      );
    }
    left -= 1;
  };

  return {
    keys: () => store.keys(),
    publicKey: (label) => store.publicKey(label),
    sign: async (label, message) => {
      onCall('sign', false);
      return store.sign(label, message);
    },
    mac: async (label, data) => {
      take();
      return store.mac(label, data);
    },
    macAll: async (label, data) => {
      for (const _ of data) take();
      return store.macAll(label, data);
    },
    generate: (label, kind, options) => store.generate(label, kind, options),
    require: (labels, options) => store.require(labels, options),
    wrap: (label, targets, soPinFile) => store.wrap(label, targets, soPinFile),
    unwrap: (request) => store.unwrap(request),
    destroy: (label) => store.destroy(label),
    capabilities: () => store.capabilities(),
    selftest: () => store.selftest(),
    status: () => store.status(),
    close: () => store.close(),
  };
}
