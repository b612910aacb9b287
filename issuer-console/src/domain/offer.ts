import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import { type Event, type EventStore, requireCurrent, requireEvent } from './event.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';

/** How a buyer's card is to state the purchase. */
export const OFFER_METHODS = ['signature', 'authentication'] as const;
export type OfferMethod = (typeof OFFER_METHODS)[number];

/** Tickets of one kind for one event, as a vendor offers them. Unix milliseconds. */
export interface Offer {
  readonly id: string;
  readonly eventId: string;
  readonly vendorId: string;
  /** As on the ticket: `adult`, `S席`. */
  readonly category: string;
  readonly priceYen: number;
  /** How many one card may have of it. */
  readonly perCard: number;
  readonly method: OfferMethod;
  /** The chip is captured with the purchase, for gates that take cards without a PIN by `kazashi`. */
  readonly kazashi: boolean;
  readonly sale: { readonly from: number; readonly until: number };
  /** From the application to the last day of paying. */
  readonly payWithinHours: number;
  readonly createdAt: number;
}

export interface OfferStanding extends Offer {
  readonly places: number;
  /** Neither sold nor held by an application that lives. */
  readonly free: number;
}

/** Places in a row with numbers from `first` on, or as many without a number. */
export interface SeatRun {
  readonly gate: string;
  readonly block?: string | undefined;
  readonly row?: string | undefined;
  readonly first?: number | undefined;
  readonly places: number;
}

export interface WantedOffer extends Omit<Offer, 'id' | 'vendorId' | 'createdAt'> {
  readonly seats: readonly SeatRun[];
}

export interface OfferSeat {
  readonly gate: string;
  readonly block: string | undefined;
  readonly row: string | undefined;
  readonly number: string | undefined;
}

export interface OfferStore {
  list(event: Event): Promise<OfferStanding[]>;
  add(offer: Offer, seats: readonly OfferSeat[], origin: Origin): Promise<void>;
  /** Sells no more from now on; what was applied for stays. False where there is none. */
  close(scope: Scope, id: string, origin: Origin): Promise<boolean>;
}

export const MAX_PRICE_YEN = 999_999;
export const MAX_PER_CARD = 10;
export const MAX_PLACES = 20_000;
const MAX_RUNS = 500;
const MAX_PAY_HOURS = 60 * 24;
const MAX_LABEL = 32;

export interface OfferDeskDeps {
  readonly events: EventStore;
  readonly offers: OfferStore;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface OfferDesk {
  list(asker: Asker, eventId: string): Promise<OfferStanding[]>;
  /** What can be applied for now. */
  onSale(asker: Asker, eventId: string): Promise<OfferStanding[]>;
  add(asker: Asker, wanted: WantedOffer): Promise<Offer>;
  close(asker: Asker, offerId: string): Promise<void>;
}

export function offerDesk({ events, offers, now, random }: OfferDeskDeps): OfferDesk {
  return {
    list: async ({ scope }, eventId) => offers.list(await requireEvent(events, scope, eventId)),
    onSale: async ({ scope }, eventId) => {
      const event = await requireEvent(events, scope, eventId);
      if (event.archivedAt !== undefined) return [];
      const at = now();
      return (await offers.list(event)).filter((offer) => isOnSale(offer, at));
    },
    add: async (asker, { seats, ...wanted }) => {
      const event = await requireEvent(events, asker.scope, wanted.eventId);
      requireCurrent(event);
      check(wanted);
      const offer = {
        ...wanted,
        category: label('category', wanted.category),
        id: Buffer.from(random(16)).toString('hex'),
        vendorId: event.vendorId,
        createdAt: now(),
      };
      await offers.add(offer, seatsOf(event, seats), { by: asker.by, at: now() });
      return offer;
    },
    close: async (asker, offerId) => {
      if (!/^[0-9a-f]{32}$/.test(offerId)) throw unknownOffer();
      const origin = { by: asker.by, at: now() };
      if (!(await offers.close(asker.scope, offerId, origin))) throw unknownOffer();
    },
  };
}

function check({ priceYen, perCard, payWithinHours, sale }: Omit<WantedOffer, 'seats'>): void {
  requireCount('priceYen', priceYen, 0, MAX_PRICE_YEN);
  requireCount('perCard', perCard, 1, MAX_PER_CARD);
  requireCount('payWithinHours', payWithinHours, 1, MAX_PAY_HOURS);
  if (!(sale.from < sale.until)) throw malformed('sale: from is before until');
}

function seatsOf({ gates }: Event, runs: readonly SeatRun[]): OfferSeat[] {
  if (runs.length === 0 || runs.length > MAX_RUNS) throw malformed(`seats: 1 to ${MAX_RUNS} rows`);
  const seats = runs.flatMap((run) => {
    if (!gates.includes(run.gate)) throw malformed('seats: the gate is none of the event');
    requireCount('seats: places', run.places, 1, MAX_PLACES);
    const { first } = run;
    if (first !== undefined) requireCount('seats: first', first, 0, 99_999);
    const [block, row] = [optional('block', run.block), optional('row', run.row)];
    return Array.from({ length: run.places }, (_, i) => ({
      gate: run.gate,
      block,
      row,
      number: first === undefined ? undefined : String(first + i),
    }));
  });
  if (seats.length > MAX_PLACES) throw malformed(`seats: at most ${MAX_PLACES} of one offer`);
  const numbered = seats.filter(({ number }) => number !== undefined);
  const different = new Set(numbered.map((seat) => JSON.stringify(seat)));
  if (different.size < numbered.length) throw malformed('seats: one stands there twice');
  return seats;
}

const optional = (what: string, text: string | undefined) =>
  text === undefined || text.trim() === '' ? undefined : label(`seats: ${what}`, text);

/** What a ticket can carry. */
function label(what: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed.length <= MAX_LABEL && !/[\p{C}\p{Zl}\p{Zp}]/u.test(trimmed)) {
    return trimmed;
  }
  throw malformed(`${what}: 1 to ${MAX_LABEL} printable characters`);
}

function requireCount(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw malformed(`${what}: ${least} to ${most}`);
}

export const isOnSale = ({ sale }: Pick<Offer, 'sale'>, now: number) =>
  sale.from <= now && now < sale.until;

/** Of an archived event nothing is on sale, whatever its offers say. */
export function requireSelling({ archivedAt }: Pick<Event, 'archivedAt'>): void {
  if (archivedAt !== undefined) throw saleOver();
}

export const saleOver = () =>
  new RefusedError('conflict', 'ERR_OFFER_CLOSED', 'the sale for this event is over');

const malformed = (what: string) => new RefusedError('invalid', 'ERR_OFFER_FORM', what);

export const unknownOffer = () =>
  new RefusedError('unknown', 'ERR_OFFER_UNKNOWN', 'there is no such offer');
