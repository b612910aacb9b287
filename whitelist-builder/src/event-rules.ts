import type { EventPlan } from './event-file.ts';
import type { ListingRules } from './purchase/listing.ts';
import { shapeOf } from './purchase/shape.ts';
import type { Revocation } from './validity/revocation.ts';

/** What decides which purchases of an event are listed; `now` in Unix seconds. */
export function rulesOf(event: EventPlan, now: number, revocation?: Revocation): ListingRules {
  return {
    eventId: event.eventId,
    gates: new Set(event.policy.gates),
    shape: shapeOf(event.policy),
    admission: event.admission,
    now,
    issuers: event.issuers,
    revocation,
  };
}
