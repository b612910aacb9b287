import type { Socket } from 'node:net';
import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { Listeners } from '../listeners.ts';
import type { Printer, PrinterState, PrintJob, PrintReport } from './printer.ts';
import {
  ask,
  connectUntil,
  ended,
  nextAnswer,
  type PrinterAddress,
  write,
} from './printer-connection.ts';

export interface TcpPrinterOptions extends PrinterAddress {
  /** For the wait until a job's turn, and again for sending it and having it confirmed. */
  readonly timeoutMs: number;
  /** Jobs that may wait; one more is not printed. */
  readonly queueLimit: number;
  /** Wait for the answer to the status request that ends every receipt. */
  readonly status: boolean;
}

const REMEMBERED_IDS = 4096;
const ASK_TIMEOUT_MS = 300;

/**
 * An ESC/POS printer on a raw TCP port (usually 9100), one connection a job: such printers serve one
 * client at a time, and several lanes may share one. A job is tried again only while nothing of it was
 * sent; a receipt whose owner has gone on is not printed at all.
 */
export function tcpPrinter(options: TcpPrinterOptions): Printer {
  return new TcpPrinter(options);
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

class TcpPrinter implements Printer {
  readonly #options: TcpPrinterOptions;
  readonly #states = new Listeners<PrinterState>();
  readonly #reports = new Listeners<PrintReport>();
  readonly #queue: { readonly job: PrintJob; readonly startBy: number }[] = [];
  /** The newest ids, so that no id is printed twice. */
  readonly #taken = new Set<string>();
  #state: PrinterState = 'unknown';
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(options: TcpPrinterOptions) {
    this.#options = options;
  }

  get state(): PrinterState {
    return this.#state;
  }

  onState(listener: (state: PrinterState) => void) {
    return this.#states.add(listener);
  }

  onReport(listener: (report: PrintReport) => void) {
    return this.#reports.add(listener);
  }

  print(job: PrintJob): void {
    if (this.#taken.has(job.id)) return;
    this.#taken.add(job.id);
    if (this.#taken.size > REMEMBERED_IDS) this.#taken.delete(this.#taken.values().next().value!);
    if (this.#closed) {
      this.#notPrinted(job, 'ERR_PRINTER_CLOSED');
    } else if (this.#queue.length >= this.#options.queueLimit) {
      this.#notPrinted(job, 'ERR_PRINTER_BUSY');
    } else {
      this.#queue.push({ job, startBy: performance.now() + this.#options.timeoutMs });
      this.#working ??= this.#work();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { job } of this.#queue.splice(0)) this.#notPrinted(job, 'ERR_PRINTER_CLOSED');
    await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (performance.now() > next.startBy) this.#notPrinted(next.job, 'ERR_PRINTER_BUSY');
      else await this.#send(next.job, next.startBy);
    }
    this.#working = undefined;
  }

  async #send(job: PrintJob, startBy: number): Promise<void> {
    const socket = await connectUntil(this.#options, startBy);
    if (!socket) {
      this.#become('offline');
      return this.#notPrinted(job, 'ERR_PRINTER_OFFLINE');
    }
    try {
      // A printer in trouble keeps what it is sent and prints it when its paper is back: ask before.
      if (this.#options.status && this.#state !== 'ok') {
        const cause = await ask(socket, Math.min(ASK_TIMEOUT_MS, this.#options.timeoutMs));
        if (cause !== undefined && cause !== 'ok') {
          this.#become(cause);
          return this.#notPrinted(job, codeOf(cause));
        }
      }
      const { report, state } = await deliver(socket, job, this.#options);
      this.#become(state);
      this.#reports.tell(report);
    } finally {
      socket.destroy();
    }
  }

  #notPrinted({ id }: PrintJob, why: ErrorCode): void {
    this.#reports.tell({ id, outcome: 'not-printed', why });
  }

  #become(state: PrinterState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#states.tell(state);
  }
}

interface Delivery {
  readonly report: PrintReport;
  readonly state: PrinterState;
}

/** Writes the job once. From here on it counts as possibly printed. */
async function deliver(
  socket: Socket,
  { id, bytes }: PrintJob,
  { status, timeoutMs }: TcpPrinterOptions,
): Promise<Delivery> {
  const sendBy = performance.now() + timeoutMs;
  const answer = status ? nextAnswer(socket, 'paper', timeoutMs) : undefined;
  const written = await write(socket, bytes, timeoutMs);
  if (!written) {
    return { report: { id, outcome: 'unconfirmed', why: 'ERR_PRINTER_WRITE' }, state: 'offline' };
  }
  if (!answer) {
    // Half-closing hands over what the kernel still holds before the socket is destroyed.
    await ended(socket, sendBy - performance.now());
    return { report: { id, outcome: 'sent' }, state: 'ok' };
  }
  const state = await answer;
  if (state !== undefined) return { report: { id, outcome: 'printed' }, state };
  const cause = socket.destroyed ? 'offline' : await ask(socket, ASK_TIMEOUT_MS);
  // It did not confirm, so whatever it says now, all is not known to be well.
  const after = cause === undefined || cause === 'ok' ? 'unknown' : cause;
  return { report: { id, outcome: 'unconfirmed', why: codeOf(after) }, state: after };
}

function codeOf(state: PrinterState): ErrorCode {
  return `ERR_PRINTER_${state.toUpperCase().replace('-', '_')}`;
}
