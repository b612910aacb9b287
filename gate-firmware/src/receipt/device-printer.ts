import {
  close as closeFile,
  constants,
  open as openFile,
  read as readFile,
  write as writeFile,
} from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type Delivery,
  isWell,
  type PrinterLine,
  PrintQueue,
  type QueueOptions,
} from './print-queue.ts';
import { codeOfState, type Printer, type PrinterState } from './printer.ts';
import { ASK_OFFLINE_CAUSE, decodeStatus, type StatusAnswer } from './printer-status.ts';

export interface DevicePrinterOptions extends QueueOptions {
  /** For instance `/dev/usb/lp0`, or a tty that is already set. */
  readonly device: string;
  /** Wait for the answer to the status request that ends every receipt. */
  readonly status: boolean;
}

const open = promisify(openFile);
const read = promisify(readFile);
const write = promisify(writeFile);
const close = promisify(closeFile);

const ASK_TIMEOUT_MS = 300;
const LOOK_AGAIN_MS = 10;

/** An ESC/POS printer behind a device file, which is opened for each job. It is never waited for in a system call. */
export function devicePrinter(options: DevicePrinterOptions): Printer {
  const line: PrinterLine = {
    send: (bytes, known) => withDevice(options, (device) => send(device, bytes, known, options)),
    ...(options.status && {
      ask: () => probeDevice(options.device),
    }),
  };
  return new PrintQueue(options, line);
}

/** What the printer says of itself now. */
export async function probeDevice(device: string): Promise<PrinterState> {
  return (await withDevice({ device }, asked)).state;
}

type Asked = Pick<Delivery, 'state'>;

async function withDevice<T extends Asked>(
  { device }: Pick<DevicePrinterOptions, 'device'>,
  use: (descriptor: number) => Promise<T>,
): Promise<T | (Delivery & { outcome: 'not-printed' })> {
  let descriptor: number;
  try {
    descriptor = await open(device, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return { outcome: 'not-printed', why: 'ERR_PRINTER_OFFLINE', state: 'offline' };
  }
  try {
    return await use(descriptor);
  } finally {
    await close(descriptor);
  }
}

async function asked(device: number): Promise<Asked> {
  const by = performance.now() + ASK_TIMEOUT_MS;
  if ((await writeBy(device, ASK_OFFLINE_CAUSE, by)) < ASK_OFFLINE_CAUSE.length) {
    return { state: 'offline' };
  }
  return { state: (await answerBy(device, 'offline-cause', by)) ?? 'unknown' };
}

async function send(
  device: number,
  bytes: Uint8Array,
  known: PrinterState,
  { status, timeoutMs }: DevicePrinterOptions,
): Promise<Delivery> {
  if (status && !isWell(known)) {
    const { state } = await asked(device);
    if (state !== 'unknown' && !isWell(state)) {
      return { outcome: 'not-printed', why: codeOfState(state), state };
    }
  }
  const by = performance.now() + timeoutMs;
  const written = await writeBy(device, bytes, by);
  if (written === 0) return { outcome: 'not-printed', why: 'ERR_PRINTER_WRITE', state: 'offline' };
  if (written < bytes.length) {
    return { outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE', state: 'offline' };
  }
  if (!status) return { outcome: 'sent', state: 'ok' };
  const answer = await answerBy(device, 'paper', by);
  if (answer !== undefined) return { outcome: 'printed', state: answer };
  const { state } = await asked(device);
  const after = isWell(state) ? 'unknown' : state;
  return { outcome: 'unconfirmed', why: codeOfState(after), state: after };
}

/** How many octets the printer took by then. */
async function writeBy(device: number, bytes: Uint8Array, by: number): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += (await write(device, bytes, written)).bytesWritten;
    } catch (error) {
      if (!isBusy(error) || performance.now() >= by) return written;
      await pause(LOOK_AGAIN_MS);
    }
  }
  return written;
}

async function answerBy(
  device: number,
  kind: Exclude<StatusAnswer['kind'], 'garbage'>,
  by: number,
): Promise<PrinterState | undefined> {
  const octets = Buffer.alloc(64);
  while (performance.now() < by) {
    const length = await read(device, octets, 0, octets.length, null).then(
      ({ bytesRead }) => bytesRead,
      (error: unknown) => (isBusy(error) ? 0 : -1),
    );
    if (length < 0) return undefined;
    for (const octet of octets.subarray(0, length)) {
      const answer = decodeStatus(octet);
      if (answer.kind === kind) return answer.state;
    }
    await pause(LOOK_AGAIN_MS);
  }
  return undefined;
}

function isBusy(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
