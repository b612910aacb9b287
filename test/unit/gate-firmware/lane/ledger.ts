import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { Ledger } from '@pinless-gate/gate-firmware/journal/ledger';
import { decodeJournalEntry, type JournalEntry } from '@pinless-gate/protocol/journal';
import { onTestFinished } from 'vitest';
import { EVENT_ID, GATE_ID, temporary } from '../fixture.ts';

export const AT = Date.UTC(2026, 11, 20, 9);

/** A journal on the disk with time in the test's hand. */
export class LedgerRig {
  readonly journal: Journal;
  readonly ledger: Ledger;
  #at = AT;
  #timers: { at: number; action: () => void }[] = [];

  constructor(directory = join(temporary(), 'journal')) {
    this.journal = Journal.open(directory, GATE_ID);
    onTestFinished(() => this.journal.close());
    this.ledger = new Ledger({
      journal: this.journal,
      eventId: EVENT_ID,
      clock: { now: () => this.#at, monotonic: () => this.#at - AT },
      list: () => undefined,
      onEntry: () => undefined,
    });
  }

  readonly after = (ms: number, action: () => void): (() => void) => {
    const timer = { at: this.#at + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  };

  now(): number {
    return this.#at;
  }

  /** Time passes; what was due is done in its order. */
  pass(ms: number): void {
    const end = this.#at + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#at = next.at;
      next.action();
    }
    this.#at = end;
  }

  entries(): JournalEntry[] {
    return [...this.journal.all()].map((encoded) => decodeJournalEntry(encoded).entry);
  }
}
