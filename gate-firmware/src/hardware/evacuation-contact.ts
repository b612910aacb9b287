import type { Unsubscribe } from '../listeners.ts';

/**
 * The contact of the building's fire alarm. It is read so that display and journal know; nothing that lets
 * people out may depend on it: the turnstile must be freed by the alarm's own wire.
 */
export interface EvacuationContact {
  /** Tells every change, from quiet: a contact that cannot be read tells nothing. */
  subscribe(listener: (active: boolean) => void): Unsubscribe;
  close(): Promise<void>;
}

export function noEvacuationContact(): EvacuationContact {
  return { subscribe: () => () => undefined, close: async () => undefined };
}
