import { fromBase64, toHex } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import { CertificateError } from '@pinless-gate/protocol/certificate/error';
import { FormatError } from '@pinless-gate/protocol/errors';
import type {
  HolderField,
  Purchase,
  PurchaseTicket,
} from '@pinless-gate/whitelist-builder/purchase/schema';
import { RefusedError } from './refusal.ts';

/** A ticket of a purchase, and on whose card it is: nobody is named. */
export interface PartyTicket {
  readonly ticketNo: string;
  readonly seat: PurchaseTicket['seat'];
  readonly category: string | undefined;
  /** The ticket that it enters with. */
  readonly with: string | undefined;
  readonly card: 'holder' | 'companion';
}

type Details = Omit<PurchaseTicket, 'seat'> & {
  readonly seat?: PurchaseTicket['seat'] | undefined;
};

export function ticketsOf(purchase: Purchase): PartyTicket[] {
  const taken = companionTickets(purchase);
  return wholeTickets(purchase).map(({ ticketNo, seat, category, with: other }) => ({
    ticketNo,
    seat,
    category,
    with: other,
    card: taken.has(ticketNo) ? 'companion' : 'holder',
  }));
}

/** The ticket goes to a companion's own card. Throws where it is on one, or where that card opens another already. */
export function linkCompanion(purchase: Purchase, ticketNo: string, holder: HolderField): Purchase {
  const ticket = requireTicket(purchase, ticketNo);
  if (ticket.card === 'companion') throw linkedAlready();
  const others = ticketsOfCard(purchase, holder).filter((other) => other !== ticketNo);
  const own = sameCard(purchase.holder, holder);
  // A child may come on the card that it enters with; anybody else would take two places with one card.
  if (own || others.some((other) => other !== ticket.with)) throw cardHere();
  const companions = [...(purchase.companions ?? []), { ticketNo, holder }];
  return { ...purchase, companions };
}

/** The ticket is back on the holder's card. */
export function unlinkCompanion(purchase: Purchase, ticketNo: string): Purchase {
  const { card } = requireTicket(purchase, ticketNo);
  if (card === 'holder') throw notLinked();
  const companions = purchase.companions!.filter((one) => one.ticketNo !== ticketNo);
  const { tickets } = purchase;
  if (tickets.some((one) => one.ticketNo === ticketNo)) return withCompanions(purchase, companions);
  // What stood with the companion alone is a ticket of the purchase now.
  const further = wholeTickets(purchase).find((one) => one.ticketNo === ticketNo)!;
  return withCompanions({ ...purchase, tickets: [...tickets, further] }, companions);
}

/** The ticket, and all that enter with it or that it enters with: they go together. */
export function goingAlong(purchase: Purchase, ticketNo: string): string[] {
  requireTicket(purchase, ticketNo);
  const tickets = wholeTickets(purchase);
  const going = new Set([ticketNo]);
  for (let before = 0; before < going.size; ) {
    before = going.size;
    for (const { ticketNo: one, with: other } of tickets) {
      if (other === undefined || !(going.has(one) || going.has(other))) continue;
      going.add(one).add(other);
    }
  }
  return tickets.flatMap((one) => (going.has(one.ticketNo) ? one.ticketNo : []));
}

export interface Parted {
  /** Without the tickets; cancelled where none is left. */
  readonly left: Purchase;
  /** As they were, with everything said that they had from others. */
  readonly tickets: readonly PurchaseTicket[];
}

/** Takes tickets out of a purchase. */
export function partFrom(purchase: Purchase, ticketNos: readonly string[]): Parted {
  const going = new Set(ticketNos);
  const whole = wholeTickets(purchase);
  const tickets = whole.filter(({ ticketNo }) => going.has(ticketNo));
  const staying = whole.filter(({ ticketNo }) => !going.has(ticketNo));
  if (staying.length === 0) return { left: { ...purchase, status: 'cancelled' }, tickets };
  const companions = (purchase.companions ?? []).filter(({ ticketNo }) => !going.has(ticketNo));
  // Only numbers: the tickets themselves say everything now.
  const linked = companions.map(({ ticketNo, holder }) => ({ ticketNo, holder }));
  return { left: withCompanions({ ...purchase, tickets: staying }, linked), tickets };
}

