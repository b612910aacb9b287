import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { startReader } from '../reader.ts';
import { aborted } from './options.ts';

/** `sandbox reader [--directory DIR] [--max-command-length N] [card.json [card.json]]` */
export const readerCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { directory: { type: 'string' }, 'max-command-length': { type: 'string' } },
  });
  if (positionals.length > 2) throw new UsageError('the reader has two slots');
  const limit = values['max-command-length'];
  if (limit !== undefined && !/^[1-9]\d*$/.test(limit)) {
    throw new UsageError(`--max-command-length "${limit}" is no number`);
  }
  const own = values.directory === undefined;
  const directory = values.directory ?? (await mkdtemp(join(tmpdir(), 'sandbox-reader-')));
  const reader = await startReader({
    directory,
    note: io.err,
    ...(limit !== undefined && { maxCommandLength: Number(limit) }),
  });
  try {
    for (const [slot, card] of positionals.entries()) {
      await reader.insert(card, { slot: slot === 0 ? 0 : 1 });
      io.err(`${card} is in ${reader.names[slot]}`);
    }
    io.out(`PCSCLITE_CSOCK_NAME=${reader.socket}`);
    await aborted(io);
  } finally {
    await reader.close();
    if (own) await rm(directory, { recursive: true });
  }
  return EXIT_OK;
};
