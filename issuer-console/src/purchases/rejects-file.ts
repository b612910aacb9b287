import type { Import, ImportStore, Reject } from '../domain/purchase.ts';

const PAGE = 1000;

/** All that were kept, in the order of their lines. */
export async function allRejects(imports: ImportStore, of: Import): Promise<Reject[]> {
  const all: Reject[] = [];
  for (;;) {
    const after = all.at(-1)?.line ?? 0;
    const page = await imports.rejects(of, { after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

export function rejectsNdjson(rejects: readonly Reject[]): string {
  return rejects.map((one) => `${JSON.stringify(one)}\n`).join('');
}

/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function rejectsCsv(rejects: readonly Reject[]): string {
  const rows = [['line', 'field', 'reason'], ...rejects.map(cellsOf)];
  return `\ufeff${rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')}`;
}

const cellsOf = ({ line, field, reason }: Reject) => [String(line), field, reason];

/** What a spreadsheet would compute is text: a column's name is whatever somebody sent. */
function quoted(cell: string): string {
  const text = /^[\s]*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return `"${text.replaceAll('"', '""')}"`;
}
