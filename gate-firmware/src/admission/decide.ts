import type { Manifest } from '@pinless-gate/protocol/bundle';
import type { SeatRecord, Ticket } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';

/** What earlier taps did to a ticket. */
export interface TicketHistory {
  readonly entries: number;
}

export interface Lane {
  /** The gates, as printed on tickets, that this lane leads through. */
  readonly gates: readonly string[];
}

type ListFields = 'notBefore' | 'issuedAt' | 'expiresAt' | 'revocationCheckedAt' | 'policy';

/** Everything a decision depends on. `at` in Unix milliseconds. */
export interface Facts {
  readonly list: Pick<Manifest, ListFields>;
  readonly record: SeatRecord;
  /** In the order of the record's tickets. */
  readonly history: readonly TicketHistory[];
  readonly lane: Lane;
  readonly at: number;
}

export interface Admitted {
  readonly admitted: true;
  readonly tickets: readonly { readonly ticket: Ticket; readonly entry: number }[];
}

export interface Refused {
  readonly admitted: false;
  readonly reason: RefusalReason;
}

export type Decision = Admitted | Refused;

export const refused = (reason: RefusalReason): Refused => ({ admitted: false, reason });

export type ListRefusal = Extract<RefusalReason, 'list-expired' | 'revocation-too-old'>;

/** What a lane with such a list says of itself where codes are wanted. */
export const LIST_CODES: Record<ListRefusal, string> = {
  'list-expired': 'ERR_LIST_EXPIRED',
  'revocation-too-old': 'ERR_LIST_REVOCATION',
};

/** Whether the list may decide at all. */
export function listRefusal(list: Facts['list'], at: number): ListRefusal | undefined {
  const { notBefore, issuedAt, expiresAt, policy } = list;
  const now = at / 1000;
  if (now < notBefore || now > expiresAt) return 'list-expired';
  if (now - issuedAt > policy.refuseAfterS) return 'list-expired';
  const { revocationRefuseAfterS: limit } = policy;
  return limit !== undefined && revocationAge(list, now) > limit ? 'revocation-too-old' : undefined;
}

/** What makes the lane show amber while it still decides. */
export type ListWarning = 'list-stale' | 'revocation-stale';

export function listWarning(list: Facts['list'], at: number): ListWarning | undefined {
  const { issuedAt, policy } = list;
  const now = at / 1000;
  if (now - issuedAt > policy.staleAfterS) return 'list-stale';
  const { revocationStaleAfterS: limit } = policy;
  return limit !== undefined && revocationAge(list, now) > limit ? 'revocation-stale' : undefined;
}

/** Of the oldest check of a holder; without bounds where one was not checked. Seconds. */
function revocationAge({ revocationCheckedAt }: Facts['list'], now: number): number {
  return revocationCheckedAt === undefined ? Number.POSITIVE_INFINITY : now - revocationCheckedAt;
}

/**
 * Admits every ticket of the card that may enter here and now, if there is one. Otherwise the refusal
 * tells of the ticket that came closest, so that people are told to wait or to walk before they are told
 * that they have entered.
 */
export function decide({ list, record, history, lane, at }: Facts): Decision {
  const stale = listRefusal(list, at);
  if (stale) return refused(stale);
  if (record.notAfter !== undefined && at / 1000 >= record.notAfter + 1) {
    return refused('certificate-expired');
  }
  const reasons = record.tickets.map((ticket, i) =>
    ticketRefusal(ticket, history[i]!, lane, list.policy.toleranceS, at),
  );
  const tickets = record.tickets.flatMap((ticket, i) =>
    reasons[i] === undefined ? [{ ticket, entry: history[i]!.entries + 1 }] : [],
  );
  if (tickets.length > 0) return { admitted: true, tickets };
  return refused(CLOSENESS.find((reason) => reasons.includes(reason))!);
}

const CLOSENESS = ['too-early', 'wrong-gate', 'too-late', 'already-admitted'] as const;

function ticketRefusal(
  { seat, admission, entries }: Ticket,
  history: TicketHistory,
  lane: Lane,
  toleranceS: number,
  at: number,
): (typeof CLOSENESS)[number] | undefined {
  const now = at / 1000;
  if (!lane.gates.includes(seat.gate)) return 'wrong-gate';
  if (history.entries >= entries) return 'already-admitted';
  if (now < admission.from - toleranceS) return 'too-early';
  if (now > admission.until + toleranceS) return 'too-late';
  return undefined;
}
