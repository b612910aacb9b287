import { GateError } from '@pinless-gate/protocol/errors';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import type { PassageOutcome } from '@pinless-gate/protocol/journal/passage';
import type { Direction } from '@pinless-gate/protocol/lane-mode';
import { annul, confirm, type TicketState } from '../admission/state.ts';
import type { Ledger } from '../journal/ledger.ts';

/** What opened the lane, and is on the disk. */
export interface Opened {
  readonly sequence: number;
  readonly direction: Direction;
  /** In the order of the party: who passes first is taken for the first. */
  readonly tickets: readonly Entered[];
  /** At least as many as tickets. */
  readonly people: number;
}

export interface PassageParts {
  readonly ledger: Ledger;
  /** Whether there is a sensor at all. */
  readonly present: boolean;
  /** Calls once, later, unless taken back. */
  readonly after: (ms: number, action: () => void) => () => void;
  readonly onEntry: (outcome: PassageOutcome, direction: Direction, people: number) => void;
  /** The sensor is no witness any more, or again one: undefined. */
  readonly onTrouble: (error: GateError | undefined) => void;
  /** The journal could not be written: the gate must be started anew. */
  readonly onBroken: (error: unknown) => void;
}

interface Waiting extends Opened {
  /** Whose passage is not known, the next to pass first. */
  tickets: readonly Entered[];
  people: number;
  readonly ms: number;
  seen: boolean;
  cancel: () => void;
}

/** Where the policy says nothing, an admission counts at once, and this is how long somebody is looked out for. */
const LOOK_OUT_MS = 10_000;
/** A sensor that sees nobody of so many admissions in a row is blind, not the lane empty. */
const BLIND_AFTER = 3;

/**
 * The second phase of an admission (decision 0028): opened, then passed, or annulled when the sensor saw nobody.
 * Without a sensor there is no second phase. People are counted one by one.
 */
export class Passages {
  readonly #parts: PassageParts;
  readonly #waiting: Waiting[] = [];
  #unseen = 0;
  #held = false;

  constructor(parts: PassageParts) {
    this.#parts = parts;
  }

  /** Whether an admission is only one once somebody passed: not if nobody could be seen passing. */
  get witnessed(): boolean {
    return this.#parts.present && !this.#held && this.#unseen < BLIND_AFTER;
  }

  /** How many people may still pass. */
  get expected(): number {
    return this.#waiting.reduce((sum, { people }) => sum + people, 0);
  }

  /** What was pending when the program ended: in doubt a person is inside, so that nobody is looked for in vain. */
  settle(): void {
    const { ledger } = this.#parts;
    const left = new Map<number, [string, TicketState][]>();
    for (const [ticketNo, state] of ledger.tickets()) {
      if (!state.pending) continue;
      const { sequence } = state.pending;
      left.set(sequence, [...(left.get(sequence) ?? []), [ticketNo, state]]);
    }
    for (const [sequence, states] of [...left].sort(([a], [b]) => a - b)) {
      const direction = states[0]![1].last?.direction ?? 'in';
      const tickets = states.map(([ticketNo, { entries }]) => ({ ticketNo, entry: entries }));
      const opened = { sequence, direction, tickets, people: tickets.length };
      this.#write(direction === 'in' ? 'missing' : 'annulled', opened);
    }
  }

  /** The turnstile was told to open. `annulAfterS` is absent where the admission counts already. */
  opened(opened: Opened, annulAfterS: number | undefined): void {
    if (!this.#parts.present || this.#held) return;
    const ms = annulAfterS === undefined ? LOOK_OUT_MS : 1000 * annulAfterS;
    const waiting: Waiting = { ...opened, ms, seen: false, cancel: () => undefined };
    this.#waiting.push(waiting);
    this.#lookOut(waiting);
  }

  /** Staff took the admission back: nobody is waited for. */
  forget(sequence: number): void {
    const waiting = this.#waiting.find((one) => one.sequence === sequence);
    if (waiting) this.#drop(waiting);
  }

  /** The barrier is held open, or no longer: whoever passes then passes without an admission. */
  hold(open: boolean): void {
    this.#held = open;
  }

  sensed(direction: Direction): void {
    if (this.#unseen >= BLIND_AFTER) this.#parts.onTrouble(undefined);
    this.#unseen = 0;
    const waiting = this.#waiting.find((one) => one.direction === direction);
    if (!waiting) {
      const nobody = { direction, tickets: [], people: 1 };
      this.#guarded(() => this.#write(this.#held ? 'passed' : 'unexpected', nobody));
      return;
    }
    const tickets = waiting.tickets.slice(0, 1);
    waiting.tickets = waiting.tickets.slice(1);
    waiting.people -= 1;
    waiting.seen = true;
    if (waiting.people === 0) this.#drop(waiting);
    else this.#lookOut(waiting);
    this.#guarded(() => this.#write('passed', { ...waiting, tickets, people: 1 }));
  }

  /** What is pending stays so: it is settled at the next start. */
  close(): void {
    for (const waiting of [...this.#waiting]) this.#drop(waiting);
  }

  /** Each who passes gives the others the whole time again. */
  #lookOut(waiting: Waiting): void {
    waiting.cancel();
    waiting.cancel = this.#parts.after(waiting.ms, () => {
      this.#drop(waiting);
      this.#guarded(() => this.#over(waiting));
    });
  }

  #over(waiting: Waiting): void {
    const { ledger, onTrouble } = this.#parts;
    const wasBlind = this.#unseen >= BLIND_AFTER;
    if (!waiting.seen) this.#unseen += 1;
    const blind = this.#unseen >= BLIND_AFTER;
    const pending = ({ ticketNo }: Entered) =>
      ledger.state(ticketNo).pending?.sequence === waiting.sequence;
    const annulled = !blind && waiting.tickets.some(pending);
    this.#write(annulled ? 'annulled' : 'missing', waiting);
    if (blind && !wasBlind) onTrouble(blindness());
  }

  #write(
    outcome: PassageOutcome,
    { sequence, direction, tickets, people }: Omit<Opened, 'sequence'> & { sequence?: number },
  ): void {
    const { ledger, onEntry } = this.#parts;
    const settle = outcome === 'annulled' ? annul : confirm;
    const next = tickets.map(({ ticketNo }): [string, TicketState] => {
      const state = ledger.state(ticketNo);
      return [ticketNo, sequence === undefined ? state : settle(state, { sequence })];
    });
    const body = { kind: 'passage', outcome, of: sequence, direction, people } as const;
    const plain = tickets.map(({ ticketNo, entry }) => ({ ticketNo, entry }));
    ledger.write({ ...body, tickets: plain }, new Map(next));
    onEntry(outcome, direction, people);
  }

  #drop(waiting: Waiting): void {
    waiting.cancel();
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.onBroken(error);
    }
  }
}

function blindness(): GateError {
  return new GateError(
    'ERR_PASSAGE_BLIND',
    `the passage sensor saw nobody of ${BLIND_AFTER} admissions`,
    { hint: 'look at the sensor; until it sees somebody, admissions count at once' },
  );
}
