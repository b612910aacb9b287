import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { Listeners } from '../listeners.ts';
import type { Printer, PrinterState, PrintReport } from './printer.ts';

/** An id is part of a file name here. */
const SAFE_ID = /^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$/;

/** A printer whose paper is a directory: each job's octets, an SVG, become `<id>.svg`. */
export function fileReceipts(directory: string): Printer {
  const states = new Listeners<PrinterState>();
  const reports = new Listeners<PrintReport>();
  let state: PrinterState = 'unknown';
  let last = Promise.resolve();

  const become = (next: PrinterState) => {
    if (next === state) return;
    state = next;
    states.tell(next);
  };
  const write = async (id: string, bytes: Uint8Array) => {
    try {
      await mkdir(directory, { recursive: true });
      await writeFileDurably(join(directory, `${id}.svg`), bytes);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      become('offline');
      return reports.tell({ id, outcome: 'not-printed', why: 'ERR_PRINTER_FILE' });
    }
    become('ok');
    reports.tell({ id, outcome: 'printed' });
  };

  return {
    print({ id, bytes }) {
      if (!SAFE_ID.test(id)) {
        return reports.tell({ id, outcome: 'not-printed', why: 'ERR_PRINTER_ID' });
      }
      last = last.then(() => write(id, bytes));
    },
    get state() {
      return state;
    },
    onState: (listener) => states.add(listener),
    onReport: (listener) => reports.add(listener),
    close: () => last,
  };
}
