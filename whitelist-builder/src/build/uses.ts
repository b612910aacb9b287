import { hash } from 'node:crypto';
import { equal } from '@pinless-gate/protocol/bytes';
import type { LineProblem } from '../purchase/line.ts';
import { MAX_TICKETS_PER_CARD, type Purchase } from '../purchase/schema.ts';
import type { LineSet } from './line-set.ts';
import type { Partitions } from './partitions.ts';

/**
 * What may stand in one row only (a purchase id, a ticket number), and what only so many rows may
 * share (a card).
 */
export interface Use {
  readonly key: Uint8Array;
  readonly kind: number;
  readonly number: number;
}

export const KEY_LENGTH = 16;
const PURCHASE = 0; // number: its status
const TICKET = 1; // number: its index in `tickets`
const COMPANION = 2; // number: its index in `companions`
const CARD = 3; // number: how many tickets of this row it opens

export function useOfPurchaseId({ purchaseId }: Purchase, status: number): Use {
  return { key: keyOf('purchase', purchaseId), kind: PURCHASE, number: status };
}

/** A companion who takes over one of `tickets` uses no number of their own. */
export function usesOfTickets(purchase: Purchase): Use[] {
  const uses: Use[] = [];
  const numbers = new Set<string>();
  for (const [number, { ticketNo }] of purchase.tickets.entries()) {
    numbers.add(ticketNo);
    uses.push({ key: keyOf('ticket', ticketNo), kind: TICKET, number });
  }
  for (const [number, { ticketNo }] of (purchase.companions ?? []).entries()) {
    if (numbers.has(ticketNo)) continue;
    uses.push({ key: keyOf('ticket', ticketNo), kind: COMPANION, number });
  }
  return uses;
}

export function useOfCard(conversionValue: Uint8Array, tickets: number): Use {
  return { key: conversionValue, kind: CARD, number: tickets };
}

function keyOf(kind: string, value: string): Uint8Array {
  return hash('sha256', `${kind}\0${value}`, 'buffer').subarray(0, KEY_LENGTH);
}

const ROW_KEY_LENGTH = 8; // enough to tell whether two rows of one purchase id are the same
/** Of a use set down: key 16 ‖ line 6 ‖ kind ‖ number ‖ row key 8. */
const RECORD_LENGTH = KEY_LENGTH + 8 + ROW_KEY_LENGTH;

export function writeUse(
  uses: Partitions,
  { key, kind, number }: Use,
  line: number,
  rowKey: Buffer,
): void {
  const { octets, at } = uses.reserve(key[0]!, RECORD_LENGTH);
  octets.set(key, at);
  octets.writeUIntBE(line, at + KEY_LENGTH, 6);
  octets[at + 22] = kind;
  octets[at + 23] = number;
  rowKey.copy(octets, at + 24, 0, ROW_KEY_LENGTH);
}

/** What becomes of rows that clash. */
export interface Verdicts {
  /** Turned away: bad lines. */
  readonly rejected: LineSet;
  /** Superseded by a later file, or the same once more: as if they were not there. */
  readonly dropped: LineSet;
  readonly reject: (line: number, problem: LineProblem) => void;
  readonly replaced: (line: number, by: number) => void;
  readonly repeated: (line: number, first: number) => void;
  /** Called once for each purchase id, with what holds. */
  readonly purchase: (line: number, status: number) => void;
  readonly fileNumber: (line: number) => number;
  readonly where: (line: number) => string;
}

/** Purchase ids first: a row that a later file replaces uses no ticket numbers. */
export async function findConflicts(uses: Partitions, verdicts: Verdicts): Promise<void> {
  for (let i = 0; i < uses.count; i++) settlePurchases(await uses.read(i), verdicts);
  for (let i = 0; i < uses.count; i++) settleOthers(await uses.read(i), verdicts);
}

