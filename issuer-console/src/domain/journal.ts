import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import type { JournalUpload } from '@pinless-gate/protocol/fleet';
import {
  decodeJournalEntry,
  type JournalEntry,
  JournalError,
  PRINTER_TROUBLE,
  PRINTER_WELL,
  UNEXPLAINED_CALLS,
} from '@pinless-gate/protocol/journal';
import { type ChainPosition, JournalVerifier } from '@pinless-gate/protocol/journal/chain';
import { PRINTER_FAULTS, type PrinterFault, type PrinterTrouble } from './gate.ts';

/** An upload that is not what the format says: nothing of it is kept. */
export class UploadError extends GateError {}

/** An entry as uploaded, read but not yet placed in its gate's chain. */
export interface UploadedEntry {
  readonly entry: JournalEntry;
  readonly raw: Uint8Array;
}

/** What became of an upload. `sequence` is the last entry held afterwards. */
export type Placement =
  | {
      readonly outcome: 'accepted';
      readonly sequence: number;
      readonly hash: Uint8Array;
      readonly fresh: readonly UploadedEntry[];
    }
  /** Entries between the last one held and the first one sent are missing. */
  | { readonly outcome: 'gap'; readonly sequence: number }
  /** Entry `at` is not the one held, or does not follow it: the gate signed two journals. */
  | { readonly outcome: 'conflict'; readonly sequence: number; readonly at: number };

/** Where journals are kept. */
export interface JournalStore {
  /**
   * Places an upload in one transaction, one upload of a gate after the other: all fresh entries are
   * kept or none, and a conflict is remembered. Undefined where the gate is not enrolled.
   */
  receive(
    gateId: string,
    entries: readonly UploadedEntry[],
    at: number,
  ): Promise<Placement | undefined>;
}

const MAX_TEXT_LENGTH = 64;
/** The end of the year 9999, in Unix milliseconds: what calendars and SQL can hold. */
const MAX_AT = 253_402_300_799_999;

/** Reads the entries of an upload: each well-formed, of this gate, one after the other. */
export function readUpload(upload: JournalUpload): UploadedEntry[] {
  let last: number | undefined;
  return upload.entries.map((raw) => {
    const { entry } = decodeJournalEntry(raw);
    if (!equal(entry.gateId, upload.gateId)) {
      throw new UploadError('ERR_UPLOAD_GATE', `entry ${entry.sequence} is of another gate`);
    }
    if (entry.sequence < 1 || (last !== undefined && entry.sequence !== last + 1)) {
      throw new UploadError('ERR_UPLOAD_ORDER', `entry ${entry.sequence} is out of order`);
    }
    if (entry.at > MAX_AT) {
      throw new UploadError('ERR_UPLOAD_TIME', `entry ${entry.sequence} is after the year 9999`);
    }
    if (entry.kind === 'decision') {
      checkText(entry.code, entry.sequence);
      checkText(entry.reason ?? '', entry.sequence);
    }
    if (entry.kind === 'act') checkText(entry.code ?? '', entry.sequence);
    last = entry.sequence;
    return { entry, raw };
  });
}

function checkText(text: string, sequence: number): void {
  if (text.length > MAX_TEXT_LENGTH || /\p{Cc}/u.test(text)) {
    throw new UploadError('ERR_UPLOAD_TEXT', `entry ${sequence} has a word of the wrong form`);
  }
}

/**
 * Decides what an upload is against the chain that is held. `held` gives the octets of every held entry
 * that the upload repeats, by sequence. Pure; same upload again, same answer.
 */
export function placeEntries(
  gateId: string,
  position: ChainPosition,
  held: ReadonlyMap<number, Uint8Array>,
  entries: readonly UploadedEntry[],
): Placement {
  const { sequence } = position;
  const first = entries[0]?.entry.sequence ?? sequence + 1;
  if (first > sequence + 1) return { outcome: 'gap', sequence };
  const repeated = entries.filter(({ entry }) => entry.sequence <= sequence);
  const changed = repeated.find(({ entry, raw }) => {
    const known = held.get(entry.sequence);
    return known === undefined || !equal(known, raw);
  });
  if (changed) return { outcome: 'conflict', sequence, at: changed.entry.sequence };
  const fresh = entries.slice(repeated.length);
  const verifier = new JournalVerifier(fromHex(gateId), position);
  for (const { raw } of fresh) {
    try {
      verifier.entry(raw);
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'ERR_JOURNAL_CHAIN') throw error;
      return { outcome: 'conflict', sequence, at: verifier.sequence + 1 };
    }
  }
  return { outcome: 'accepted', sequence: verifier.sequence, hash: verifier.hash, fresh };
}

/** When a gate last noted, in these entries, that its key computed values which no tap explains. */
export function unexplainedCalls(entries: readonly UploadedEntry[]): number | undefined {
  const noted = entries.findLast(
    ({ entry }) => entry.kind === 'fault' && entry.detail === UNEXPLAINED_CALLS,
  );
  return noted?.entry.at;
}

/**
 * What these entries say of the gate's printer: its last trouble, `well`, or undefined where they say nothing.
 * A gate that starts tells of a trouble anew, and never of the end of one that it does not know.
 */
export function printerTrouble(
  entries: readonly UploadedEntry[],
): PrinterTrouble | 'well' | undefined {
  const told = entries.findLast(
    ({ entry }) =>
      entry.kind === 'start' ||
      (entry.kind === 'fault' &&
        (entry.detail === PRINTER_WELL || entry.detail.startsWith(PRINTER_TROUBLE))),
  )?.entry;
  if (told?.kind === 'start') return 'well';
  if (told?.kind !== 'fault') return undefined;
  if (told.detail === PRINTER_WELL) return 'well';
  return { fault: printerFault(told.detail), since: told.at };
}

/** By the gate's code, whose words a newer gate may have more of. */
function printerFault(code: string): PrinterFault {
  const word = code.slice(PRINTER_TROUBLE.length).toLowerCase().replace('_', '-');
  return PRINTER_FAULTS.find((fault) => fault === word) ?? 'other';
}

/** How many people more entered, by this entry: fewer where an admission was taken back. */
export function peopleOf(entry: JournalEntry): number {
  switch (entry.kind) {
    case 'decision': {
      const counts = entry.direction !== 'out' && entry.mode !== 'rehearsal';
      return counts ? entry.tickets.length : 0;
    }
    case 'act':
      if (entry.act === 'undo') return -entry.tickets.length;
      return entry.act === 'override' || entry.act === 'accept' ? entry.tickets.length : 0;
    case 'passage': {
      const back = entry.outcome === 'annulled' && entry.direction === 'in';
      return back ? -entry.tickets.length : 0;
    }
    default:
      return 0;
  }
}

/** Which tickets went in by this entry: `change` is 1, or -1 where their entry was taken back. */
export function ticketsMoved(entry: JournalEntry): {
  readonly ticketNos: readonly string[];
  readonly change: number;
} {
  const change = Math.sign(peopleOf(entry));
  const tickets = change !== 0 && 'tickets' in entry ? entry.tickets : [];
  return { ticketNos: tickets.map(({ ticketNo }) => ticketNo), change };
}

/** Microseconds of the whole tap; where the gate names no total, its steps added up. */
export function totalUs(steps: Readonly<Record<string, number>>): number {
  const total = steps.total ?? Object.values(steps).reduce((sum, us) => sum + us, 0);
  return Math.min(total, Number.MAX_SAFE_INTEGER);
}

export function gateIdOf(upload: JournalUpload): string {
  return toHex(upload.gateId);
}
