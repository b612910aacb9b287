import type { Seat } from '@pinless-gate/protocol/record';
import { COLUMNS, columnsOf, escapeText, plainLine } from './text.ts';
import type { ReceiptWords } from './words.ts';

interface Field {
  readonly label: string;
  readonly value: string;
}

/** Gate on its own, then block, row and number side by side, each as large as the paper allows. */
export function seatLines(seat: Seat, words: ReceiptWords): string[] {
  const field = (label: string, value: string | undefined): Field[] =>
    value === undefined || plainLine(value) === '' ? [] : [{ label, value: plainLine(value) }];
  const place = [
    ...field(words.block, seat.block),
    ...field(words.row, seat.row),
    ...field(words.number, seat.number),
  ];
  const rows = [
    ...field(words.gate, seat.gate).map((gate) => [gate]),
    ...(scaleOf(place) >= SMALLEST_BESIDE ? [place] : place.map((one) => [one])),
  ];
  return rows.filter((row) => row.length > 0).flatMap((row) => [...fieldRow(row), '']);
}

/** Largest scale of the printer's font, in both directions. */
const LARGEST = 6;
/** Below this, fields side by side are harder to read in a dark hall than one below the other. */
const SMALLEST_BESIDE = 3;

/** The largest scale at which the values stand side by side; 0 where none does. */
function scaleOf(fields: readonly Field[]): number {
  for (let scale = LARGEST; scale >= 2; scale--) {
    if (widthsAt(fields, scale).reduce((sum, width) => sum + width + 1, -1) <= COLUMNS)
      return scale;
  }
  return 0;
}

function widthsAt(fields: readonly Field[], scale: number): number[] {
  return fields.map(({ label, value }) => Math.max(columnsOf(label), columnsOf(value) * scale));
}

function fieldRow(fields: readonly Field[]): string[] {
  // What fits at no scale is wrapped by receiptline at twice the size.
  const scale = Math.max(scaleOf(fields), 2);
  const widths = spread(widthsAt(fields, scale));
  const carets = '^'.repeat(scale + 1);
  const cells = (texts: readonly string[]) =>
    texts.length === 1 ? texts[0]! : `| ${texts.join(' | ')} |`;
  return [
    `{width:${fields.length === 1 ? '*' : widths.join(' ')}}`,
    cells(fields.map(({ label }) => escapeText(label))),
    cells(fields.map(({ value }) => `"${carets}${escapeText(value)}${carets}"`)),
    '{width:auto}',
  ];
}

/** Shares out the columns left over, so that the fields stand evenly across the paper. */
function spread(widths: readonly number[]): number[] {
  const free = COLUMNS - (widths.length - 1) - widths.reduce((sum, width) => sum + width, 0);
  const share = Math.max(Math.floor(free / widths.length), 0);
  return widths.map((width) => width + share);
}
