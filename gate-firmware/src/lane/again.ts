import { equal } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry } from '@pinless-gate/protocol/journal';
import type { SeatRecord } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { Admitted, Lane } from '../admission/decide.ts';
import type { Journal } from '../journal/journal.ts';
import type { Verdict } from './record.ts';

export interface AgainParts {
  readonly journal: Journal;
  readonly lane: Lane;
  /** For so long after an admission the same card is the same person at the same turnstile; absent: never. */
  readonly debounceMs?: number | undefined;
}

/** The admission that a card got a moment ago. */
export interface Again {
  readonly decision: Admitted;
  readonly sequence: number;
  readonly code: string;
}

/** What a card that proved itself hears when it comes a second time. Of an open turnstile it is told that. */
const SECOND_TIME: ReadonlySet<RefusalReason> = new Set([
  'already-admitted',
  'still-inside',
  'no-reentry',
  'not-yet-minimum-time',
  'daily-limit',
  'gate-limit',
]);

/**
 * A card that is held longer, flickers in the field or is tapped twice is one admission: it hears the same
 * again, and nothing is counted, opened or printed. That it was this very card the journal knows, so a gate
 * that was started anew in between says the same; an admission that was annulled or undone is none.
 */
export function admittedJustNow(
  { journal, lane, debounceMs = 0 }: AgainParts,
  { decision, record, history, conversionValue, at, fault }: Verdict,
): Again | undefined {
  if (!record || !conversionValue || fault || lane.mode === 'rehearsal') return undefined;
  if (!decision.admitted && !SECOND_TIME.has(decision.reason)) return undefined;
  const { direction = 'in' } = lane;
  const movement = history
    ?.map((state) => state?.last)
    .find((last) => last?.direction === direction && at - last.at < debounceMs);
  const [encoded] = movement ? journal.read(movement.sequence, 1) : [];
  if (!encoded) return undefined;
  const { entry } = decodeJournalEntry(encoded);
  if (entry.kind !== 'decision' || entry.outcome !== 'admitted') return undefined;
  if (!entry.conversionValue || !equal(entry.conversionValue, conversionValue)) return undefined;
  const tickets = ticketsOf(record, entry.tickets);
  return {
    decision: { admitted: true, direction, tickets, attention: [] },
    sequence: entry.sequence,
    code: entry.code,
  };
}

function ticketsOf(
  record: SeatRecord,
  entered: readonly { readonly ticketNo: string; readonly entry: number }[],
): Admitted['tickets'] {
  return record.tickets.flatMap((ticket) => {
    const found = entered.find(({ ticketNo }) => ticketNo === ticket.ticketNo);
    return found ? [{ ticket, entry: found.entry }] : [];
  });
}