function withCompanions(
  { companions: _, ...purchase }: Purchase,
  companions: NonNullable<Purchase['companions']>,
): Purchase {
  return companions.length === 0 ? purchase : { ...purchase, companions };
}

/**
 * Every ticket with what it would have from others: the builder's own rules (docs/whitelist.md), so that a ticket
 * which is taken out stays what it was, and those that stay too.
 */
function wholeTickets(purchase: Purchase): PurchaseTicket[] {
  const { tickets, companions = [] } = purchase;
  const own = new Set(tickets.map(({ ticketNo }) => ticketNo));
  const further = companions.flatMap(({ holder: _, ...ticket }) =>
    own.has(ticket.ticketNo) ? [] : ticket,
  );
  const all: readonly Details[] = [...tickets, ...further];
  const admission = admissionsOf(all);
  return all.map(({ seat, ...ticket }) => {
    const window = admission(ticket.ticketNo);
    const whole = { ...ticket, seat: seat ?? { gate: tickets[0]!.seat.gate } };
    return window ? { ...whole, admission: window } : whole;
  });
}

function admissionsOf(all: readonly Details[]) {
  const byNumber = new Map(all.map((ticket) => [ticket.ticketNo, ticket]));
  const along = (ticketNo: string): PurchaseTicket['admission'] => {
    const seen = new Set<string>();
    let at = byNumber.get(ticketNo);
    while (at && at.admission === undefined && !seen.has(at.ticketNo)) {
      seen.add(at.ticketNo);
      at = at.with === undefined ? undefined : byNumber.get(at.with);
    }
    return at?.admission;
  };
  return (ticketNo: string) => along(ticketNo) ?? along(all[0]!.ticketNo);
}

const companionTickets = ({ companions = [] }: Purchase) =>
  new Set(companions.map(({ ticketNo }) => ticketNo));

function ticketsOfCard({ companions = [] }: Purchase, holder: HolderField): string[] {
  return companions.flatMap((one) => (sameCard(one.holder, holder) ? one.ticketNo : []));
}

export function requireTicket(purchase: Purchase, ticketNo: string): PartyTicket {
  const ticket = ticketsOf(purchase).find((one) => one.ticketNo === ticketNo);
  if (ticket) return ticket;
  throw new RefusedError('unknown', 'ERR_TICKET_UNKNOWN', 'the purchase has no such ticket');
}

/** By serial number, and by issuer where both name one. */
export function sameCard(one: HolderField, other: HolderField): boolean {
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a === undefined || a !== b) return false;
  return !('issuer' in one) || !('issuer' in other) || one.issuer === other.issuer;
}

function numberOf(holder: HolderField): string | undefined {
  if ('serial' in holder) return trimmed(holder.serial.toLowerCase());
  try {
    return trimmed(toHex(parseCertificate(fromBase64(holder.certificate)).serial));
  } catch (error) {
    // The builder turns such a row away; it is no card that another could be the same as.
    if (error instanceof CertificateError || error instanceof FormatError) return undefined;
    throw error;
  }
}

const trimmed = (hex: string) => hex.replace(/^0+/, '');

export const linkedAlready = () =>
  new RefusedError('conflict', 'ERR_TICKET_LINKED', 'the ticket is on the card of a companion');
const notLinked = () =>
  new RefusedError('conflict', 'ERR_TICKET_NOT_LINKED', 'the ticket is on the card of the holder');
const cardHere = () =>
  new RefusedError(
    'conflict',
    'ERR_CARD_SAME',
    'this card opens a ticket of this purchase already',
  );
