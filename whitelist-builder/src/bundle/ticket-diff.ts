import { open } from 'node:fs/promises';
import { GateError } from '@pinless-gate/protocol/errors';
import { z } from 'zod';

const indexLine = z.strictObject({
  entry: z.string().regex(/^[0-9a-f]{32}$/),
  tickets: z.array(z.string().regex(/^[\x21-\x7e]{1,64}$/)),
});

/** Ticket numbers, in the order of the lists. */
export interface TicketDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** In both lists, in an entry that differs: other details, another card, other company. */
  readonly changed: readonly string[];
}

/** `entries`: names of the entries that differ (`entryName`). Paths are of the two indexes of tickets. */
export async function diffTickets(
  entries: ReadonlySet<string>,
  before: string,
  after: string,
): Promise<TicketDiff> {
  const old = new Set(await ticketsOf(before, entries));
  const fresh = new Set(await ticketsOf(after, entries));
  return {
    added: [...fresh].filter((ticket) => !old.has(ticket)),
    removed: [...old].filter((ticket) => !fresh.has(ticket)),
    changed: [...fresh].filter((ticket) => old.has(ticket)),
  };
}

async function ticketsOf(path: string, entries: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  const file = await open(path);
  try {
    let number = 0;
    for await (const line of file.readLines({ autoClose: false })) {
      number++;
      const { entry, tickets } = parse(line, path, number);
      if (entries.has(entry)) found.push(...tickets);
    }
  } finally {
    await file.close();
  }
  return found;
}

function parse(line: string, path: string, number: number): z.infer<typeof indexLine> {
  try {
    const result = indexLine.safeParse(JSON.parse(line));
    if (result.success) return result.data;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new GateError('ERR_TICKET_INDEX', `${path}:${number}: not a line of an index of tickets`, {
    hint: 'give what --tickets of whitelist build wrote',
  });
}
