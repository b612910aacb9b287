import { PRINTER_WELL } from '@pinless-gate/protocol/journal';
import { cannotPrint, codeOfState, type PrinterState } from '../receipt/printer.ts';

export interface PrinterNotesParts {
  /** A note of kind `fault` for the journal, by which the console learns of it. */
  readonly note: (detail: string) => void;
  /** Between two notes. */
  readonly everyMs?: number;
}

const EVERY_MS = 30_000;

/** Notes what keeps a printer from printing, that its paper is near the end, and when that is over; not each flicker. */
export class PrinterNotes {
  readonly #parts: PrinterNotesParts;
  #noted = PRINTER_WELL;
  #now = PRINTER_WELL;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: PrinterNotesParts) {
    this.#parts = parts;
  }

  become(state: PrinterState): void {
    if (state === 'unknown') return;
    const trouble = cannotPrint(state) || state === 'paper-low';
    this.#now = trouble ? codeOfState(state) : PRINTER_WELL;
    if (this.#timer === undefined) this.#note();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #note(): void {
    this.#timer = undefined;
    if (this.#now === this.#noted) return;
    this.#noted = this.#now;
    this.#parts.note(this.#now);
    this.#timer = setTimeout(() => this.#note(), this.#parts.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }
}
