import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { type Delivery, type PrinterLine, PrintQueue, type QueueOptions } from './print-queue.ts';
import type { Printer, PrinterState } from './printer.ts';

export interface CupsPrinterOptions extends QueueOptions {
  /** A queue of CUPS whose device takes ESC/POS; the receipt is sent raw. */
  readonly queue: string;
  /** Where `lp`, `lpstat` and `cancel` are, instead of on the path. */
  readonly commands?: string | undefined;
}

type CommandOptions = Pick<CupsPrinterOptions, 'queue' | 'timeoutMs' | 'commands'>;

const LOOK_AGAIN_MS = 100;

/**
 * A printer behind CUPS, through its commands. CUPS keeps what it cannot print and prints it to whoever stands there
 * when its paper is back: a job that is not done by the deadline is cancelled, and never sent again.
 */
export function cupsPrinter(options: CupsPrinterOptions): Printer {
  const line: PrinterLine = {
    send: (bytes) => send(bytes, options),
    ask: () => probeCups(options),
  };
  return new PrintQueue(options, line);
}

async function send(bytes: Uint8Array, options: CupsPrinterOptions): Promise<Delivery> {
  const { queue, timeoutMs } = options;
  const state = await probeCups(options);
  if (state === 'offline') return { outcome: 'not-printed', why: 'ERR_PRINTER_OFFLINE', state };
  const by = performance.now() + timeoutMs;
  const said = await run(options, 'lp', ['-d', queue, '-o', 'raw', '-t', 'receipt', '-s'], bytes);
  if (said === undefined) {
    return { outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE', state: 'unknown' };
  }
  while (performance.now() < by) {
    const waiting = await run(options, 'lpstat', ['-W', 'not-completed', '-o', queue]);
    if (waiting?.trim() === '') return { outcome: 'sent', state: 'ok' };
    await pause(LOOK_AGAIN_MS);
  }
  // Everything that waits is ours: the queue belongs to the lane.
  await run(options, 'cancel', ['-a', queue]);
  return { outcome: 'unconfirmed', why: 'ERR_PRINTER_UNKNOWN', state: 'unknown' };
}

/** CUPS knows of a raw queue whether it is stopped, and no more. */
export async function probeCups(options: CommandOptions): Promise<PrinterState> {
  const said = await run(options, 'lpstat', ['-p', options.queue]);
  if (said === undefined || /\bdisabled\b/.test(said)) return 'offline';
  return /\bis idle\b|\bnow printing\b/.test(said) ? 'ok' : 'unknown';
}

/** What the command wrote; undefined where it failed or took too long. In English: CUPS answers in the user's language. */
function run(
  { commands, timeoutMs }: CommandOptions,
  program: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      commands === undefined ? program : `${commands}/${program}`,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', env: COMMAND_ENVIRONMENT },
      (error, stdout) => resolve(error ? undefined : stdout),
    );
    // A command that ends before it read everything: its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const COMMAND_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
