import type { Socket } from 'node:net';
import {
  type Delivery,
  isWell,
  type PrinterLine,
  PrintQueue,
  type QueueOptions,
} from './print-queue.ts';
import { codeOfState, type Printer, type PrinterState } from './printer.ts';
import {
  ask,
  connectUntil,
  ended,
  nextAnswer,
  type PrinterAddress,
  write,
} from './printer-connection.ts';

export interface TcpPrinterOptions extends PrinterAddress, QueueOptions {
  /** Wait for the answer to the status request that ends every receipt. */
  readonly status: boolean;
}

const ASK_TIMEOUT_MS = 300;

/**
 * An ESC/POS printer on a raw TCP port (usually 9100), one connection a job: such printers serve one
 * client at a time, and several lanes may share one. A job is tried again only while nothing of it was
 * sent; a receipt whose owner has gone on is not printed at all.
 */
export function tcpPrinter(options: TcpPrinterOptions): Printer {
  const line: PrinterLine = {
    send: (bytes, known, startBy) => send(bytes, known, startBy, options),
    ...(options.status && {
      ask: () => probePrinter({ ...options, timeoutMs: ASK_TIMEOUT_MS }),
    }),
  };
  return new PrintQueue(options, line);
}

/** What the printer says of itself now; `offline` where it cannot be reached, `unknown` where it does not say. */
export async function probePrinter(
  options: PrinterAddress & { readonly timeoutMs: number },
): Promise<PrinterState> {
  const socket = await connectUntil(options, performance.now() + options.timeoutMs);
  if (!socket) return 'offline';
  try {
    return (await ask(socket, options.timeoutMs)) ?? 'unknown';
  } finally {
    socket.destroy();
  }
}

async function send(
  bytes: Uint8Array,
  known: PrinterState,
  startBy: number,
  options: TcpPrinterOptions,
): Promise<Delivery> {
  const socket = await connectUntil(options, startBy);
  if (!socket) return { outcome: 'not-printed', why: 'ERR_PRINTER_OFFLINE', state: 'offline' };
  try {
    // A printer in trouble keeps what it is sent and prints it when its paper is back: ask before.
    if (options.status && !isWell(known)) {
      const cause = await ask(socket, Math.min(ASK_TIMEOUT_MS, options.timeoutMs));
      if (cause !== undefined && !isWell(cause)) {
        return { outcome: 'not-printed', why: codeOfState(cause), state: cause };
      }
    }
    return await deliver(socket, bytes, options);
  } finally {
    socket.destroy();
  }
}

/** Writes the job once. From here on it counts as possibly printed. */
async function deliver(
  socket: Socket,
  bytes: Uint8Array,
  { status, timeoutMs }: TcpPrinterOptions,
): Promise<Delivery> {
  const sendBy = performance.now() + timeoutMs;
  const answer = status ? nextAnswer(socket, 'paper', timeoutMs) : undefined;
  const written = await write(socket, bytes, timeoutMs);
  if (!written) return { outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE', state: 'offline' };
  if (!answer) {
    // Half-closing hands over what the kernel still holds before the socket is destroyed.
    await ended(socket, sendBy - performance.now());
    return { outcome: 'sent', state: 'ok' };
  }
  const state = await answer;
  if (state !== undefined) return { outcome: 'printed', state };
  const cause = socket.destroyed ? 'offline' : await ask(socket, ASK_TIMEOUT_MS);
  // It did not confirm, so whatever it says now, all is not known to be well.
  const after = cause === undefined || isWell(cause) ? 'unknown' : cause;
  return { outcome: 'unconfirmed', why: codeOfState(after), state: after };
}
