import { Look } from '@pinless-gate/gate-firmware/lane/look';
import { Modes } from '@pinless-gate/gate-firmware/lane/modes';
import type { LetIn } from '@pinless-gate/gate-firmware/lane/outcome';
import type { TapResult } from '@pinless-gate/gate-firmware/lane/tap';
import { Acts } from '@pinless-gate/gate-firmware/staff/acts';
import { Admissions } from '@pinless-gate/gate-firmware/staff/admissions';
import { Board } from '@pinless-gate/gate-firmware/staff/board';
import type { Order } from '@pinless-gate/gate-firmware/staff/order';
import { RecentTaps } from '@pinless-gate/gate-firmware/staff/recent-taps';
import type { ActEntry } from '@pinless-gate/protocol/journal';
import type { Role } from '@pinless-gate/protocol/journal/act';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { seatRecord, ticket } from '../fixture.ts';
import { LedgerRig } from '../lane/ledger.ts';

export const CODE = 'K7-42';

/** A lane without a card reader: taps are put into its journal as the lane would. */
export class Desk extends LedgerRig {
  readonly done: string[] = [];
  readonly letIn: LetIn[] = [];
  readonly forgotten: number[] = [];
  readonly broken: unknown[] = [];
  readonly taps = new RecentTaps(() => this.now());
  readonly look = new Look({
    timeoutMs: 60_000,
    after: this.after,
    show: () => undefined,
    signal: new AbortController().signal,
  });
  readonly modes = new Modes({
    ledger: this.ledger,
    turnstile: { hold: async (open) => void this.done.push(`hold ${open}`) },
    stand: () => undefined,
    onHold: () => undefined,
    onError: (what) => this.done.push(`error ${what}`),
  });
  readonly passages = {
    witnessed: false,
    expected: 0,
    forget: (sequence: number) => void this.forgotten.push(sequence),
  };
  readonly acts: Acts;
  readonly board: Board;

  constructor() {
    super();
    const { ledger, taps, passages, modes, look } = this;
    const common = { ledger, taps, passages, modes, look, list: () => undefined };
    const admissions = new Admissions({
      ...common,
      letIn: (admission) => this.letIn.push(admission),
      direction: 'in',
      newCode: () => 'A1-00',
      proofs: ['passport'],
      undoWithinMs: 600_000,
    });
    this.acts = new Acts({
      ...common,
      admissions,
      reprint: () => 1,
      onDone: ({ act }, { id }) => this.done.push(`${act} by ${id}`),
      onBroken: (error) => this.broken.push(error),
    });
    const board = { ...common, gateName: 'B1', timeZone: 'Asia/Tokyo', undoWithinMs: 600_000 };
    this.board = new Board({ ...board, notReady: () => undefined });
  }

  as(role: Role, order: Order) {
    return this.acts.perform({ id: `${role}-1`, role }, order);
  }

  /** A tap that was refused, of a card with these tickets; without any, of a stranger's. */
  refused(numbers: readonly string[], reason: RefusalReason = 'too-early', code = CODE): number {
    const at = this.now();
    const tickets = numbers.map((ticketNo, i) => ticket(ticketNo, { place: i + 1 }));
    const entry = { kind: 'decision', outcome: 'refused', reason, tickets: [], code } as const;
    const { sequence } = this.journal.append({ ...entry, at, monotonicMs: 0, steps: {} });
    const record = tickets.length > 0 ? seatRecord(tickets) : undefined;
    const decision = { admitted: false, reason } as const;
    const rest = { list: undefined, steps: {}, tapMs: 1 };
    this.taps.add({ sequence, code, at, decision, record, ...rest } satisfies TapResult);
    return sequence;
  }

  act(): ActEntry {
    const last = this.entries().at(-1)!;
    if (last.kind !== 'act') throw new Error(`the last entry is a ${last.kind}`);
    return last;
  }
}
