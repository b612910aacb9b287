import type { Origin } from './audit.ts';
import type { Event } from './event.ts';
import { RefusedError } from './refusal.ts';

/** What holders of an event's purchases may do themselves. Their vendor may always. */
export interface HandoverRules {
  readonly companions: boolean;
  readonly transfer: boolean;
  /** Unix milliseconds; undefined: until admission begins. */
  readonly until: number | undefined;
  /** Told to whoever gives a ticket away; the vendor collects it. */
  readonly feeYen: number;
}

export const DEFAULT_RULES: HandoverRules = {
  companions: true,
  transfer: false,
  until: undefined,
  feeYen: 0,
};

export interface HandoverRulesStore {
  of(event: Event): Promise<HandoverRules>;
  set(event: Event, rules: HandoverRules, origin: Origin): Promise<void>;
}

const MAX_FEE_YEN = 1_000_000;

/** Throws what a vendor set wrongly. */
export function checkRules(rules: HandoverRules, event: Event): HandoverRules {
  const { feeYen, until } = rules;
  if (!(Number.isInteger(feeYen) && feeYen >= 0 && feeYen <= MAX_FEE_YEN)) {
    throw malformed(`fee: 0 to ${MAX_FEE_YEN} yen`);
  }
  if (until !== undefined && !(until <= event.admission.until)) {
    throw malformed('until: a date and time, not after admission ends');
  }
  return rules;
}

/** Until when holders may act. */
export function rulesUntil({ until }: HandoverRules, { admission }: Event): number {
  return until ?? admission.from;
}

/** Throws where a holder may not do this now. */
export function requireAllowed(
  rules: HandoverRules,
  event: Event,
  what: 'companions' | 'transfer',
  now: number,
): void {
  if (rules[what] && now < rulesUntil(rules, event)) return;
  throw new RefusedError('forbidden', 'ERR_HANDOVER_RULES', RULED_OUT);
}

const RULED_OUT = 'the event does not allow this, or not any more: its vendor may still do it';
const malformed = (what: string) => new RefusedError('invalid', 'ERR_HANDOVER_FORM', what);
