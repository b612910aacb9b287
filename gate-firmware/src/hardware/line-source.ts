import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ReadStream } from 'node:tty';
import { GateError } from '@pinless-gate/protocol/errors';
import { Listeners, type Unsubscribe } from '../listeners.ts';
import { openSerial, type SerialAddress } from './serial-port.ts';

/** Words from a device, one a line: what sensors and contacts are read from. */
export interface LineSource {
  subscribe(listener: (line: string) => void): Unsubscribe;
  close(): Promise<void>;
}

/** A sensor is away. Nothing of a tap depends on it. */
export class SensorError extends GateError {}

export interface LineSourceOptions {
  /** Undefined: it can be read again. */
  readonly onTrouble: (error: GateError | undefined) => void;
  /** Before the next attempt. */
  readonly retryMs?: number;
}

const RETRY_MS = 1000;
const MAX_LINE = 64;

/** Lines that somebody hands in. */
export function pushedLines(): LineSource & { push(line: string): void } {
  const lines = new Listeners<string>();
  return {
    push: (line) => lines.tell(line),
    subscribe: (listener) => lines.add(listener),
    close: async () => undefined,
  };
}

/** Lines that a long-running program prints. Started again when it ends. */
export function execLines(command: readonly string[], options: LineSourceOptions): LineSource {
  const [program = '', ...args] = command;
  return repeated(options, async (tell, signal) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
      killSignal: 'SIGKILL',
    });
    const ended = new Promise<Error>((resolve) => {
      child.once('error', resolve);
      child.once('exit', (code, by) => resolve(new Error(`ended (${code ?? by})`)));
    });
    eachLine(child.stdout, tell);
    const cause = await ended;
    throw new SensorError('ERR_SENSOR_COMMAND', `sensor: ${program}: ${cause.message}`, { cause });
  });
}

/** Lines that a device sends on a serial line. */
export function serialLines(address: SerialAddress, options: LineSourceOptions): LineSource {
  return repeated(options, async (tell, signal) => {
    const stream = new ReadStream(await openSerial(address));
    signal.addEventListener('abort', () => stream.destroy());
    const ended = new Promise<Error>((resolve) => {
      stream.once('error', resolve);
      stream.once('close', () => resolve(new Error('closed')));
    });
    eachLine(stream, tell);
    const cause = await ended;
    throw new SensorError('ERR_SENSOR_SERIAL', `sensor: ${address.device}: ${cause.message}`, {
      cause,
    });
  });
}

function eachLine(stream: NodeJS.ReadableStream, tell: (line: string) => void): void {
  createInterface({ input: stream }).on('line', (line) => {
    if (line.length <= MAX_LINE) tell(line.trim());
  });
}

/** Reads until it breaks, waits, reads again. `onTrouble(undefined)` comes with the first line afterwards. */
function repeated(
  { onTrouble, retryMs = RETRY_MS }: LineSourceOptions,
  read: (tell: (line: string) => void, signal: AbortSignal) => Promise<never>,
): LineSource {
  const lines = new Listeners<string>();
  const abort = new AbortController();
  const { signal } = abort;
  const tell = (line: string) => {
    onTrouble(undefined);
    lines.tell(line);
  };
  const work = async () => {
    while (!signal.aborted) {
      await read(tell, signal).catch((error: unknown) => {
        if (!(error instanceof GateError)) throw error;
        if (!signal.aborted) onTrouble(error);
      });
      if (!signal.aborted) await pause(retryMs, signal);
    }
  };
  const working = work();
  return {
    subscribe: (listener) => lines.add(listener),
    async close() {
      abort.abort();
      await working;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
