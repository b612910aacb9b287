import type { Manifest } from '@pinless-gate/protocol/bundle';
import type { Direction, LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { Policy } from '@pinless-gate/protocol/policy';
import type { Ticket } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { ENTRY_REFUSALS, type EntryRefusal, entryOf } from './entry.ts';
import { arriving, candidates, type Entering, type Party, withCompanions } from './party.ts';
import { nextEntry } from './state.ts';

export interface Lane {
  /** The gates, as printed on tickets, that this lane leads through. */
  readonly gates: readonly string[];
  /** Absent: `normal`. */
  readonly mode?: LaneMode | undefined;
  /** Which way its reader is; absent: in. */
  readonly direction?: Direction | undefined;
}

type ListFields = 'notBefore' | 'issuedAt' | 'expiresAt' | 'revocationCheckedAt' | 'policy';

/** Everything a decision depends on. */
export interface Facts extends Party {
  readonly list: Pick<Manifest, ListFields>;
  readonly lane: Lane;
}

/** One ticket that enters or leaves, with what its counters need. */
export interface Moving {
  readonly ticket: Ticket;
  /** The how-manieth entry this is, from 1; of one that leaves or comes back, the one it had. */
  readonly entry: number;
  readonly gate?: string | undefined;
  readonly date?: string | undefined;
  readonly returns?: true | undefined;
}

export interface Admitted {
  readonly admitted: true;
  readonly direction: Direction;
  readonly tickets: readonly Moving[];
  /** Flags of these tickets that the policy has staff look at. */
  readonly attention: readonly string[];
  /** What staff do before the lane opens. */
  readonly wait?: 'face-check' | 'attention' | undefined;
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
 * Admits every ticket of the card that may enter here and now, if there is one; where the policy has parties
 * arrive in parts, one of them with those that enter with it. Otherwise the refusal tells of the ticket that
 * came closest. Total: whatever the facts are, there is a decision.
 */
export function decide(facts: Facts): Decision {
  const { list, lane, at } = facts;
  if (!(at >= 0 && at <= LAST_TIME)) return refused('clock-fault');
  const reason = listRefusal(list, at) ?? modeRefusal(lane) ?? passageRefusal(facts);
  if (reason) return refused(reason);
  return lane.direction === 'out' ? decideExit(facts) : decideEntry(facts);
}

/** Of the year 9999, whose dates still compare as text. */
const LAST_TIME = Date.UTC(9999, 11, 30);

function modeRefusal({ mode, direction = 'in' }: Lane): RefusalReason | undefined {
  if (mode === 'closed') return 'lane-closed';
  if (direction === 'out') return mode === 'entry-only' ? 'lane-entry-only' : undefined;
  if (mode === 'exit-only') return 'lane-exit-only';
  return mode === 'evacuate' ? 'evacuation' : undefined;
}

/** The turnstile is open for this very card. */
function passageRefusal({ list, lane, history, at }: Facts): RefusalReason | undefined {
  const { passage } = list.policy;
  if (!passage) return undefined;
  const open = history.some(
    ({ pending, last }) =>
      pending &&
      last?.direction === (lane.direction ?? 'in') &&
      at - pending.at < 1000 * passage.annulAfterS,
  );
  return open ? 'already-open' : undefined;
}

function decideEntry(facts: Facts): Decision {
  const { list, record, lane, at } = facts;
  if (record.notAfter !== undefined && at / 1000 >= record.notAfter + 1) {
    return refused('certificate-expired');
  }
  const { policy } = list;
  const entering: Entering[] = [];
  const reasons = new Set<EntryRefusal>();
  for (const { ticket, state } of candidates(facts)) {
    const entry = entryOf({ policy, ticket, state, gates: lane.gates, at });
    if (entry.refusal === undefined) entering.push({ ticket, state, entry });
    else reasons.add(entry.refusal);
  }
  const may = withCompanions(policy, facts, entering);
  if (may.length > 0) return admitted(policy, facts.chosen ? may : arriving(policy, may));
  if (entering.length > 0) reasons.add('companion-first');
  // A card that opens nothing, or of whose tickets none was chosen, is not on the list here.
  return refused(ENTRY_REFUSALS.find((one) => reasons.has(one)) ?? 'not-listed');
}

function admitted(policy: Policy, entering: readonly Entering[]): Admitted {
  const flags = new Set(entering.flatMap(({ ticket }) => ticket.flags));
  const attention = (policy.attention ?? []).filter(({ flag }) => flags.has(flag));
  const look = attention.some(({ lane }) => lane === 'wait') ? 'attention' : undefined;
  const wait = policy.faceCheck === 'staff' ? 'face-check' : look;
  return {
    admitted: true,
    direction: 'in',
    tickets: entering.map(({ ticket, state, entry: { gate, date, returns } }) => ({
      ticket,
      entry: returns ? state.entries : nextEntry(state),
      gate,
      date,
      returns,
    })),
    attention: attention.map(({ flag }) => flag),
    ...(wait && { wait }),
  };
}

/**
 * Who is inside may leave at any time, whatever the ticket, the list's rules or a block say. A ticket that
 * this gate never saw may have entered at another one.
 */
function decideExit(facts: Facts): Decision {
  const inside = candidates(facts).filter(
    ({ state: { inside, entries, lastExitAt } }) =>
      inside || (entries === 0 && lastExitAt === undefined),
  );
  const known = inside.filter(({ state }) => state.inside);
  const leaving = known.length > 0 ? known : inside;
  const parts = facts.list.policy.arrival === 'parts' && !facts.chosen;
  const tickets = leaving
    .slice(0, parts ? 1 : leaving.length)
    .map(({ ticket, state }) => ({ ticket, entry: state.entries }));
  if (tickets.length === 0) return refused('not-inside');
  return { admitted: true, direction: 'out', tickets, attention: [] };
}
