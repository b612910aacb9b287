import type { SeatRecord } from '@pinless-gate/protocol/record';
import { changesOf } from '../admission/changes.ts';
import { type Decision, decide, type Lane } from '../admission/decide.ts';
import { companionsElsewhere } from '../admission/party.ts';
import { NEW_TICKET, type TicketState } from '../admission/state.ts';
import type { ProfileName } from '../card/profiles/profile.ts';
import type { Journal } from '../journal/journal.ts';
import type { Whitelist } from '../whitelist/store.ts';
import type { Clock, StepTimes } from './clock.ts';

/** What the card came to, before it is journalled. */
export interface Verdict {
  readonly decision: Decision;
  readonly at: number;
  readonly conversionValue?: Uint8Array | undefined;
  readonly record?: SeatRecord | undefined;
  /** Of the record's tickets, in their order, as it was read for the decision. */
  readonly history?: readonly (TicketState | undefined)[] | undefined;
  readonly profile?: ProfileName | undefined;
  /** What is wrong with the gate, not with the card. */
  readonly fault?: unknown;
}

export interface RecordParts {
  readonly eventId: Uint8Array;
  readonly lane: Lane;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Whether somebody will be seen passing; absent: nobody is. */
  readonly witnessed?: () => boolean;
}

/** What the rules say now of the tickets as they are now. */
export function decideNow(
  { journal, eventId, lane }: RecordParts,
  { manifest }: Whitelist,
  record: SeatRecord,
  at: number,
): Required<Pick<Verdict, 'decision' | 'history'>> {
  const history = record.tickets.map(({ ticketNo }) => journal.ticketState(eventId, ticketNo));
  const others = new Map(
    companionsElsewhere(record).map((ticketNo) => [
      ticketNo,
      journal.ticketState(eventId, ticketNo) ?? NEW_TICKET,
    ]),
  );
  const known = history.map((state) => state ?? NEW_TICKET);
  const decision = decide({ list: manifest, record, history: known, others, lane, at });
  return { decision, history };
}

/**
 * One transaction: the entry and what it does to the tickets. While the card or staff took their time, somebody
 * may have blocked a ticket or closed the lane: what was admitted is decided again on what is true now.
 */
export function record(
  parts: RecordParts,
  list: Whitelist | undefined,
  examined: Verdict,
  code: string,
  times: StepTimes,
): { readonly verdict: Verdict; readonly sequence: number } {
  const { journal, eventId, clock, lane } = parts;
  const verdict =
    examined.decision.admitted && list
      ? { ...examined, ...decideNow(parts, list, examined.record!, examined.at) }
      : examined;
  const { decision, at, conversionValue, record: seat } = verdict;
  const { sequence } = journal.append(
    {
      kind: 'decision',
      at,
      monotonicMs: Math.round(clock.monotonic()),
      list: list && { version: list.manifest.version, fingerprint: list.passport.fingerprint },
      ...outcomeOf(decision),
      conversionValue: seat && conversionValue,
      code,
      steps: times.steps,
      mode: lane.mode === 'normal' ? undefined : lane.mode,
    },
    lane.mode === 'rehearsal'
      ? []
      : changes(parts, list, verdict).map((one) => ({ eventId, ...one })),
  );
  return { verdict, sequence };
}

function outcomeOf(decision: Decision) {
  if (!decision.admitted) {
    return { outcome: 'refused', reason: decision.reason, tickets: [] } as const;
  }
  return {
    outcome: 'admitted',
    tickets: decision.tickets.map(({ ticket: { ticketNo }, entry }) => ({ ticketNo, entry })),
    direction: decision.direction === 'in' ? undefined : decision.direction,
  } as const;
}

function changes(
  { journal, witnessed }: RecordParts,
  list: Whitelist | undefined,
  { decision, record: seat, history, at }: Verdict,
) {
  if (!decision.admitted) return [];
  const passage = list?.manifest.policy.passage;
  return changesOf(decision, {
    record: seat!,
    history: history!,
    at,
    sequence: journal.sequence + 1,
    awaitsPassage: passage !== undefined && witnessed?.() === true,
  });
}
