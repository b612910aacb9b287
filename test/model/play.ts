import { limitsOf } from '@pinless-gate/gate-firmware/admission/limits';
import type { Ticket } from '@pinless-gate/protocol/record';
import { Gate } from './gate.ts';
import type { Memory } from './memory.ts';
import type { List, Op, Plan } from './plan.ts';
import { Reference } from './reference.ts';

/** Where the gate and the reference part: the step, and what each says. */
export interface Difference {
  readonly step: number;
  readonly gate: string;
  readonly reference: string;
}

export interface Played {
  readonly taps: number;
  readonly difference?: Difference | undefined;
  /** What taps came to, for telling whether sequences reach everything. */
  readonly outcomes: ReadonlySet<string>;
}

/** Plays a sequence on both sides, up to the first difference. */
export async function play(plan: Plan, memory: Memory): Promise<Played> {
  try {
    return await new Play(plan, memory).run();
  } finally {
    await memory.close();
  }
}

class Play {
  readonly #plan: Plan;
  readonly #gate: Gate;
  readonly #reference = new Reference();
  readonly #tickets: readonly Ticket[];
  /** Sequence numbers of decisions, with the tickets that moved. */
  readonly #moves: { sequence: number; tickets: readonly string[] }[] = [];
  readonly #outcomes = new Set<string>();
  #list: List;
  #at: number;
  #taps = 0;

  constructor(plan: Plan, memory: Memory) {
    this.#plan = plan;
    this.#gate = new Gate(memory);
    this.#at = plan.startsAt;
    this.#list = plan.lists[0]!;
    this.#tickets = this.#list.cards.flat();
    this.#reference.companions = new Map(this.#tickets.map((one) => [one.ticketNo, one]));
    this.#reference.cardOf = (ticket) =>
      this.#list.cards.find((card) => card.some((one) => one.ticketNo === ticket.ticketNo))!;
  }

  async run(): Promise<Played> {
    let difference: Difference | undefined;
    for (const [step, op] of this.#plan.ops.entries()) {
      const [gate, reference] = await this.#step(op);
      if (gate !== reference) {
        difference = { step, gate, reference };
        break;
      }
    }
    return { taps: this.#taps, outcomes: this.#outcomes, difference };
  }

  async #step(op: Op): Promise<[string, string]> {
    switch (op.op) {
      case 'tap':
        return this.#tap(op);
      case 'clock':
        this.#at = Math.max(0, this.#at + op.ms);
        return ['', ''];
      case 'restart':
        await this.#gate.memory.restart();
        return ['', ''];
      case 'list':
        this.#list = this.#plan.lists[op.list % this.#plan.lists.length]!;
        return ['', ''];
      case 'cleared':
        return this.#forAll(({ ticketNo }) => this.#cleared(ticketNo));
      case 'confirm':
      case 'annul':
      case 'undo':
        return this.#ofMove(op.op, op.back);
      default:
        return this.#staff(op.op, this.#tickets[op.ticket % this.#tickets.length]!);
    }
  }

  #tap(op: Extract<Op, { op: 'tap' }>): [string, string] {
    const { sequence } = this.#gate.memory;
    const { words, tickets } = this.#gate.tap(this.#list, op, this.#at);
    if (tickets.length > 0) this.#moves.push({ sequence, tickets });
    this.#taps++;
    this.#outcomes.add(tickets.length === 0 ? words : op.direction);
    return [words, this.#reference.tap(this.#list, op, this.#at, sequence)];
  }

  #ofMove(act: 'confirm' | 'annul' | 'undo', back: number): [string, string] {
    const move = this.#moves.at(-1 - back);
    const { tickets = [], sequence = 0 } = move ?? {};
    const changed = tickets.map((ticketNo) => {
      const gate = this.#gate.act(act, this.#at, ticketNo, sequence);
      return [gate, this.#meant(act, ticketNo, sequence)] as const;
    });
    return [0, 1].map((side) => changed.map((one) => one[side]).join()) as [string, string];
  }

  #meant(act: 'confirm' | 'annul' | 'undo', ticketNo: string, sequence: number): boolean {
    const history = this.#reference.of(ticketNo);
    if (act === 'undo') return history.takeBack(sequence);
    if (history.pending?.sequence !== sequence) return false;
    if (act === 'annul') return history.takeBack(sequence);
    history.pending.awaits = false;
    return true;
  }

  #staff(act: 'block' | 'unblock' | 'override', ticket: Ticket): [string, string] {
    const history = this.#reference.of(ticket.ticketNo);
    if (act === 'override') return this.#override(ticket);
    const changed = this.#gate.act(act, this.#at, ticket.ticketNo);
    const meant = history.blocked !== (act === 'block');
    history.blocked = act === 'block';
    return [`${changed}`, `${meant}`];
  }

  #override(ticket: Ticket): [string, string] {
    const history = this.#reference.of(ticket.ticketNo);
    const at = this.#at;
    const { sequence } = this.#gate.memory;
    const { checkOutMinute } = limitsOf(this.#list.policy, ticket.category);
    this.#gate.override(at, ticket, checkOutMinute);
    this.#moves.push({ sequence, tickets: [ticket.ticketNo] });
    history.push({
      kind: 'in',
      sequence,
      at,
      gate: ticket.seat.gate,
      day: Reference.dayOf(at, checkOutMinute),
      counted: !history.readmitted,
      awaits: false,
    });
    return this.#forAll(({ ticketNo }) => {
      const { entries, inside } = this.#gate.memory.read(ticketNo) ?? { entries: 0, inside: false };
      const meant = this.#reference.of(ticketNo);
      return [`${entries} ${inside}`, `${meant.counted.length} ${meant.inside}`];
    });
  }

  #cleared(ticketNo: string): [string, string] {
    const history = this.#reference.of(ticketNo);
    const { inside } = history;
    const changed = this.#gate.cleared(this.#at, ticketNo);
    const event = { kind: 'cleared', sequence: 0, at: this.#at, day: 0, counted: false } as const;
    if (inside) history.push({ ...event, awaits: false });
    return [`${changed}`, `${inside}`];
  }

  #forAll(each: (ticket: Ticket) => [string, string]): [string, string] {
    const both = this.#tickets.map(each);
    return [both.map(([gate]) => gate).join(), both.map(([, meant]) => meant).join()];
  }
}
