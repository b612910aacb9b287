import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GateError } from '@pinless-gate/protocol/errors';
import { decodeJournalEntry, type JournalEntry } from '@pinless-gate/protocol/journal';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { parseTime } from '@pinless-gate/runtime/time';
import { type GateConfig, readGateConfig } from '../config.ts';
import { exportLine } from '../journal/export.ts';
import { itemsOf } from '../journal/items.ts';
import { Journal } from '../journal/journal.ts';
import { CSV_HEADER, csvEntry, isoTime, shownEntry, toldEntry } from '../journal/shown.ts';
import { DATA_FILE } from '../storage/lmdb.ts';
import { configFile } from './options.ts';

/** `gate journal show`: entries as one line each, the newest last. Never a conversion value. */
export const showCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      last: { type: 'string', default: '50' },
    },
  });
  const last = count(values.last);
  return withJournal(values.config, async (journal) => {
    for (const encoded of journal.read(Math.max(1, journal.sequence - last + 1), last)) {
      const { entry } = decodeJournalEntry(encoded);
      io.out(values.json ? JSON.stringify(shownEntry(entry)) : line(entry));
    }
    return EXIT_OK;
  });
};

/**
 * `gate journal export`: whole, as NDJSON, it is what `gate journal verify FILE` and docs/journal.md verify.
 * What a filter has been through, and CSV, is for reading: without octets and checkpoints.
 */
export const exportCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      format: { type: 'string', default: 'ndjson' },
      from: { type: 'string' },
      to: { type: 'string' },
      kind: { type: 'string', multiple: true },
      outcome: { type: 'string' },
    },
  });
  const { format } = values;
  if (format !== 'ndjson' && format !== 'csv') {
    throw new UsageError(`--format ${format}: neither ndjson nor csv`);
  }
  const wanted = filterOf(values);
  return withJournal(values.config, async (journal) => {
    if (format === 'ndjson' && !wanted) {
      for (const item of itemsOf(journal)) io.out(exportLine(item));
      return EXIT_OK;
    }
    // RFC 4180 ends its lines so.
    if (format === 'csv') io.out(`${CSV_HEADER}\r`);
    for (const encoded of journal.all()) {
      const { entry } = decodeJournalEntry(encoded);
      if (wanted && !wanted(entry)) continue;
      io.out(format === 'csv' ? `${csvEntry(entry)}\r` : JSON.stringify(shownEntry(entry)));
    }
    return EXIT_OK;
  });
};

interface FilterOptions {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly outcome?: string | undefined;
}

/** Undefined where everything is wanted. */
function filterOf(options: FilterOptions): ((entry: JournalEntry) => boolean) | undefined {
  const { from, to, kind, outcome } = options;
  if ([from, to, kind, outcome].every((option) => option === undefined)) return undefined;
  const first = from === undefined ? 0 : parseTime(from, '--from');
  const end = to === undefined ? Number.POSITIVE_INFINITY : parseTime(to, '--to');
  return (entry) =>
    entry.at >= first &&
    entry.at < end &&
    (kind === undefined || kind.includes(entry.kind)) &&
    (outcome === undefined || ('outcome' in entry && entry.outcome === outcome));
}

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--last ${text}: not a number of entries`);
}

/** Opens the journal of a gate's configuration, and closes it. A missing one is not made. */
export async function withJournal(
  file: string | undefined,
  action: (journal: Journal, config: GateConfig) => Promise<number>,
): Promise<number> {
  const config = await readGateConfig(configFile(file));
  await stat(join(config.journalDirectory, DATA_FILE)).catch((cause: unknown) => {
    throw new GateError('ERR_JOURNAL_MISSING', `${config.journalDirectory}: no journal here`, {
      cause,
    });
  });
  const journal = Journal.open(config.journalDirectory, config.gateId);
  try {
    return await action(journal, config);
  } finally {
    await journal.close();
  }
}

function line(entry: JournalEntry): string {
  const list = entry.list ? `list v${entry.list.version} ${entry.list.fingerprint}` : 'no list';
  return `${entry.sequence}  ${isoTime(entry.at)}  ${list}  ${toldEntry(entry)}`;
}
