import { Listeners, type Unsubscribe } from '../listeners.ts';
import type { LineSource } from './line-source.ts';

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

/** Lines `on` and `off`; any other line says nothing, and neither does a repetition. */
export function contactOf(lines: LineSource): EvacuationContact {
  const changes = new Listeners<boolean>();
  let active = false;
  lines.subscribe((line) => {
    if (line !== (active ? 'off' : 'on')) return;
    active = !active;
    changes.tell(active);
  });
  return { subscribe: (listener) => changes.add(listener), close: () => lines.close() };
}
