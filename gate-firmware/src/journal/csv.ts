/**
 * What a spreadsheet takes for a formula at the beginning of a cell, also in the wide forms that a Japanese one
 * takes for the narrow ones.
 */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** One record as RFC 4180 has it, without its line end. A cell that would be a formula begins with an apostrophe. */
export function csvRecord(cells: readonly (string | number | undefined)[]): string {
  return cells.map(cell).join(',');
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
