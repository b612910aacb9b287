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
const PAID = 0;
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
/** Of a use as an outcome keeps it: key 16 ‖ kind ‖ number. */
export const USE_LENGTH = KEY_LENGTH + 2;
const KIND = KEY_LENGTH;
const NUMBER = KEY_LENGTH + 1;
const LINE = USE_LENGTH;
const ROW_KEY = LINE + 6;
/** Of a use set down: the same, then line 6 ‖ row key 8. */
const RECORD_LENGTH = ROW_KEY + ROW_KEY_LENGTH;

export function encodeUse({ key, kind, number }: Use, octets: Buffer, at: number): void {
  octets.set(key, at);
  octets[at + KIND] = kind;
  octets[at + NUMBER] = number;
}

/** A use that stands in `kept` at `from`. Octet by octet: so few are copied faster than by a call. */
export function writeUse(
  uses: Partitions,
  kept: Buffer,
  from: number,
  { line, rowKey }: { readonly line: number; readonly rowKey: Buffer },
): void {
  const { octets, at } = uses.reserve(kept[from]!, RECORD_LENGTH);
  for (let i = 0; i < USE_LENGTH; i++) octets[at + i] = kept[from + i]!;
  octets.writeUIntBE(line, at + LINE, 6);
  for (let i = 0; i < ROW_KEY_LENGTH; i++) octets[at + ROW_KEY + i] = rowKey[i]!;
}

/** The conversion value, where a use that stands in `kept` is that of a card. */
export function cardKeyAt(kept: Buffer, at: number): Buffer | undefined {
  return kept[at + KIND] === CARD ? kept.subarray(at, at + KEY_LENGTH) : undefined;
}

/** Few enough that they stay at hand. */
const FILTER_BITS = 19;

/** Some uses, by the beginnings of their keys: two that begin alike count as one. */
export class UseSet {
  readonly #prefixes = new Set<number>();
  /** A bit for each beginning of so many bits: most of those that are asked about are not in the set. */
  readonly #bits = new Uint8Array(2 ** (FILTER_BITS - 3));

  addPrefix(prefix: number): void {
    this.#prefixes.add(prefix);
    const first = Math.floor(prefix / 2 ** (8 * PREFIX_LENGTH - FILTER_BITS));
    this.#bits[first >>> 3]! |= 1 << (first & 7);
  }

  /** A use that stands in `kept`. */
  add(kept: Buffer, at: number): void {
    this.addPrefix(prefixAt(kept, at));
  }

  has(kept: Buffer, at: number): boolean {
    const three = (kept[at]! << 16) | (kept[at + 1]! << 8) | kept[at + 2]!;
    const first = three >>> (24 - FILTER_BITS);
    if ((this.#bits[first >>> 3]! & (1 << (first & 7))) === 0) return false;
    return this.#prefixes.has(prefixAt(kept, at));
  }
}

export function appendUse(
  uses: Partitions,
  use: Use,
  row: { readonly line: number; readonly rowKey: Buffer },
): void {
  const octets = Buffer.allocUnsafe(USE_LENGTH);
  encodeUse(use, octets, 0);
  writeUse(uses, octets, 0, row);
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
  /** Called for each purchase id that is not paid, with what holds. */
  readonly unlisted: (line: number, status: number) => void;
  readonly fileNumber: (line: number) => number;
  readonly where: (line: number) => string;
}

/**
 * Purchase ids first: a row that a later file replaces uses no ticket numbers. Gives the beginnings of all keys that
 * stand more than once, whatever became of their rows.
 */
export async function findConflicts(
  uses: Partitions,
  verdicts: Verdicts,
): Promise<ReadonlySet<number>[]> {
  const shared: ReadonlySet<number>[] = [];
  for (let i = 0; i < uses.count; i++) {
    const records = await uses.read(i);
    shared.push(sharedPrefixes(records));
    settlePurchases(records, shared[i]!, verdicts);
  }
  for (let i = 0; i < uses.count; i++) settleOthers(await uses.read(i), shared[i]!, verdicts);
  return shared;
}

function settlePurchases(records: Buffer, shared: ReadonlySet<number>, verdicts: Verdicts): void {
  const isPurchase = (at: number) => records[at + KIND] === PURCHASE;
  for (let at = 0; at < records.length; at += RECORD_LENGTH) {
    const status = records[at + NUMBER]!;
    if (status === PAID || !isPurchase(at) || shared.has(prefixAt(records, at))) continue;
    verdicts.unlisted(lineAt(records, at), status);
  }
  for (const group of groupsOf(records, shared, isPurchase)) settlePurchase(group, verdicts);
}

/** Rows of one purchase id, in the order of the feed. */
function settlePurchase(group: readonly Placed[], verdicts: Verdicts): void {
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
  if (holds.number !== PAID) verdicts.unlisted(holds.line, holds.number);
}

function settleOthers(records: Buffer, shared: ReadonlySet<number>, verdicts: Verdicts): void {
  const { dropped } = verdicts;
  const isOther = (at: number) =>
    records[at + KIND] !== PURCHASE && !dropped.has(lineAt(records, at));
  for (const group of groupsOf(records, shared, isOther)) {
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

/** Beginnings of keys that stand more than once: sorting numbers alone finds the few there are. */
function sharedPrefixes(records: Buffer): ReadonlySet<number> {
  const prefixes = new Float64Array(records.length / RECORD_LENGTH);
  for (let i = 0; i < prefixes.length; i++) prefixes[i] = prefixAt(records, RECORD_LENGTH * i);
  prefixes.sort();
  const shared = new Set<number>();
  for (let i = 1; i < prefixes.length; i++) {
    if (prefixes[i] === prefixes[i - 1]) shared.add(prefixes[i]!);
  }
  return shared;
}

/**
 * Records of one key each, in the order of their lines; groups in that of their first records in the feed, however they were
 * set down: of a row that clashes twice the first clash is told.
 */
function groupsOf(
  records: Buffer,
  shared: ReadonlySet<number>,
  wanted: (at: number) => boolean,
): Placed[][] {
  if (shared.size === 0) return [];
  const byKey = new Map<string, Placed[]>();
  for (let at = 0; at < records.length; at += RECORD_LENGTH) {
    if (!wanted(at) || !shared.has(prefixAt(records, at))) continue;
    const key = records.toString('latin1', at, at + KEY_LENGTH);
    const group = byKey.get(key);
    if (group) group.push(placedAt(records, at));
    else byKey.set(key, [placedAt(records, at)]);
  }
  return [...byKey.values()]
    .map((group) => group.sort((a, b) => a.line - b.line))
    .sort(([a], [b]) => a!.line - b!.line || a!.kind - b!.kind || a!.number - b!.number);
}

/** The first octets of a key, as a number. */
export const PREFIX_LENGTH = 6;

function prefixAt(records: Buffer, at: number): number {
  return records.readUIntBE(at, PREFIX_LENGTH);
}

function placedAt(records: Buffer, at: number): Placed {
  return {
    line: lineAt(records, at),
    kind: records[at + KIND]!,
    number: records[at + NUMBER]!,
    rowKey: records.subarray(at + ROW_KEY, at + RECORD_LENGTH),
  };
}

function lineAt(records: Buffer, at: number): number {
  return records.readUIntBE(at + LINE, 6);
}

const FIELD: Readonly<Record<number, (number: number) => string>> = {
  [PURCHASE]: () => 'purchaseId',
  [TICKET]: (i) => `tickets[${i}].ticketNo`,
  [COMPANION]: (i) => `companions[${i}].ticketNo`,
};
