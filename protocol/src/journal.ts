import { createHash } from 'node:crypto';
import { concat, domain } from './bytes.ts';
import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError, GateError } from './errors.ts';
import { type ActBody, decodeAct, encodeAct } from './journal/act.ts';
import { type DecisionBody, decodeDecision, encodeDecision } from './journal/decision.ts';
import { decodePassage, encodePassage, type PassageBody } from './journal/passage.ts';

/** A journal that does not hold together. The message names the sequence number where it breaks. */
export class JournalError extends GateError {}

/** Times: `at` in Unix milliseconds, `monotonicMs` counts from the start of the gate's process. */
interface EntryBase {
  readonly sequence: number;
  readonly gateId: Uint8Array;
  readonly at: number;
  readonly monotonicMs: number;
  /** Which list was in force: version and fingerprint; absent before the first list. */
  readonly list?: { readonly version: number; readonly fingerprint: string } | undefined;
}

export interface DecisionEntry extends EntryBase, DecisionBody {
  readonly kind: 'decision';
}

export interface PassageEntry extends EntryBase, PassageBody {
  readonly kind: 'passage';
}

export interface ActEntry extends EntryBase, ActBody {
  readonly kind: 'act';
}

/** The list changed, the gate started or stopped, or something broke. */
export interface NoteEntry extends EntryBase {
  readonly kind: 'start' | 'stop' | 'list' | 'fault';
  /** An error code or a short word; never card data. */
  readonly detail: string;
}

export type JournalEntry = DecisionEntry | PassageEntry | ActEntry | NoteEntry;

/** Detail of a `fault`: the gate's key computed conversion values that no tap asked for. */
export const UNEXPLAINED_CALLS = 'ERR_HSM_UNEXPLAINED';

/** Begins the detail of a `fault`: what keeps the printer from printing, or its paper near the end. */
export const PRINTER_TROUBLE = 'ERR_PRINTER_';

/** Detail of a `fault`: a printer that was told of prints again. */
export const PRINTER_WELL = 'PRINTER_OK';

const NOTES = ['start', 'stop', 'list', 'fault'] as const;
const FIRST = domain('pinless-gate/journal/1');

/** What the first entry of a gate's journal names as its predecessor. */
export function journalOrigin(gateId: Uint8Array): Uint8Array {
  return createHash('sha256').update(concat(FIRST, gateId)).digest();
}

export function hashEntry(encoded: Uint8Array): Uint8Array {
  return createHash('sha256').update(encoded).digest();
}

/** One entry with the hash of the entry before it (protocol.md 7). */
export function encodeJournalEntry(entry: JournalEntry, previous: Uint8Array): Uint8Array {
  return encodeCbor({
    version: 1,
    kind: entry.kind,
    sequence: entry.sequence,
    gateId: entry.gateId,
    at: entry.at,
    monotonicMs: entry.monotonicMs,
    list: entry.list && { ...entry.list },
    previous,
    ...encodeBody(entry),
  });
}

function encodeBody(entry: JournalEntry): Record<string, CborValue | undefined> {
  switch (entry.kind) {
    case 'decision':
      return encodeDecision(entry);
    case 'passage':
      return encodePassage(entry);
    case 'act':
      return encodeAct(entry);
    default:
      return { detail: entry.detail };
  }
}

export interface ChainedEntry {
  readonly entry: JournalEntry;
  readonly previous: Uint8Array;
}

export function decodeJournalEntry(bytes: Uint8Array): ChainedEntry {
  const map = CborMap.decode(bytes, 'journal entry');
  const version = map.uint('version');
  if (version !== 1) throw new FormatError('ERR_JOURNAL_VERSION', `entry of version ${version}`);
  const previous = map.bytes('previous', 32);
  const kind = map.text('kind');
  const base = {
    sequence: map.uint('sequence'),
    gateId: map.bytes('gateId', 16),
    at: map.uint('at'),
    monotonicMs: map.uint('monotonicMs'),
    list: map.has('list') ? decodeList(map.map('list')) : undefined,
  };
  const entry = decodeBody(kind, base, map);
  map.end();
  return { entry, previous };
}

function decodeBody(kind: string, base: EntryBase, map: CborMap): JournalEntry {
  switch (kind) {
    case 'decision':
      return { ...base, kind, ...decodeDecision(map) };
    case 'passage':
      return { ...base, kind, ...decodePassage(map) };
    case 'act':
      return { ...base, kind, ...decodeAct(map) };
    default:
      return { ...base, kind: decodeNote(kind), detail: map.text('detail') };
  }
}

function decodeNote(text: string): NoteEntry['kind'] {
  const kind = NOTES.find((known) => known === text);
  if (!kind) throw new FormatError('ERR_JOURNAL_KIND', 'journal entry of unknown kind');
  return kind;
}

function decodeList(map: CborMap): { version: number; fingerprint: string } {
  const list = { version: map.uint('version'), fingerprint: map.text('fingerprint') };
  map.end();
  return list;
}
