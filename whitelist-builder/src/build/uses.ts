import { hash } from 'node:crypto';
import type { LineProblem } from '../purchase/line.ts';
import { MAX_TICKETS_PER_CARD, type Purchase } from '../purchase/schema.ts';
import type { LineSet } from './line-set.ts';
import type { Partitions } from './partitions.ts';

/**
 * What may stand in one line only (a purchase id, a ticket number), and what only so many lines may
 * share (a card). Each use is a record of 24 octets: key 16 ‖ line 6 ‖ kind ‖ number.
 */
const RECORD_LENGTH = 24;
const KEY_LENGTH = 16;
const PURCHASE = 0;
const TICKET = 1; // number: its index in `tickets`
const COMPANION = 2; // number: its index in `companions`
const CARD = 3; // number: how many tickets of this line it opens

export function useOfPurchaseId({ purchaseId }: Purchase, line: number): Uint8Array {
  return encodeUse(keyOf('purchase', purchaseId), line, PURCHASE, 0);
}

/** A companion who takes over one of `tickets` uses no number of their own. */
export function usesOfTickets(purchase: Purchase, line: number): Uint8Array[] {
  const uses: Uint8Array[] = [];
  const numbers = new Set<string>();
  for (const [i, { ticketNo }] of purchase.tickets.entries()) {
    numbers.add(ticketNo);
    uses.push(encodeUse(keyOf('ticket', ticketNo), line, TICKET, i));
  }
  for (const [i, { ticketNo }] of (purchase.companions ?? []).entries()) {
    if (!numbers.has(ticketNo)) uses.push(encodeUse(keyOf('ticket', ticketNo), line, COMPANION, i));
  }
  return uses;
}

export function useOfCard(conversionValue: Uint8Array, line: number, tickets: number): Uint8Array {
  return encodeUse(conversionValue, line, CARD, tickets);
}

function keyOf(kind: string, value: string): Uint8Array {
  return hash('sha256', `${kind}\0${value}`, 'buffer').subarray(0, KEY_LENGTH);
}

function encodeUse(key: Uint8Array, line: number, kind: number, number: number): Uint8Array {
  const record = Buffer.allocUnsafe(RECORD_LENGTH);
  record.set(key);
  record.writeUIntBE(line, KEY_LENGTH, 6);
  record[22] = kind;
  record[23] = number;
  return record;
}

/** Calls `reject` for every line that uses again what an earlier one used, in the order of the lines. */
export async function findConflicts(
  uses: Partitions,
  rejected: LineSet,
  reject: (line: number, problem: LineProblem) => Promise<void>,
): Promise<void> {
  for (let i = 0; i < uses.count; i++) {
    const conflicts = conflictsOf(await uses.read(i)).sort((a, b) => a.line - b.line);
    for (const { line, problem } of conflicts) {
      if (rejected.has(line)) continue; // one reason a line
      rejected.add(line);
      await reject(line, problem);
    }
  }
}

interface Conflict {
  readonly line: number;
  readonly problem: LineProblem;
}

/** `records` stand in the order of their lines. */
function conflictsOf(records: Buffer): Conflict[] {
  const shared = sharedPrefixes(records);
  if (shared.size === 0) return [];
  const groups = new Map<string, Buffer[]>();
  for (let at = 0; at < records.length; at += RECORD_LENGTH) {
    if (!shared.has(prefixAt(records, at))) continue;
    const record = records.subarray(at, at + RECORD_LENGTH);
    const key = record.toString('latin1', 0, KEY_LENGTH);
    const group = groups.get(key);
    if (group) group.push(record);
    else groups.set(key, [record]);
  }
  return [...groups.values()].flatMap(conflictsInGroup);
}

/** Most keys stand once: sorting numbers alone finds the few that do not. */
function sharedPrefixes(records: Buffer): Set<number> {
  const prefixes = new Float64Array(records.length / RECORD_LENGTH);
  for (let i = 0; i < prefixes.length; i++) prefixes[i] = prefixAt(records, i * RECORD_LENGTH);
  prefixes.sort();
  const shared = new Set<number>();
  for (let i = 1; i < prefixes.length; i++) {
    if (prefixes[i] === prefixes[i - 1]) shared.add(prefixes[i]!);
  }
  return shared;
}

function prefixAt(records: Buffer, at: number): number {
  return records.readUIntBE(at, 6);
}

function conflictsInGroup(group: readonly Buffer[]): Conflict[] {
  const [first, ...later] = group.map((record) => {
    return { line: record.readUIntBE(KEY_LENGTH, 6), kind: record[22]!, number: record[23]! };
  });
  let tickets = first!.number;
  return later.flatMap((use): Conflict[] => {
    if (use.kind !== CARD) {
      const problem = {
        field: FIELD[use.kind]!(use.number),
        reason: `used before, in line ${first!.line}`,
      };
      return [{ line: use.line, problem }];
    }
    tickets += use.number;
    if (tickets <= MAX_TICKETS_PER_CARD) return [];
    const reason = `with line ${first!.line} a card opens more than ${MAX_TICKETS_PER_CARD} tickets`;
    return [{ line: use.line, problem: { field: 'tickets', reason } }];
  });
}

const FIELD: Readonly<Record<number, (number: number) => string>> = {
  [PURCHASE]: () => 'purchaseId',
  [TICKET]: (i) => `tickets[${i}].ticketNo`,
  [COMPANION]: (i) => `companions[${i}].ticketNo`,
};
