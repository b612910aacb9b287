import { createHash } from 'node:crypto';
import { concat, domain, toHex } from '@pinless-gate/protocol/bytes';
import { FileBeside } from '../file-beside.ts';
import type { SpooledEntry } from './entries.ts';

/**
 * Which tickets an entry of the list opens, for who sold them: NDJSON of `{entry, tickets}`. It names no card, but it
 * does tell tickets: it is not published.
 */
const ENTRY = domain('pinless-gate/ticket-index/1');
const ENTRY_LENGTH = 16;

/** What an entry is called in the index, in hex: the same in every version of one event's list. */
export function entryName(conversionValue: Uint8Array): string {
  const digest = createHash('sha256').update(concat(ENTRY, conversionValue)).digest();
  return toHex(digest.subarray(0, ENTRY_LENGTH));
}

export class TicketIndexWriter {
  readonly #file: FileBeside;

  private constructor(file: FileBeside) {
    this.#file = file;
  }

  static async create(path: string): Promise<TicketIndexWriter> {
    return new TicketIndexWriter(await FileBeside.create(path, 0o600));
  }

  add(conversionValue: Uint8Array, parts: readonly Pick<SpooledEntry, 'ticketNos'>[]): void {
    const tickets = parts.flatMap(({ ticketNos }) => ticketNos.toString('latin1').split(' '));
    this.#file.add(`${JSON.stringify({ entry: entryName(conversionValue), tickets })}\n`);
  }

  drain = (): Promise<void> => this.#file.drain();
  finish = (): Promise<void> => this.#file.finish();
  discard = (): Promise<void> => this.#file.discard();
}
