import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TicketState } from '@pinless-gate/gate-firmware/admission/state';
import {
  decodeTicketState,
  encodeTicketState,
} from '@pinless-gate/gate-firmware/journal/admission-state';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';

export interface Change {
  readonly ticketNo: string;
  readonly before: TicketState | undefined;
  readonly after: TicketState;
}

/** Where a gate keeps what it knows of tickets. */
export interface Memory {
  read(ticketNo: string): TicketState | undefined;
  /** All of them or none. The number that the next call has is `sequence`. */
  write(at: number, changes: readonly Change[]): void;
  readonly sequence: number;
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Octets in a map, as a journal would keep them. */
export class OctetMemory implements Memory {
  readonly #states = new Map<string, Uint8Array>();
  sequence = 1;

  read(ticketNo: string): TicketState | undefined {
    const octets = this.#states.get(ticketNo);
    return octets && decodeTicketState(octets);
  }

  write(_: number, changes: readonly Change[]): void {
    for (const { ticketNo, before, after } of changes) {
      const read = before?.revision ?? 0;
      if (read !== (this.read(ticketNo)?.revision ?? 0)) throw new Error(`${ticketNo}: conflict`);
      if (after.revision <= read) throw new Error(`${ticketNo}: its revision did not rise`);
      this.#states.set(ticketNo, encodeTicketState(after));
    }
    this.sequence++;
  }

  async restart(): Promise<void> {}
  async close(): Promise<void> {}
}

const EVENT_ID = new Uint8Array(16).fill(0xe1);
const GATE_ID = new Uint8Array(16).fill(0x9a);

/** The gate's own journal, opened anew at each restart. */
export class JournalMemory implements Memory {
  readonly #directory = mkdtempSync(join(tmpdir(), 'model-'));
  #journal = Journal.open(join(this.#directory, 'journal'), GATE_ID);

  get sequence(): number {
    return this.#journal.sequence + 1;
  }

  read(ticketNo: string): TicketState | undefined {
    return this.#journal.ticketState(EVENT_ID, ticketNo);
  }

  write(at: number, changes: readonly Change[]): void {
    const entry = { kind: 'fault', at, monotonicMs: 0, detail: 'model' } as const;
    this.#journal.append(
      entry,
      changes.map((change) => ({ eventId: EVENT_ID, ...change })),
    );
  }

  async restart(): Promise<void> {
    await this.#journal.close();
    this.#journal = Journal.open(join(this.#directory, 'journal'), GATE_ID);
  }

  async close(): Promise<void> {
    await this.#journal.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
