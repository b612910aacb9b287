import type { LineProblem } from './line.ts';

/** A cell's value on its way into JSON. Undefined: not what the column takes. */
type Read = (cell: string) => string | number | boolean | undefined;

const text: Read = (cell) => cell;
const count: Read = (cell) => (/^\d{1,9}$/.test(cell) ? Number(cell) : undefined);
const truth: Read = (cell) => ({ true: true, false: false })[cell];

/** Columns that every row of one purchase has in common, and where they go. */
const PURCHASE: Readonly<Record<string, Read>> = {
  purchaseId: text,
  status: text,
  'holder.certificate': text,
  'holder.serial': text,
  'holder.issuer': text,
  'holder.kazashi.reference': text,
  'holder.kazashi.birthDate': text,
  'holder.kazashi.modulusHash': text,
  'holder.kazashi.signerKeyId': text,
  'holder.kazashi.modulus': text,
  'enrolment.evidenceId': text,
  'enrolment.method': text,
  'enrolment.at': text,
  language: text,
};

/** Columns of the one ticket of a row. */
const TICKET: Readonly<Record<string, Read>> = {
  ticketNo: text,
  'seat.gate': text,
  'seat.block': text,
  'seat.row': text,
  'seat.number': text,
  zone: text,
  category: text,
  'admission.from': text,
  'admission.until': text,
  entries: count,
  reentry: truth,
  with: text,
};

/** Where one of them is filled, the row's ticket is a companion's. */
const COMPANION: Readonly<Record<string, Read>> = {
  'companion.certificate': text,
  'companion.serial': text,
  'companion.issuer': text,
};

export const CSV_COLUMNS: readonly string[] = [
  ...Object.keys(PURCHASE),
  ...Object.keys(TICKET),
  ...Object.keys(COMPANION),
];

const IGNORED = 'x_';

/** The columns of a header row, or what is wrong with it. Columns that begin with `x_` stay, to be dropped. */
export function readHeader(cells: readonly string[]): string[] | LineProblem {
  for (const [i, name] of cells.entries()) {
    const field = `column ${i + 1}`;
    if (name.startsWith(IGNORED)) continue;
    if (!CSV_COLUMNS.includes(name)) return { field, reason: 'unknown column' };
    if (cells.indexOf(name) !== i) return { field, reason: `${name} stands twice` };
  }
  const missing = ['purchaseId', 'status', 'ticketNo'].find((name) => !cells.includes(name));
  return missing ? { field: missing, reason: 'column is missing' } : [...cells];
}

/** A row by column; empty cells and `x_` columns left out. */
export type CsvRow = ReadonlyMap<string, string>;

export function readRow(
  columns: readonly string[],
  cells: readonly string[],
): CsvRow | LineProblem {
  if (cells.length !== columns.length) {
    const reason = `${cells.length} columns, the header has ${columns.length}`;
    return { field: '', reason };
  }
  const row = new Map<string, string>();
  for (const [i, name] of columns.entries()) {
    if (cells[i] !== '' && !name.startsWith(IGNORED)) row.set(name, cells[i]!);
  }
  return row;
}

type Members = { [key: string]: Members | string | number | boolean };

/**
 * The rows of one purchase as a line of NDJSON has it, members in a fixed order. Whether it is a purchase
 * at all is for the schema to say; here, that the rows agree and that numbers are numbers.
 */
export function purchaseOf(rows: readonly CsvRow[]): object | LineProblem {
  const [first] = rows as [CsvRow];
  const purchase: Members = {};
  const problem = fill(purchase, PURCHASE, first, '');
  if (problem) return problem;
  const tickets: Members[] = [];
  const companions: Members[] = [];
  for (const row of rows) {
    const differs = Object.keys(PURCHASE).find(
      (name) => row.has(name) && row.get(name) !== first.get(name),
    );
    if (differs) return { field: differs, reason: 'differs between rows of one purchase' };
    const ticket: Members = {};
    const wrong = fill(ticket, TICKET, row, '');
    if (wrong) return wrong;
    const holder: Members = {};
    fill(holder, COMPANION, row, 'companion.');
    if (Object.keys(holder).length === 0) tickets.push(ticket);
    else companions.push({ ...ticket, holder });
  }
  if (tickets.length === 0) {
    // Bought for others only. A purchase has a ticket of its own, which the first companion takes over.
    const { holder, ...ticket } = companions[0]!;
    tickets.push(ticket);
    companions[0] = { ticketNo: ticket.ticketNo ?? '', holder: holder! };
  }
  return { ...purchase, tickets, ...(companions.length > 0 ? { companions } : {}) };
}

/** `seat.gate` becomes `{seat: {gate}}`. */
function fill(
  target: Members,
  columns: Readonly<Record<string, Read>>,
  row: CsvRow,
  prefix: string,
): LineProblem | undefined {
  for (const [name, read] of Object.entries(columns)) {
    const cell = row.get(name);
    if (cell === undefined) continue;
    const value = read(cell);
    if (value === undefined) {
      const reason = read === count ? 'must be a whole number' : 'must be true or false';
      return { field: name, reason };
    }
    const path = name.slice(prefix.length).split('.');
    let members = target;
    for (const key of path.slice(0, -1)) {
      members[key] ??= {};
      members = members[key] as Members;
    }
    members[path.at(-1)!] = value;
  }
  return undefined;
}
