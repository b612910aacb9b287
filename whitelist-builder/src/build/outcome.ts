import { hash } from 'node:crypto';
import { KEY_LENGTH, type Use } from './uses.ts';

export const STATUSES = ['paid', 'pending', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

/** What a row of the feed becomes, whatever the day and the place in the feed: so it can be kept. */
export interface RowOutcome {
  readonly status: Status;
  /** What it uses that no other row may use. */
  readonly uses: readonly Use[];
  readonly cards: readonly CardOutcome[];
}

export interface CardOutcome {
  readonly conversionValue: Uint8Array;
  readonly sealed: Uint8Array;
  /** Listed, with a certificate that ends before the event begins. */
  readonly expiring: boolean;
  readonly ticketCount: number;
  /** Numbers of its tickets, printable ASCII, a space between. */
  readonly ticketNos: Uint8Array;
  /** Whom to ask about again whether it is revoked (`RememberedHolders`). */
  readonly holder: Uint8Array;
}

export const ROW_KEY_LENGTH = 16;

/** SHA-256 of the octets of a row, shortened: what it is known by. */
export function rowKeyOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer').subarray(0, ROW_KEY_LENGTH);
}

const USE_LENGTH = KEY_LENGTH + 2;
const HEAD_LENGTH = 4; // status, number of cards, number of uses (2)
const CARD_HEAD_LENGTH = 23; // conversion value 16, expiring, tickets, holder length, two lengths of 2

export function encodeOutcome({ status, uses, cards }: RowOutcome): Buffer {
  const lengths = cards.map(
    ({ holder, ticketNos, sealed }) =>
      CARD_HEAD_LENGTH + holder.length + ticketNos.length + sealed.length,
  );
  const length = lengths.reduce((sum, one) => sum + one, HEAD_LENGTH + USE_LENGTH * uses.length);
  const octets = Buffer.allocUnsafe(length);
  octets[0] = STATUSES.indexOf(status);
  octets[1] = cards.length;
  octets.writeUInt16BE(uses.length, 2);
  let at = HEAD_LENGTH;
  for (const { key, kind, number } of uses) {
    octets.set(key, at);
    octets[at + KEY_LENGTH] = kind;
    octets[at + KEY_LENGTH + 1] = number;
    at += USE_LENGTH;
  }
  for (const card of cards) {
    octets.set(card.conversionValue, at);
    octets[at + 16] = card.expiring ? 1 : 0;
    octets[at + 17] = card.ticketCount;
    octets[at + 18] = card.holder.length;
    octets.writeUInt16BE(card.ticketNos.length, at + 19);
    octets.writeUInt16BE(card.sealed.length, at + 21);
    at += CARD_HEAD_LENGTH;
    for (const part of [card.holder, card.ticketNos, card.sealed]) {
      octets.set(part, at);
      at += part.length;
    }
  }
  return octets;
}

/** Reads octets that `encodeOutcome` made and a seal kept, where they lie. Values are views. */
export class KeptOutcome {
  readonly #octets: Buffer;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  *uses(): Generator<Use> {
    const octets = this.#octets;
    for (let i = 0; i < octets.readUInt16BE(2); i++) {
      const at = HEAD_LENGTH + USE_LENGTH * i;
      const key = octets.subarray(at, at + KEY_LENGTH);
      yield { key, kind: octets[at + KEY_LENGTH]!, number: octets[at + KEY_LENGTH + 1]! };
    }
  }

  *cards(): Generator<KeptCard> {
    const octets = this.#octets;
    let at = HEAD_LENGTH + USE_LENGTH * octets.readUInt16BE(2);
    for (let i = 0; i < octets[1]!; i++) {
      const tail = at + CARD_HEAD_LENGTH + octets[at + 18]!;
      const ticketNosLength = octets.readUInt16BE(at + 19);
      const end = tail + ticketNosLength + octets.readUInt16BE(at + 21);
      yield {
        conversionValue: octets.subarray(at, at + 16),
        expiring: octets[at + 16] === 1,
        ticketCount: octets[at + 17]!,
        holder: octets.subarray(at + CARD_HEAD_LENGTH, tail),
        ticketNosLength,
        tail: octets.subarray(tail, end),
      };
      at = end;
    }
  }
}

export interface KeptCard extends Pick<CardOutcome, 'conversionValue' | 'expiring' | 'holder'> {
  readonly ticketCount: number;
  readonly ticketNosLength: number;
  /** Ticket numbers, then the sealed record. */
  readonly tail: Uint8Array;
}
