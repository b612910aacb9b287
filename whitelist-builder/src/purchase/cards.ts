import type { Seat, Ticket } from '@pinless-gate/protocol/record';
import type { LineProblem } from './line.ts';
import type { Companion, HolderField, Purchase, PurchaseTicket } from './schema.ts';
import { entriesOf, flagsOf, type TicketShape, zoneProblem } from './shape.ts';

/** What a purchase leaves open and the event decides. Unix seconds. */
export interface TicketRules {
  readonly gates: ReadonlySet<string>;
  readonly admission: Ticket['admission'];
  readonly shape?: TicketShape | undefined;
}

/** A holder of the purchase with the tickets that their card opens. */
export interface HolderTickets {
  readonly holder: HolderField;
  /** Where the holder stands in the line: `holder` or `companions[0].holder`. */
  readonly field: string;
  readonly tickets: readonly Ticket[];
}

export type Cards =
  | {
      readonly cards: readonly HolderTickets[];
      readonly partySize: number;
      readonly problem?: undefined;
    }
  | { readonly problem: LineProblem };

const DEFAULT_CATEGORY = 'adult';

/** A ticket on its way: `holder` 0 is the purchase's own, 1 the first companion. */
interface Draft {
  readonly source: Omit<PurchaseTicket, 'seat'>;
  readonly seat: Seat;
  readonly field: string;
  readonly place: number;
  holder: number;
}

/** Which card opens which ticket, with every default filled in. A holder left without tickets is left out. */
export function cardsOf(purchase: Purchase, rules: TicketRules): Cards {
  const drafts = new Map<string, Draft>();
  const problem =
    draftTickets(purchase, drafts) ??
    first(purchase.companions ?? [], (companion, i) =>
      draftCompanion(purchase, companion, i, drafts),
    );
  if (problem) return { problem };

  const holders = [purchase.holder, ...(purchase.companions ?? []).map(({ holder }) => holder)];
  const tickets: Ticket[][] = holders.map(() => []);
  const firstTicket = drafts.values().next().value!;
  for (const draft of drafts.values()) {
    const admission = admissionOf(draft, drafts, firstTicket, rules);
    if ('field' in admission) return { problem: admission };
    if (!rules.gates.has(draft.seat.gate)) {
      const reason = 'not a gate of the event (event.toml: policy.gates)';
      return { problem: { field: `${draft.field}.seat.gate`, reason } };
    }
    const { shape = {} } = rules;
    const misplaced = zoneProblem(shape, draft.source.zone, draft.seat);
    if (misplaced) {
      const { member, reason } = misplaced;
      return { problem: { field: `${draft.field}.${member}`, reason } };
    }
    tickets[draft.holder]!.push(finish(draft, admission, shape));
  }
  const cards = holders.flatMap((holder, i) => {
    if (tickets[i]!.length === 0) return [];
    return {
      holder,
      field: i === 0 ? 'holder' : `companions[${i - 1}].holder`,
      tickets: tickets[i]!,
    };
  });
  return { cards, partySize: drafts.size };
}

function draftTickets({ tickets }: Purchase, drafts: Map<string, Draft>): LineProblem | undefined {
  return first(tickets, (source, i) => {
    const field = `tickets[${i}]`;
    return add(drafts, { source, seat: source.seat, field, place: i + 1, holder: 0 });
  });
}

function draftCompanion(
  { tickets }: Purchase,
  companion: Companion,
  index: number,
  drafts: Map<string, Draft>,
): LineProblem | undefined {
  const { holder: _, seat, ...source } = companion;
  const onlyNumber = seat === undefined && Object.keys(source).length === 1;
  const listed = drafts.get(source.ticketNo);
  if (onlyNumber && listed?.holder === 0) {
    listed.holder = index + 1;
    return undefined;
  }
  return add(drafts, {
    source,
    seat: seat ?? { gate: tickets[0]!.seat.gate },
    field: `companions[${index}]`,
    place: drafts.size + 1,
    holder: index + 1,
  });
}

function add(drafts: Map<string, Draft>, draft: Draft): LineProblem | undefined {
  const { ticketNo } = draft.source;
  const other = drafts.get(ticketNo);
  if (other) {
    return { field: `${draft.field}.ticketNo`, reason: `already the number of ${other.field}` };
  }
  drafts.set(ticketNo, draft);
  return undefined;
}

/** Of the ticket itself, else of the one it enters with, else of the first ticket, else of the event. */
function admissionOf(
  draft: Draft,
  drafts: ReadonlyMap<string, Draft>,
  firstTicket: Draft,
  rules: TicketRules,
): Ticket['admission'] | LineProblem {
  let admission: Ticket['admission'] | undefined;
  let at = draft;
  for (let steps = 0; ; steps++) {
    const window = at.source.admission;
    if (window && !admission) {
      admission = { from: unixSeconds(window.from), until: unixSeconds(window.until) };
      if (!(admission.from >= 0 && admission.from < admission.until)) {
        return { field: `${at.field}.admission`, reason: 'must end after it begins' };
      }
    }
    if (at.source.with === undefined) break;
    const next = drafts.get(at.source.with);
    const field = `${at.field}.with`;
    if (!next) return { field, reason: 'names no ticket of this purchase' };
    if (steps === drafts.size) return { field, reason: 'goes round in a circle' };
    at = next;
  }
  if (admission) return admission;
  if (draft !== firstTicket) {
    return admissionOf(firstTicket, drafts, firstTicket, rules);
  }
  return rules.admission;
}

function finish(
  { source, seat, place }: Draft,
  admission: Ticket['admission'],
  shape: TicketShape,
): Ticket {
  const category = source.category ?? DEFAULT_CATEGORY;
  return {
    ticketNo: source.ticketNo,
    seat,
    zone: source.zone,
    category,
    admission,
    entries: source.entries ?? entriesOf(shape, category),
    reentry: source.reentry ?? false,
    flags: flagsOf(shape, category),
    with: source.with,
    place,
  };
}

function first<T>(
  items: readonly T[],
  check: (item: T, index: number) => LineProblem | undefined,
): LineProblem | undefined {
  for (const [i, item] of items.entries()) {
    const problem = check(item, i);
    if (problem) return problem;
  }
  return undefined;
}

function unixSeconds(text: string): number {
  return Math.floor(Date.parse(text) / 1000);
}
