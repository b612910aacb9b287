import { PrinterNotes } from '@pinless-gate/gate-firmware/lane/printer-notes';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('trouble and its end are noted at once, and flicker only as it stands after a while', () => {
  const told: string[] = [];
  const notes = new PrinterNotes({ note: (detail) => told.push(detail), everyMs: 1000 });
  notes.become('ok');
  notes.become('unknown');
  expect(told).toEqual([]);
  notes.become('paper-out');
  expect(told).toEqual(['ERR_PRINTER_PAPER_OUT']);
  for (const state of ['ok', 'offline', 'ok', 'cover-open', 'ok'] as const) notes.become(state);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(told).toEqual(['ERR_PRINTER_PAPER_OUT', 'PRINTER_OK']);
  vi.advanceTimersByTime(1000);
  notes.become('paper-low');
  expect(told.at(-1)).toBe('ERR_PRINTER_PAPER_LOW');
  notes.close();
  notes.become('ok');
  vi.advanceTimersByTime(5000);
  expect(told).toHaveLength(3);
});
