import { GateError } from '@pinless-gate/protocol/errors';

/** The turnstile did not open, or nobody knows whether it did. */
export class TurnstileError extends GateError {}

export interface Turnstile {
  /**
   * Opens for one person; `id` names the admission, and opening twice for one id counts once. Resolves when
   * the hardware took the order; rejects with `TurnstileError` by the driver's deadline at the latest.
   */
  open(id: string): Promise<void>;
  close(): void;
}

/** For lanes that staff wave people through. */
export function noTurnstile(): Turnstile {
  return { open: async () => undefined, close: () => undefined };
}
