export type Direction = 'in' | 'out';

/** What one admission opens for. */
export interface Opening {
  /** Names the admission; opening twice for one id counts once. */
  readonly id: string;
  readonly direction: Direction;
  /** How many people may pass, from 1: a party goes through together. */
  readonly people: number;
}

export interface Turnstile {
  /**
   * Resolves when the hardware took the order; rejects with `DeviceError` by the driver's deadline at the
   * latest. It closes by itself: nobody takes an opening back.
   */
  open(opening: Opening): Promise<void>;
  /** Holds the way open until told `false`, and survives a repetition. Rejects like `open`. */
  hold(open: boolean): Promise<void>;
  /** Lets go of the hardware, which stays as it was left. */
  close(): Promise<void>;
}

/** For lanes that staff wave people through. */
export function noTurnstile(): Turnstile {
  const done = async () => undefined;
  return { open: done, hold: done, close: done };
}
