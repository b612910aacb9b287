import type { GateError } from '@pinless-gate/protocol/errors';

export const LIGHT_STATES = ['idle', 'admitted', 'refused', 'staff', 'fault', 'evacuate'] as const;
export type LightState = (typeof LIGHT_STATES)[number];

/** Lamps above the lane. They repeat what the display says and say nothing that it does not. */
export interface Lights {
  /** Returns at once; of several orders the newest counts. Never throws. */
  show(state: LightState): void;
  close(): Promise<void>;
}

export function noLights(): Lights {
  return { show: () => undefined, close: async () => undefined };
}

/** Lamps that take one order at a time: what came meanwhile is left out but for the newest. */
export function orderedLights(
  order: (state: LightState) => Promise<void>,
  onTrouble: (error: GateError | undefined) => void,
): Lights {
  let wanted: LightState | undefined;
  let shown: LightState | undefined;
  let working: Promise<void> | undefined;

  const work = async () => {
    while (wanted !== undefined && wanted !== shown) {
      const state = wanted;
      shown = state;
      try {
        await order(state);
        onTrouble(undefined);
      } catch (error) {
        // The next order tries again, also the same one.
        if (wanted === state) wanted = undefined;
        shown = undefined;
        onTrouble(error as GateError);
      }
    }
    working = undefined;
  };
  return {
    show(state) {
      wanted = state;
      working ??= work();
    },
    close: async () => working,
  };
}
