import type { Policy } from '@pinless-gate/protocol/policy';
import type { Ticket } from '@pinless-gate/protocol/record';
import { TicketHistory } from './history.ts';
import type { List, Op } from './plan.ts';

/**
 * A second telling of docs/rules.md, as plain as it can be: no counters, no states, no codec; whatever is
 * asked is read off from what happened. Only for Tokyo, whose clocks never change.
 */

type Tap = Extract<Op, { op: 'tap' }>;
type Rules = NonNullable<Policy['rules']>;
type Verdict = { readonly why: string } | { readonly gate: string; readonly again: boolean };

const TOKYO_MS = 9 * 3_600_000;
const DAY_MS = 86_400_000;

const ORDER = [
  'event-paused',
  'too-early',
  'not-yet-minimum-time',
  'wrong-gate',
  'wrong-zone',
  'gate-limit',
  'companion-first',
  'daily-limit',
  'too-late',
  'still-inside',
  'no-reentry',
  'already-admitted',
  'ticket-blocked',
];

export class Reference {
  readonly #tickets = new Map<string, TicketHistory>();

  static dayOf(at: number, minute?: number): number {
    return dayOf(at, minute);
  }

  of(ticketNo: string): TicketHistory {
    let history = this.#tickets.get(ticketNo);
    if (!history) {
      history = new TicketHistory();
      this.#tickets.set(ticketNo, history);
    }
    return history;
  }

  /** What the tap comes to, in words; histories go on. */
  tap({ policy, cards }: List, tap: Tap, at: number, sequence: number): string {
    const { mode, direction, sensor } = tap;
    if (mode === 'closed') return 'lane-closed';
    if (direction === 'out' && mode === 'entry-only') return 'lane-entry-only';
    if (direction === 'in' && mode === 'exit-only') return 'lane-exit-only';
    if (direction === 'in' && mode === 'evacuate') return 'evacuation';
    const card = cards[tap.card % cards.length]!;
    const open = card.some(({ ticketNo }) => {
      const pending = this.of(ticketNo).pending;
      const waited =
        pending && policy.passage && at - pending.at < 1000 * policy.passage.annulAfterS;
      return waited && pending.kind === direction;
    });
    if (open) return 'already-open';
    const asked = card.filter(({ ticketNo }) => tap.chosen?.includes(ticketNo) ?? true);
    return direction === 'in'
      ? this.#enter(policy, asked, tap, at, sequence)
      : this.#leave(policy, asked, tap, { at, sequence, sensor });
  }