function settlePurchases(records: Buffer, verdicts: Verdicts): void {
  const { single, groups } = sharedKeys(records, (at) => records[at + 22] === PURCHASE);
  for (const at of single) verdicts.purchase(lineAt(records, at), records[at + 23]!);
  for (const group of groups) {
    let [holds] = group as [Placed];
    for (const use of group.slice(1)) {
      if (equal(use.rowKey, holds.rowKey)) {
        verdicts.dropped.add(use.line);
        verdicts.repeated(use.line, holds.line);
      } else if (verdicts.fileNumber(use.line) !== verdicts.fileNumber(holds.line)) {
        verdicts.dropped.add(holds.line);
        verdicts.replaced(holds.line, use.line);
        holds = use;
      } else reject(verdicts, use, holds);
    }
    verdicts.purchase(holds.line, holds.number);
  }
}

function settleOthers(records: Buffer, verdicts: Verdicts): void {
  const { dropped } = verdicts;
  const isOther = (at: number) =>
    records[at + 22] !== PURCHASE && !dropped.has(lineAt(records, at));
  for (const group of sharedKeys(records, isOther).groups) {
    const [first] = group as [Placed];
    let tickets = first.number;
    for (const use of group.slice(1)) {
      if (use.kind !== CARD) {
        reject(verdicts, use, first);
        continue;
      }
      tickets += use.number;
      if (tickets <= MAX_TICKETS_PER_CARD) continue;
      const where = verdicts.where(first.line);
      const reason = `with ${where} a card opens more than ${MAX_TICKETS_PER_CARD} tickets`;
      rejectOnce(verdicts, use.line, { field: 'tickets', reason });
    }
  }
}

function reject(verdicts: Verdicts, use: Placed, first: Placed): void {
  const reason = `used before, in ${verdicts.where(first.line)}`;
  rejectOnce(verdicts, use.line, { field: FIELD[use.kind]!(use.number), reason });
}

/** One reason a line. */
function rejectOnce({ rejected, reject }: Verdicts, line: number, problem: LineProblem): void {
  if (rejected.has(line)) return;
  rejected.add(line);
  reject(line, problem);
}

interface Placed {
  readonly line: number;
  readonly kind: number;
  readonly number: number;
  readonly rowKey: Buffer;
}

/**
 * Records by key, where `wanted`: offsets of those whose key stands once, and groups of the others in the
 * order of their lines. Most keys stand once: sorting numbers alone finds the few that do not.
 */
function sharedKeys(records: Buffer, wanted: (at: number) => boolean) {
  const offsets: number[] = [];
  const all = new Float64Array(records.length / RECORD_LENGTH);
  for (let at = 0; at < records.length; at += RECORD_LENGTH) {
    if (!wanted(at)) continue;
    all[offsets.length] = records.readUIntBE(at, 6);
    offsets.push(at);
  }
  const prefixes = all.subarray(0, offsets.length).sort();
  const shared = new Set<number>();
  for (let i = 1; i < prefixes.length; i++) {
    if (prefixes[i] === prefixes[i - 1]) shared.add(prefixes[i]!);
  }
  if (shared.size === 0) return { single: offsets, groups: [] };
  const single: number[] = [];
  const byKey = new Map<string, number[]>();
  for (const at of offsets) {
    if (!shared.has(records.readUIntBE(at, 6))) {
      single.push(at);
      continue;
    }
    const key = records.toString('latin1', at, at + KEY_LENGTH);
    const group = byKey.get(key);
    if (group) group.push(at);
    else byKey.set(key, [at]);
  }
  const groups = [...byKey.values()].map((group) => {
    return group.map((at) => placedAt(records, at)).sort((a, b) => a.line - b.line);
  });
  return { single, groups };
}

function placedAt(records: Buffer, at: number): Placed {
  return {
    line: lineAt(records, at),
    kind: records[at + 22]!,
    number: records[at + 23]!,
    rowKey: records.subarray(at + 24, at + RECORD_LENGTH),
  };
}

function lineAt(records: Buffer, at: number): number {
  return records.readUIntBE(at + KEY_LENGTH, 6);
}

const FIELD: Readonly<Record<number, (number: number) => string>> = {
  [PURCHASE]: () => 'purchaseId',
  [TICKET]: (i) => `tickets[${i}].ticketNo`,
  [COMPANION]: (i) => `companions[${i}].ticketNo`,
};
