import { toHex } from '@pinless-gate/protocol/bytes';
import type { JournalEntry } from '@pinless-gate/protocol/journal';
import type { Checkpoint } from '@pinless-gate/protocol/journal/checkpoint';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import { csvRecord } from './csv.ts';

/** The last millisecond that ISO 8601 can write as JavaScript does. */
const LAST_DATE = 8.64e15;

/** ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return ms <= LAST_DATE ? new Date(ms).toISOString() : `${ms} ms`;
}

/** An entry as people and programs read it: never with a conversion value. */
export function shownEntry(entry: JournalEntry): Record<string, unknown> {
  const { gateId, ...rest } = entry;
  const shown = { ...rest, gate: toHex(gateId), at: isoTime(entry.at) };
  return entry.kind === 'decision' ? { ...shown, conversionValue: undefined } : shown;
}

export function shownCheckpoint({ gateId, sequence, hash, at, signature }: Checkpoint): object {
  return {
    sequence,
    kind: 'checkpoint',
    at: isoTime(at),
    atMs: at,
    gate: toHex(gateId),
    hash: toHex(hash),
    signature: toHex(signature),
  };
}

/** What it says, in one line. */
export function toldEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'decision':
      return `${entry.reason === undefined ? `admitted ${numbers(entry.tickets)}` : `refused ${entry.reason}`}  ${entry.code}`;
    case 'passage':
      return `passage ${entry.outcome}, ${entry.people} ${entry.direction}${about(entry.of)}`;
    case 'act': {
      const { id, role } = entry.operator;
      const what = [entry.detail, entry.ticketNo, numbers(entry.tickets)].filter(Boolean).join(' ');
      return `${entry.act} ${what}${about(entry.of)}, by ${id} (${role}): ${entry.reason}`;
    }
    default:
      return `${entry.kind}: ${entry.detail}`;
  }
}

const about = (of: number | undefined) => (of === undefined ? '' : ` of ${of}`);

function numbers(tickets: readonly Entered[]): string {
  return tickets.map(({ ticketNo, entry }) => `${ticketNo} (entry ${entry})`).join(', ');
}

/** What kinds of entries have besides what all of them have; columns that a kind lacks stay empty. */
const CSV_COLUMNS = {
  sequence: ({ sequence }) => sequence,
  at: ({ at }) => isoTime(at),
  kind: ({ kind }) => kind,
  outcome: (entry) => ('outcome' in entry ? entry.outcome : undefined),
  reason: (entry) => ('reason' in entry ? entry.reason : undefined),
  direction: (entry) => ('direction' in entry ? entry.direction : undefined),
  mode: (entry) => ('mode' in entry ? entry.mode : undefined),
  tickets: (entry) => ('tickets' in entry ? numbers(entry.tickets) : undefined),
  people: (entry) => (entry.kind === 'passage' ? entry.people : undefined),
  of: (entry) => ('of' in entry ? entry.of : undefined),
  code: (entry) => ('code' in entry ? entry.code : undefined),
  act: (entry) => (entry.kind === 'act' ? entry.act : undefined),
  operator: (entry) => (entry.kind === 'act' ? entry.operator.id : undefined),
  role: (entry) => (entry.kind === 'act' ? entry.operator.role : undefined),
  ticket: (entry) => (entry.kind === 'act' ? entry.ticketNo : undefined),
  detail: (entry) => ('detail' in entry ? entry.detail : undefined),
  list: ({ list }) => list?.version,
  fingerprint: ({ list }) => list?.fingerprint,
} as const satisfies Record<string, (entry: JournalEntry) => string | number | undefined>;

export const CSV_HEADER = csvRecord(Object.keys(CSV_COLUMNS));

export function csvEntry(entry: JournalEntry): string {
  return csvRecord(Object.values(CSV_COLUMNS).map((column) => column(entry)));
}
