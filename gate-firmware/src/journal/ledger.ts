import type { ActBody } from '@pinless-gate/protocol/journal/act';
import type { PassageBody } from '@pinless-gate/protocol/journal/passage';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import { NEW_TICKET, type TicketState } from '../admission/state.ts';
import type { Clock } from '../lane/clock.ts';
import type { Journal } from './journal.ts';

export interface LedgerParts {
  readonly journal: Journal;
  readonly eventId: Uint8Array;
  readonly clock: Clock;
  /** The list in force. */
  readonly list: () => { readonly version: number; readonly fingerprint: string } | undefined;
  /** An entry was written. */
  readonly onEntry: () => void;
}

/** What passages and people at the gate write: an entry and what it does to tickets, in one transaction. */
export type LedgerEntry =
  | ({ readonly kind: 'passage' } & PassageBody)
  | ({ readonly kind: 'act' } & ActBody);

/** A ticket's state as it shall be, by number. */
export type NextStates = ReadonlyMap<string, TicketState>;

/** The journal of one event as those see it who know neither lists nor clocks. Nothing here waits. */
export class Ledger {
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Unix milliseconds. */
  now(): number {
    return this.#parts.clock.now();
  }

  /** The sequence number that the next entry will have. */
  get next(): number {
    return this.#parts.journal.sequence + 1;
  }

  get mode(): LaneMode {
    return this.#parts.journal.laneMode;
  }

  /** As it is now; of a ticket that this gate never met, a new one. */
  state(ticketNo: string): TicketState {
    return this.#known(ticketNo) ?? NEW_TICKET;
  }

  /** Every ticket that this gate has met, by number. */
  tickets(): Iterable<readonly [string, TicketState]> {
    return this.#parts.journal.tickets(this.#parts.eventId);
  }

  /** Encoded entries, the newest first. */
  backwards(): Iterable<Uint8Array> {
    return this.#parts.journal.backwards();
  }

  /** On the disk when it returns: the sequence number. States that are as they were are not written. */
  write(entry: LedgerEntry, next: NextStates = new Map(), mode?: LaneMode): number {
    const { journal, eventId, clock, list, onEntry } = this.#parts;
    const changes = [...next].flatMap(([ticketNo, after]) => {
      const before = this.#known(ticketNo);
      return after === (before ?? NEW_TICKET) ? [] : [{ eventId, ticketNo, before, after }];
    });
    const stamp = { at: clock.now(), monotonicMs: Math.round(clock.monotonic()), list: list() };
    const { sequence } = journal.append({ ...stamp, ...entry }, changes, mode);
    onEntry();
    return sequence;
  }

  #known(ticketNo: string): TicketState | undefined {
    return this.#parts.journal.ticketState(this.#parts.eventId, ticketNo);
  }
}
