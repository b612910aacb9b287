import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { Listeners } from '../listeners.ts';
import type { Printer, PrinterState, PrintJob, PrintReport } from './printer.ts';

export interface QueueOptions {
  /** For the wait until a job's turn, and again for sending it and having it confirmed. */
  readonly timeoutMs: number;
  /** Jobs that may wait; one more is not printed. */
  readonly queueLimit: number;
  /** Between two questions to a printer in trouble. */
  readonly askAgainMs?: number;
}

export interface Delivery extends Omit<PrintReport, 'id'> {
  /** What the printer said of itself. */
  readonly state: PrinterState;
}

/** One way to a printer. */
export interface PrinterLine {
  /**
   * Writes a job once, or not at all: where part of it may be on paper it is `unconfirmed`. `known` is the printer's
   * last state; `startBy` on the clock of `performance`. Never rejects.
   */
  send(bytes: Uint8Array, known: PrinterState, startBy: number): Promise<Delivery>;
  /** Asks without printing; undefined where it cannot be asked. */
  ask?(): Promise<PrinterState | undefined>;
}

const REMEMBERED_IDS = 4096;
/** While something is wrong it is asked so often, so that display and journal know when it is over. */
const ASK_AGAIN_MS = 2000;

/**
 * One job after the other, each sent at most once: a receipt whose turn comes too late is not printed, because its
 * owner has gone on.
 */
export class PrintQueue implements Printer {
  readonly #options: QueueOptions;
  readonly #line: PrinterLine;
  readonly #states = new Listeners<PrinterState>();
  readonly #reports = new Listeners<PrintReport>();
  readonly #queue: { readonly job: PrintJob; readonly startBy: number }[] = [];
  /** The newest ids, so that no id is printed twice. */
  readonly #taken = new Set<string>();
  #state: PrinterState = 'unknown';
  #working: Promise<void> | undefined;
  #asking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: QueueOptions, line: PrinterLine) {
    this.#options = options;
    this.#line = line;
    this.#askLater();
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
    clearTimeout(this.#asking);
    for (const { job } of this.#queue.splice(0)) this.#notPrinted(job, 'ERR_PRINTER_CLOSED');
    await this.#working;
    clearTimeout(this.#asking);
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const { job, startBy } = next;
      if (performance.now() > startBy) {
        this.#notPrinted(job, 'ERR_PRINTER_BUSY');
        continue;
      }
      const { state, ...report } = await this.#line.send(job.bytes, this.#state, startBy);
      this.#become(state);
      this.#reports.tell({ id: job.id, ...report });
    }
    this.#working = undefined;
    this.#askLater();
  }

  /** Only while nothing prints: such printers serve one at a time. */
  #askLater(): void {
    clearTimeout(this.#asking);
    if (this.#closed || !this.#line.ask || isWell(this.#state)) return;
    this.#asking = setTimeout(() => {
      this.#working ??= this.#ask();
    }, this.#options.askAgainMs ?? ASK_AGAIN_MS);
    this.#asking.unref();
  }

  async #ask(): Promise<void> {
    const state = await this.#line.ask?.();
    if (state !== undefined) this.#become(state);
    await this.#work();
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

export function isWell(state: PrinterState): boolean {
  return state === 'ok' || state === 'paper-low';
}