  #enter(policy: Policy, asked: readonly Ticket[], tap: Tap, at: number, sequence: number): string {
    const verdicts = new Map(asked.map((one) => [one, this.#verdict(policy, one, tap.gates, at)]));
    let may = asked.filter((one) => 'gate' in verdicts.get(one)!);
    for (let before = -1; before !== may.length; ) {
      before = may.length;
      may = may.filter((one) => this.#hasCompany(policy, one, may, at));
    }
    if (may.length === 0) {
      const whys = asked.map((one) => {
        const verdict = verdicts.get(one)!;
        return 'why' in verdict ? verdict.why : 'companion-first';
      });
      return ORDER.find((one) => whys.includes(one)) ?? 'not-listed';
    }
    const parts = policy.arrival === 'parts' && !tap.chosen;
    const going = parts ? this.#firstPart(may) : may;
    const words = going.map((one) => {
      const verdict = verdicts.get(one)! as { gate: string; again: boolean };
      const history = this.of(one.ticketNo);
      const counted = !verdict.again && !history.readmitted;
      const day = dayOf(at, checkOut(policy, one));
      const { gate } = verdict;
      history.push({ kind: 'in', sequence, at, gate, day, counted, awaits: tap.sensor });
      return `${one.ticketNo}#${history.counted.length}${verdict.again ? ' again' : ''}`;
    });
    return [...words, ...attentionOf(policy, going)].join(' ');
  }

  #leave(
    policy: Policy,
    asked: readonly Ticket[],
    tap: Tap,
    { at, sequence, sensor }: { at: number; sequence: number; sensor: boolean },
  ): string {
    const inside = asked.filter(({ ticketNo }) => this.of(ticketNo).inside);
    const unknown = asked.filter(({ ticketNo }) => {
      const { events } = this.of(ticketNo);
      return !events.some(({ kind, counted }) => kind === 'out' || (kind === 'in' && counted));
    });
    let going = inside.length > 0 ? inside : unknown;
    if (going.length === 0) return 'not-inside';
    if (policy.arrival === 'parts' && !tap.chosen) going = going.slice(0, 1);
    for (const { ticketNo } of going) {
      const event = { kind: 'out', sequence, at, day: 0, counted: false, awaits: sensor } as const;
      this.of(ticketNo).push({ ...event });
    }
    return ['out', ...going.map(({ ticketNo }) => ticketNo)].join(' ');
  }

  /** Of one ticket on its own. */
  #verdict(policy: Policy, ticket: Ticket, lane: readonly string[], at: number): Verdict {
    const history = this.of(ticket.ticketNo);
    if (history.blocked) return { why: 'ticket-blocked' };
    const zone = policy.zones?.find(({ name }) => name === ticket.zone);
    const here = lane.filter((gate) =>
      zone ? zone.gates.includes(gate) : gate === ticket.seat.gate,
    );
    if (here.length === 0) return { why: zone ? 'wrong-zone' : 'wrong-gate' };
    const open = here.filter((gate) => !paused(policy, gate, at));
    const choice = open.length > 0 ? open : here;
    const gate = choice.find((one) => one === ticket.seat.gate) ?? choice[0]!;
    const again = this.#comesBack(policy, ticket, at);
    const why =
      (history.readmitted ? undefined : this.#whyNotAgain(policy, ticket, gate, at, again)) ??
      whyNotNow(policy, ticket, at) ??
      (open.length === 0 ? 'event-paused' : undefined);
    return why === undefined ? { gate, again } : { why };
  }

  #whyNotAgain(
    policy: Policy,
    ticket: Ticket,
    gate: string,
    at: number,
    again: boolean,
  ): string | undefined {
    const history = this.of(ticket.ticketNo);
    const rules = rulesFor(policy, ticket);
    const reentry = strictest(rules);
    const { lastIn } = history;
    if (reentry === 'none' && lastIn && this.#sameStay(policy, ticket, at)) {
      return history.inside ? 'already-admitted' : 'no-reentry';
    }
    if (reentry === 'after-exit' && this.isIn(policy, ticket, at)) return 'still-inside';
    if (again) return undefined;
    const used = history.counted.length;
    if (used >= ticket.entries) return 'already-admitted';
    if (rules.some(({ entries }) => entries !== undefined && used >= entries)) {
      return 'already-admitted';
    }
    const today = history.countedOn(dayOf(at, checkOut(policy, ticket)));
    if (rules.some(({ entriesPerDay }) => entriesPerDay !== undefined && today >= entriesPerDay)) {
      return 'daily-limit';
    }
    const through = history.counted.filter((one) => one.gate === gate).length;
    if (rules.some((one) => one.entriesPerGate !== undefined && through >= one.entriesPerGate)) {
      return 'gate-limit';
    }
    const soon = rules.some(
      ({ minimumS }) => minimumS && lastIn && at - lastIn.at < 1000 * minimumS,
    );
    return soon ? 'not-yet-minimum-time' : undefined;
  }

  #comesBack(policy: Policy, ticket: Ticket, at: number): boolean {
    const history = this.of(ticket.ticketNo);
    const rule = strictest(rulesFor(policy, ticket));
    const granted = rule === 'after-exit' || (rule === undefined && ticket.reentry);
    // Cleared after having gone out and in: whether that counts was settled when the venue was cleared.
    const gone =
      history.left || (history.readmitted && history.events.some((e) => e.kind === 'out'));
    return granted && gone && history.lastIn !== undefined && this.#sameStay(policy, ticket, at);
  }

