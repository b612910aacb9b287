import type { JournalEntry } from '@pinless-gate/protocol/journal';

/** What a journal says happened; rehearsals are none of it. */
export interface Tally {
  /** Taps that were admitted. */
  readonly admitted: number;
  /** Taps that were refused, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Entries of tickets that stand, by tap and by hand: annulled and undone ones are taken off. */
  readonly entered: number;
  /** Exits that stand. */
  readonly left: number;
}

/** Counts entries as they are read, from the first. */
export class EntryTally {
  readonly #refused = new Map<string, number>();
  /** Which admissions were exits. */
  readonly #exits = new Set<number>();
  readonly #moved = { in: 0, out: 0 };
  #admitted = 0;

  count(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'decision': {
        const { sequence, reason, direction = 'in', mode, tickets } = entry;
        if (mode === 'rehearsal') return;
        if (reason !== undefined) {
          this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
          return;
        }
        this.#admitted += 1;
        if (direction === 'out') this.#exits.add(sequence);
        this.#moved[direction] += tickets.length;
        return;
      }
      case 'passage':
        if (entry.outcome === 'annulled') this.#moved[entry.direction] -= entry.tickets.length;
        return;
      case 'act':
        this.#act(entry);
        return;
    }
  }

  #act({ act, of, tickets }: JournalEntry & { kind: 'act' }): void {
    if (act === 'override' || act === 'accept') this.#moved.in += tickets.length;
    if (act !== 'undo') return;
    const direction = of !== undefined && this.#exits.has(of) ? 'out' : 'in';
    this.#moved[direction] -= tickets.length;
  }

  result(): Tally {
    const refused = Object.fromEntries(this.#refused);
    return { admitted: this.#admitted, refused, entered: this.#moved.in, left: this.#moved.out };
  }
}
