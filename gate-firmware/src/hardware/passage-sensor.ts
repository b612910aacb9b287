import type { Unsubscribe } from '../listeners.ts';
import type { LineSource } from './line-source.ts';
import type { Direction } from './turnstile.ts';

/** Somebody went through, as far as the hardware can tell. */
export interface SensedPassage {
  readonly direction: Direction;
}

/** Says who went through. One that fails says nothing: a lane must get along without. */
export interface PassageSensor {
  /** False where there is none: nobody passed, and nobody would be seen passing. */
  readonly present: boolean;
  subscribe(listener: (passage: SensedPassage) => void): Unsubscribe;
  close(): Promise<void>;
}

export function noPassageSensor(): PassageSensor {
  return { present: false, subscribe: () => () => undefined, close: async () => undefined };
}

/** Lines `in` and `out`; any other line says nothing. */
export function sensorOf(lines: LineSource): PassageSensor {
  return {
    present: true,
    subscribe: (listener) =>
      lines.subscribe((line) => {
        if (line === 'in' || line === 'out') listener({ direction: line });
      }),
    close: () => lines.close(),
  };
}