  #sameStay(policy: Policy, ticket: Ticket, at: number): boolean {
    const minute = checkOut(policy, ticket);
    const { lastIn } = this.of(ticket.ticketNo);
    return minute === undefined || !lastIn || dayOf(lastIn.at, minute) >= dayOf(at, minute);
  }

  isIn(policy: Policy, ticket: Ticket, at: number): boolean {
    return this.of(ticket.ticketNo).inside && this.#sameStay(policy, ticket, at);
  }

  #hasCompany(policy: Policy, one: Ticket, may: readonly Ticket[], at: number): boolean {
    const required = rulesFor(policy, one).some(({ companion }) => companion === 'required');
    if (!required || one.with === undefined) return true;
    if (may.some(({ ticketNo }) => ticketNo === one.with)) return true;
    const companion = this.companions.get(one.with);
    // On another card: its category is not known at the lane.
    const sameCard = companion && this.cardOf(one).includes(companion);
    return this.isIn(policy, sameCard ? companion : { ...one, ticketNo: one.with }, at);
  }

  /** Set by whoever plays: the tickets by number, and the card that a ticket is on in the list in force. */
  companions: ReadonlyMap<string, Ticket> = new Map();
  cardOf: (ticket: Ticket) => readonly Ticket[] = () => [];

  #firstPart(may: readonly Ticket[]): Ticket[] {
    const first = may.find(({ ticketNo }) => !this.of(ticketNo).inside) ?? may[0]!;
    const root = rootIn(may, first);
    return may.filter((one) => rootIn(may, one) === root);
  }
}

/** Follows `with` through those who may enter, as many steps as there are of them. */
function rootIn(may: readonly Ticket[], from: Ticket): Ticket {
  let root = from;
  for (const _ of may) root = may.find(({ ticketNo }) => ticketNo === root.with) ?? root;
  return root;
}

function rulesFor({ rules = [] }: Policy, { category }: Ticket): Rules {
  return rules.filter(({ categories }) => !categories || categories.includes(category));
}

function strictest(rules: Rules): string | undefined {
  return ['none', 'after-exit', 'free'].find((one) => rules.some(({ reentry }) => reentry === one));
}

function checkOut(policy: Policy, ticket: Ticket): number | undefined {
  return rulesFor(policy, ticket).find((one) => one.checkOutMinute !== undefined)?.checkOutMinute;
}

function dayOf(at: number, minute = 0): number {
  return Math.floor((at + TOKYO_MS - minute * 60_000) / DAY_MS);
}

function paused({ paused: pauses = [] }: Policy, gate: string, at: number): boolean {
  return pauses.some(
    ({ gates, from, until }) =>
      (gates === undefined || gates.includes(gate)) &&
      (from === undefined || at >= 1000 * from) &&
      (until === undefined || at < 1000 * until),
  );
}

function whyNotNow(policy: Policy, ticket: Ticket, at: number): string | undefined {
  const all = rulesFor(policy, ticket).flatMap(({ windows }) => (windows ? [windows] : []));
  const slack = 1000 * policy.toleranceS;
  const states = [[ticket.admission], ...all].map((windows) => {
    if (windows.some((one) => at >= 1000 * one.from - slack && at <= 1000 * one.until + slack)) {
      return 'open';
    }
    return windows.some((one) => at <= 1000 * one.until + slack) ? 'too-early' : 'too-late';
  });
  return (['too-late', 'too-early'] as const).find((one) => states.includes(one));
}

function attentionOf(policy: Policy, going: readonly Ticket[]): string[] {
  const look = (policy.attention ?? []).filter(({ flag }) =>
    going.some(({ flags }) => flags.includes(flag)),
  );
  const wait = look.some(({ lane }) => lane === 'wait') && 'wait: attention';
  const face = policy.faceCheck === 'staff' && 'wait: face-check';
  const words = look.length > 0 ? [`look: ${look.map(({ flag }) => flag).join(', ')}`] : [];
  return face || wait ? [...words, (face || wait) as string] : words;
}
