import type { ErrorCode } from '@pinless-gate/protocol/errors';
import { Listeners, type Unsubscribe } from '../listeners.ts';

export type PrinterState =
  | 'none'
  | 'ok'
  /** Prints, and wants a new roll soon. */
  | 'paper-low'
  | 'offline'
  | 'paper-out'
  | 'cover-open'
  /** Nobody knows: nothing was printed yet, or it does not say, or what it says makes no sense. */
  | 'unknown';

/** In this state nothing comes out. Where nobody knows, it is tried. */
export function cannotPrint(state: PrinterState): boolean {
  return ['none', 'offline', 'paper-out', 'cover-open'].includes(state);
}

export function codeOfState(state: PrinterState): ErrorCode {
  return `ERR_PRINTER_${state.toUpperCase().replace('-', '_')}`;
}

export interface PrintJob {
  /** Of ours, unique to this copy: a second job of the same id is not printed. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/**
 * What became of a job. `printed`: the printer confirmed it. `sent`: written whole, no confirmation asked.
 * `unconfirmed`: it may or may not be on paper, so it is never sent again. `not-printed`: nothing of it
 * reached the printer.
 */
export interface PrintReport {
  readonly id: string;
  readonly outcome: 'printed' | 'sent' | 'unconfirmed' | 'not-printed';
  /** Present unless printed or sent. */
  readonly why?: ErrorCode;
}

export interface Printer {
  /** Takes the job and returns at once. Never throws: what became of it comes as a report. */
  print(job: PrintJob): void;
  readonly state: PrinterState;
  onState(listener: (state: PrinterState) => void): Unsubscribe;
  /** Exactly one report for every job taken; none for a job of an id already taken. */
  onReport(listener: (report: PrintReport) => void): Unsubscribe;
  /** Ends the job under way within its deadline; jobs still waiting are reported not printed. */
  close(): Promise<void>;
}

/** For a lane without a printer: every job is reported not printed, so that the display shows the seat longer. */
export function nullPrinter(): Printer {
  const reports = new Listeners<PrintReport>();
  return {
    print: ({ id }) => reports.tell({ id, outcome: 'not-printed', why: 'ERR_PRINTER_NONE' }),
    state: 'none',
    onState: () => () => undefined,
    onReport: (listener) => reports.add(listener),
    close: async () => undefined,
  };
}
