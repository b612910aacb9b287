import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import { decodeJournalEntry, JournalError } from '@pinless-gate/protocol/journal';
import type { ChainPosition } from '@pinless-gate/protocol/journal/chain';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { type GateConfig, readGateConfig } from '../config.ts';
import { readExport } from '../journal/export.ts';
import { itemsOf } from '../journal/items.ts';
import type { Journal } from '../journal/journal.ts';
import { type JournalReport, verifyItems } from '../journal/verify.ts';
import { withJournal } from './journal.ts';

/**
 * `gate journal verify`: the chain from the first entry, and every checkpoint under the device key; of this
 * gate's journal, or of an export, which needs nothing but the key.
 */
export const verifyCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      'device-key': { type: 'string' },
      'expect-sequence': { type: 'string' },
      'expect-hash': { type: 'string' },
    },
  });
  const [file, ...more] = positionals;
  if (more.length > 0) throw new UsageError('one export at a time');
  const options: Options = {
    config: values.config,
    deviceKey: values['device-key'],
    expected: expectation(values['expect-sequence'], values['expect-hash']),
  };
  const tell = (report: JournalReport) => {
    const { hash, ...rest } = report;
    const json = { verified: true, ...rest, hash: toHex(hash) };
    io.out(values.json ? JSON.stringify(json) : reportLine(report));
    return EXIT_OK;
  };
  if (file !== undefined) return tell(await verifyFile(file, options));
  return withJournal(options.config, async (journal, config) => {
    const device = await deviceKey(options.deviceKey, config);
    return tell(verifyJournal(journal, device, options.expected));
  });
};

interface Options {
  readonly config: string | undefined;
  readonly deviceKey: string | undefined;
  readonly expected: Partial<ChainPosition> | undefined;
}

/** A gate's own journal. What the console confirmed was written, whoever cut it off since. */
export function verifyJournal(
  journal: Journal,
  device: Uint8Array,
  expected: Partial<ChainPosition> = { sequence: Math.max(journal.sequence, journal.uploaded) },
): JournalReport {
  return verifyItems(itemsOf(journal), { gateId: journal.gateId, device, expected });
}

/** An export. Whoever can write a file can write one without checkpoints: that is no evidence. */
async function verifyFile(file: string, options: Options): Promise<JournalReport> {
  const config = options.config === undefined ? undefined : await readGateConfig(options.config);
  if (config === undefined && options.deviceKey === undefined) {
    throw new UsageError('--device-key is missing', 'for instance: --device-key device.pem');
  }
  const device = await deviceKey(options.deviceKey, config);
  const gateId = config?.gateId ?? gateOf(file);
  const { expected } = options;
  const report = verifyItems(readExport(file), { gateId, device, expected });
  if (report.checkpoints > 0) return report;
  throw new JournalError('ERR_JOURNAL_UNSIGNED', `${report.entries} entries and no checkpoint`, {
    hint: 'a gate signs every 256 entries or 60 s, and when it ends: export it then',
  });
}

/** Whose journal it says it is; the device key's signature says whether that is so. */
function gateOf(file: string): Uint8Array {
  for (const item of readExport(file)) {
    return item.kind === 'entry'
      ? decodeJournalEntry(item.encoded).entry.gateId
      : item.checkpoint.gateId;
  }
  throw new JournalError('ERR_JOURNAL_UNSIGNED', `${file}: nothing in it`);
}

function expectation(
  sequence: string | undefined,
  hash: string | undefined,
): Partial<ChainPosition> | undefined {
  if (sequence === undefined && hash === undefined) return undefined;
  if (sequence === undefined || !/^\d{1,15}$/.test(sequence)) {
    throw new UsageError('--expect-sequence is no number of an entry');
  }
  if (hash === undefined) return { sequence: Number(sequence) };
  try {
    const octets = fromHex(hash);
    if (octets.length >= 8 && octets.length <= 32) {
      return { sequence: Number(sequence), hash: octets };
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  throw new UsageError('--expect-hash: 16 to 64 hexadecimal digits are wanted');
}

function reportLine(report: JournalReport): string {
  const { entries, checkpoints, unsigned, admitted, refused, entered, hash } = report;
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const end = `ends with ${entries} ${toHex(hash).slice(0, 16)}`;
  return `ok: ${entries} entries whole, ${checkpoints} checkpoints signed, ${unsigned} entries since; ${admitted} admitted, ${refusals} refused; ${entered} entered; ${end}`;
}

async function deviceKey(
  file: string | undefined,
  config: GateConfig | undefined,
): Promise<Uint8Array> {
  if (file !== undefined) {
    const key = createPublicKey(await readFile(file));
    return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  }
  const store = await openKeyStore(config!.hsm);
  try {
    return await store.publicKey(config!.labels.device);
  } finally {
    await store.close();
  }
}
