import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { Jlis } from '../jlis/jlis.ts';
import { startPrinter } from '../printer.ts';
import { startReader } from '../reader.ts';
import { startTurnstile } from '../turnstile.ts';
import { announce, JobWriter, pageOf } from './devices.ts';
import { aborted } from './options.ts';

/** `sandbox up DIR [card.json [card.json]]`: everything a gate needs around it, until Ctrl-C. */
export const upCommand: Command = async (argv, io) => {
  const { positionals } = parseArgs({ args: [...argv], options: {}, allowPositionals: true });
  const [directory, ...cards] = positionals;
  if (directory === undefined) throw new UsageError('a DIR for its files is wanted');
  if (cards.length > 2) throw new UsageError('the reader has two slots');
  const at = (name: string) => join(resolve(directory), name);
  const receipts = at('receipts');
  await mkdir(receipts, { recursive: true });
  if (!existsSync(at('jlis/state.json'))) await Jlis.create(at('jlis'));

  const jobs = new JobWriter(io, receipts);
  const printer = await startPrinter({ onJob: jobs.take });
  const turnstile = await startTurnstile({ onOpening: (opening) => announce(io, opening) });
  const reader = await startReader({ directory: at('reader'), note: io.err });
  try {
    for (const [slot, card] of cards.entries()) {
      await reader.insert(card, { slot: slot === 0 ? 0 : 1 });
    }
    io.err(`J-LIS      ${at('jlis')}  (CA certificate: ca.pem, revoked: crl.der)
reader     export PCSCLITE_CSOCK_NAME=${reader.socket}
           ${reader.names.join(', ')}
printer    [printer] driver = "tcp", host = "127.0.0.1", port = ${printer.port}
           receipts go to ${receipts}
turnstile  [turnstile] driver = "http", url = "${turnstile.url}"
           to watch it and to walk through: ${pageOf(turnstile)}
Ctrl-C ends all of it`);
    await aborted(io);
  } finally {
    await Promise.all([reader.close(), printer.close(), turnstile.close()]);
    await jobs.finished;
  }
  return EXIT_OK;
};
