/** Which card opens which tickets, by the rules of docs/whitelist.md, as simply as they can be written down. */

/** A row of a feed. Cards and tickets are numbers; a companion's ticket may be one of `tickets`. */
export interface ModelRow {
  readonly id: string;
  readonly status: 'paid' | 'pending' | 'cancelled';
  readonly holder: number;
  readonly tickets: readonly number[];
  readonly companions: readonly { readonly ticket: number; readonly card: number }[];
  /** A bad line by itself: a status, a gate or an issuer that is none. */
  readonly bad?: 'status' | 'gate' | 'issuer' | undefined;
}

/** A file of a vendor. */
export interface ModelFile {
  readonly form: 'ndjson' | 'csv';
  readonly rows: readonly ModelRow[];
}

export interface ModelHolder {
  readonly purchaseId: string;
  readonly field: string;
  readonly card: number;
}

export interface ModelAnswer {
  /** Tickets of each card that is listed, sorted. */
  readonly listed: ReadonlyMap<number, readonly number[]>;
  /** Rows that are turned away, counted through all files from 0. */
  readonly bad: readonly number[];
  /** Who is listed or left out. */
  readonly holders: readonly ModelHolder[];
}

interface Standing extends ModelRow {
  readonly index: number;
  readonly file: number;
  readonly text: string;
}

export function answerOf(files: readonly ModelFile[], revoked: ReadonlySet<number>): ModelAnswer {
  let index = 0;
  const rows = files.flatMap(({ form, rows: those }, file) =>
    those.map((row): Standing => ({ ...row, file, index: index++, text: form + textOf(row) })),
  );
  const bad = new Set(rows.filter(isBad).map((row) => row.index));
  const good = rows.filter((row) => !bad.has(row.index));
  const passedOver = new Set<number>();
  for (const id of new Set(good.map((row) => row.id))) {
    let holds: Standing | undefined;
    for (const row of good.filter((one) => one.id === id)) {
      if (!holds) holds = row;
      else if (row.text === holds.text) passedOver.add(row.index);
      else if (row.file === holds.file) bad.add(row.index);
      else {
        passedOver.add(holds.index);
        holds = row;
      }
    }
  }
  const sold = new Map<number, number>();
  for (const row of good) {
    if (passedOver.has(row.index) || row.status !== 'paid') continue;
    for (const ticket of ticketsIn(row).keys()) {
      if (sold.has(ticket)) bad.add(row.index);
      else sold.set(ticket, row.index);
    }
  }
  const listed = new Map<number, number[]>();
  const holders: ModelHolder[] = [];
  for (const row of good) {
    if (passedOver.has(row.index) || bad.has(row.index) || row.status !== 'paid') continue;
    const opened = ticketsIn(row);
    for (const [place, card] of [row.holder, ...row.companions.map((one) => one.card)].entries()) {
      const tickets = [...opened].filter(([, holder]) => holder === place).map(([one]) => one);
      if (tickets.length === 0) continue;
      const field = place === 0 ? 'holder' : `companions[${place - 1}].holder`;
      holders.push({ purchaseId: row.id, field, card });
      if (!revoked.has(card)) listed.set(card, [...(listed.get(card) ?? []), ...tickets]);
    }
  }
  for (const tickets of listed.values()) tickets.sort((a, b) => a - b);
  return { listed, bad: [...bad].sort((a, b) => a - b), holders };
}

function textOf({ bad: _, ...row }: ModelRow): string {
  return JSON.stringify(row);
}

/** Tickets of a row, and the place of who opens each: 0 is the holder, 1 the first companion. */
function ticketsIn({ tickets, companions }: ModelRow): Map<number, number> {
  const opened = new Map(tickets.map((ticket) => [ticket, 0]));
  for (const [i, { ticket }] of companions.entries()) opened.set(ticket, i + 1);
  return opened;
}

function isBad(row: ModelRow): boolean {
  const { status, tickets, companions, bad } = row;
  if (bad === 'status') return true;
  if (status !== 'paid') return false;
  const taken = companions.map(({ ticket }) => ticket);
  if (new Set(tickets).size < tickets.length || new Set(taken).size < taken.length) return true;
  // Nobody looks at the card of a holder whose tickets companions took over.
  return bad === 'gate' || (bad === 'issuer' && [...ticketsIn(row).values()].includes(0));
}
