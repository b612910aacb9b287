import { hash } from 'node:crypto';
import type { Slot } from './partitions.ts';
import { encodeUse, USE_LENGTH, type Use } from './uses.ts';

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
  /** Listed, with a certificate that ends before its tickets are admitted. */
  readonly expiring: boolean;
  /** Numbers of its tickets, printable ASCII, a space between. */
  readonly ticketNos: Uint8Array;
  /** Whom to ask about again whether it is revoked (`RememberedHolders`). */
  readonly holder: Uint8Array;
}

export const ROW_KEY_LENGTH = 16;

/** SHA-256 of the octets of a row, shortened: what it is known by. */
export function rowKeyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary').slice(0, ROW_KEY_LENGTH), 'binary');
}

/** Where it is to stand: of so many rows a buffer each would cost as much as the digest. */
export function writeRowKey(bytes: Uint8Array, reserve: (first: number) => Slot): Slot {
  const digest = hash('sha256', bytes, 'binary');
  const slot = reserve(digest.charCodeAt(0));
  // So few octets are copied faster one by one than by a call.
  for (let i = 0; i < ROW_KEY_LENGTH; i++) slot.octets[slot.at + i] = digest.charCodeAt(i);
  return slot;
}

const HEAD_LENGTH = 4; // status, number of cards, number of uses (2)
const CARD_HEAD_LENGTH = 22; // conversion value 16, expiring, holder length, two lengths of 2

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
  for (const use of uses) {
    encodeUse(use, octets, at);
    at += USE_LENGTH;
  }
  for (const card of cards) {
    octets.set(card.conversionValue, at);
    octets[at + 16] = card.expiring ? 1 : 0;
    octets[at + 17] = card.holder.length;
    octets.writeUInt16BE(card.ticketNos.length, at + 18);
    octets.writeUInt16BE(card.sealed.length, at + 20);
    at += CARD_HEAD_LENGTH;
    for (const part of [card.holder, card.ticketNos, card.sealed]) {
      octets.set(part, at);
      at += part.length;
    }
  }
  return octets;
}

/** Where a card stands in an encoded outcome. */
export interface KeptCard {
  readonly conversionValue: number;
  readonly expiring: boolean;
  readonly holder: number;
  /** Ticket numbers, then the sealed record. */
  readonly tail: number;
  readonly ticketNosLength: number;
  readonly end: number;
}

/** Where the uses stand in octets that `encodeOutcome` made. */
export function usesIn(octets: Buffer): { readonly from: number; readonly to: number } {
  return { from: HEAD_LENGTH, to: HEAD_LENGTH + USE_LENGTH * octets.readUInt16BE(2) };
}

export function cardsIn(octets: Buffer): KeptCard[] {
  const cards: KeptCard[] = [];
  let at = usesIn(octets).to;
  for (let i = octets[1]!; i > 0; i--) {
    const holder = at + CARD_HEAD_LENGTH;
    const tail = holder + octets[at + 17]!;
    const ticketNosLength = octets.readUInt16BE(at + 18);
    const end = tail + ticketNosLength + octets.readUInt16BE(at + 20);
    const expiring = octets[at + 16] === 1;
    cards.push({ conversionValue: at, expiring, holder, tail, ticketNosLength, end });
    at = end;
  }
  return cards;
}
