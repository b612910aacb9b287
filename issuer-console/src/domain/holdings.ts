import type { GateRecord } from './enrolment.ts';
import type { KeyRecord } from './keys.ts';

/** Everything that the page of gates and keys shows, at one moment. */
export interface Holdings {
  readonly now: number;
  readonly gates: readonly GateRecord[];
  readonly keys: readonly KeyRecord[];
}

/** Keys by event, in the order in which the events come; institution keys are of no event. */
export function keysByEvent(keys: readonly KeyRecord[]): ReadonlyMap<string, readonly KeyRecord[]> {
  const events = new Map<string, KeyRecord[]>();
  for (const key of keys) {
    const event = key.eventId ?? '';
    const known = events.get(event);
    if (known) known.push(key);
    else events.set(event, [key]);
  }
  return events;
}
