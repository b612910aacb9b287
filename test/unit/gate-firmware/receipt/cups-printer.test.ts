import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cupsPrinter } from '@pinless-gate/gate-firmware/receipt/cups-printer';
import type { PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporary } from '../fixture.ts';

/** CUPS as its commands show it; each is a line of shell. */
async function cups(said: { lp?: string; state?: string; waiting?: string; timeoutMs?: number }) {
  const directory = await temporary();
  const command = async (name: string, line: string) => {
    const file = join(directory, name);
    await writeFile(file, `#!/bin/sh\necho "$0 $*" | sed "s:.*/::" >> ${directory}/log\n${line}\n`);
    await chmod(file, 0o755);
  };
  await command('lp', said.lp ?? `cat > ${directory}/paper`);
  const state = said.state ?? 'printer lane is idle.  enabled since today';
  await command(
    'lpstat',
    `case "$1" in -p) echo "${state}" ;; *) ${said.waiting ?? 'true'} ;; esac`,
  );
  await command('cancel', 'true');
  const printer = cupsPrinter({
    queue: 'lane',
    timeoutMs: said.timeoutMs ?? 10_000,
    queueLimit: 4,
    commands: directory,
  });
  onTestFinished(() => printer.close());
  const printed = (): Promise<PrintReport> =>
    new Promise((resolve) => {
      printer.onReport(resolve);
      printer.print({ id: '1', bytes: Buffer.from('receipt') });
    });
  return { printer, printed, read: (name: string) => readFile(join(directory, name), 'utf8') };
}

describe('cupsPrinter', () => {
  test('raw into the queue; gone from it is sent', async () => {
    const { printed, read, printer } = await cups({});
    expect(await printed()).toEqual({ id: '1', outcome: 'sent' });
    expect(await read('paper')).toBe('receipt');
    expect(await read('log')).toContain('lp -d lane -o raw -t receipt -s\n');
    expect(printer.state).toBe('ok');
  });

  test('a stopped queue is given nothing that it would print later', async () => {
    const { printed, read } = await cups({ state: 'printer lane disabled since today -' });
    expect(await printed()).toEqual({
      id: '1',
      outcome: 'not-printed',
      why: 'ERR_PRINTER_OFFLINE',
    });
    expect(await read('log')).not.toContain('lp -d');
  });

  test('what still waits at the deadline is cancelled', async () => {
    const { printed, read } = await cups({ waiting: 'echo lane-1 gate 1024', timeoutMs: 1500 });
    expect(await printed()).toEqual({
      id: '1',
      outcome: 'unconfirmed',
      why: 'ERR_PRINTER_UNKNOWN',
    });
    expect(await read('log')).toContain('cancel -a lane\n');
  });

  test('lp that fails may have printed', async () => {
    const { printed } = await cups({ lp: 'exit 1' });
    expect(await printed()).toEqual({ id: '1', outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE' });
  });
});
