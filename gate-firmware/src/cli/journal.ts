import { createPublicKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import {
  decodeJournalEntry,
  type JournalEntry,
  JournalError,
} from '@pinless-gate/protocol/journal';
import { JournalVerifier } from '@pinless-gate/protocol/journal/chain';
import type { Checkpoint } from '@pinless-gate/protocol/journal/checkpoint';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { type GateConfig, readGateConfig } from '../config.ts';
import { Journal } from '../journal/journal.ts';
import { DATA_FILE } from '../storage/lmdb.ts';
import { configFile } from './options.ts';

/** `gate journal show`: entries as one line each, the newest last. Never a conversion value. */
export const showCommand: Command = (argv, io) =>
  withJournal(argv, async (journal, { values }) => {
    const last = count(values.last ?? '50');
    for (const encoded of journal.read(Math.max(1, journal.sequence - last + 1), last)) {
      const { entry } = decodeJournalEntry(encoded);
      io.out(values.json ? JSON.stringify(shown(entry)) : line(entry));
    }
    return EXIT_OK;
  });

/** `gate journal export`: every entry as NDJSON. */
export const exportCommand: Command = (argv, io) =>
  withJournal(argv, async (journal) => {
    for (const encoded of journal.all()) {
      io.out(JSON.stringify(shown(decodeJournalEntry(encoded).entry)));
    }
    return EXIT_OK;
  });

export interface JournalReport {
  readonly entries: number;
  readonly checkpoints: number;
  /** Entries after the newest checkpoint: whole, but vouched for by nobody yet. */
  readonly unsigned: number;
  readonly admitted: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** `gate journal verify`: the chain from the first entry, and every checkpoint under the device key. */
export const verifyCommand: Command = (argv, io) =>
  withJournal(argv, async (journal, { values, config }) => {
    const report = verifyJournal(journal, await deviceKey(values['device-key'], config));
    io.out(values.json ? JSON.stringify({ verified: true, ...report }) : reportLine(report));
    return EXIT_OK;
  });

/** Throws a `JournalError` that names the first entry or checkpoint that does not hold. */
export function verifyJournal(journal: Journal, device: Uint8Array): JournalReport {
  const verifier = new JournalVerifier(journal.gateId);
  const checkpoints = [...journal.checkpoints()];
  const refused: Record<string, number> = {};
  let admitted = 0;
  let next = 0;
  for (const encoded of journal.all()) {
    const entry = verifier.entry(encoded);
    if (entry.kind === 'decision') {
      if (entry.reason === undefined) admitted += 1;
      else refused[entry.reason] = (refused[entry.reason] ?? 0) + 1;
    }
    const checkpoint: Checkpoint | undefined = checkpoints[next];
    if (checkpoint?.sequence !== verifier.sequence) continue;
    verifier.checkpoint(checkpoint, device);
    next += 1;
  }
  if (next < checkpoints.length || verifier.sequence !== journal.sequence) {
    throw new JournalError(
      'ERR_JOURNAL_TAIL',
      `entries end at ${verifier.sequence}, but ${checkpoints.at(-1)?.sequence ?? journal.sequence} were written`,
    );
  }
  const signed = checkpoints.at(-1)?.sequence ?? 0;
  const unsigned = verifier.sequence - signed;
  return { entries: verifier.sequence, checkpoints: next, unsigned, admitted, refused };
}

function reportLine({ entries, checkpoints, unsigned, admitted, refused }: JournalReport): string {
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return `ok: ${entries} entries whole, ${checkpoints} checkpoints signed, ${unsigned} entries since; ${admitted} admitted, ${refusals} refused`;
}

async function deviceKey(file: string | undefined, config: GateConfig): Promise<Uint8Array> {
  if (file !== undefined) {
    const key = createPublicKey(await readFile(file));
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  }
  const store = await openKeyStore(config.hsm);
  try {
    return await store.publicKey(config.labels.device);
  } finally {
    await store.close();
  }
}

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--last ${text}: not a number of entries`);
}

interface Opened {
  readonly config: GateConfig;
  readonly values: {
    readonly json?: boolean;
    readonly last?: string;
    readonly 'device-key'?: string;
  };
}

async function withJournal(
  argv: readonly string[],
  action: (journal: Journal, opened: Opened) => Promise<number>,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      last: { type: 'string' },
      'device-key': { type: 'string' },
    },
  });
  const config = await readGateConfig(configFile(values.config));
  await stat(join(config.journalDirectory, DATA_FILE)).catch((cause: unknown) => {
    throw new GateError('ERR_JOURNAL_MISSING', `${config.journalDirectory}: no journal here`, {
      cause,
    });
  });
  const journal = Journal.open(config.journalDirectory, config.gateId);
  try {
    return await action(journal, { config, values });
  } finally {
    await journal.close();
  }
}

function shown(entry: JournalEntry): object {
  const { gateId, ...rest } = entry;
  const base = { ...rest, gate: toHex(gateId), at: new Date(entry.at).toISOString() };
  return entry.kind === 'decision' ? { ...base, conversionValue: undefined } : base;
}

function line(entry: JournalEntry): string {
  const list = entry.list ? `list v${entry.list.version} ${entry.list.fingerprint}` : 'no list';
  const head = `${entry.sequence}  ${new Date(entry.at).toISOString()}  ${list}  `;
  return head + told(entry);
}

function told(entry: JournalEntry): string {
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
