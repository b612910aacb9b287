import { and, asc, eq, inArray, isNull, lte } from 'drizzle-orm';
import type { NewApplication, TicketPick } from '../domain/application.ts';
import { isOnSale, type Offer, unknownOffer } from '../domain/offer.ts';
import { RefusedError } from '../domain/refusal.ts';
import type { Transaction } from './audit.ts';
import { offerOf } from './offers.ts';
import { applications, offerSeats, offers } from './shop-schema.ts';

/** The offers that somebody chose from, which nobody else sells of until the transaction ends. */
export async function lockOffers(
  tx: Transaction,
  eventId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Offer>> {
  const rows = await tx
    .select()
    .from(offers)
    .where(and(eq(offers.eventId, eventId), inArray(offers.id, [...ids])))
    // In one order, so that no two wait for one another.
    .orderBy(asc(offers.id))
    .for('update');
  return new Map(rows.map((row) => [row.id, offerOf(row)]));
}

export function checkPick(offer: Offer | undefined, { count }: TicketPick, now: number): Offer {
  if (!offer) throw unknownOffer();
  if (!isOnSale(offer, now)) throw notOnSale();
  if (count > offer.perCard) throw tooMany(offer.perCard);
  return offer;
}

/** The first free places. Throws `ERR_OFFER_SOLD_OUT` where there are not as many. */
export async function holdSeats(
  tx: Transaction,
  { id }: Pick<NewApplication, 'id'>,
  { offerId, count }: TicketPick,
): Promise<void> {
  const free = await tx
    .select({ place: offerSeats.place })
    .from(offerSeats)
    .where(and(eq(offerSeats.offerId, offerId), isNull(offerSeats.applicationId)))
    .orderBy(offerSeats.place)
    .limit(count);
  if (free.length < count) throw soldOut();
  const places = free.map(({ place }) => place);
  await tx
    .update(offerSeats)
    .set({ applicationId: id })
    .where(and(eq(offerSeats.offerId, offerId), inArray(offerSeats.place, places)));
}

export async function releaseSeats(
  tx: Transaction,
  applicationIds: readonly string[],
): Promise<void> {
  if (applicationIds.length === 0) return;
  await tx
    .update(offerSeats)
    .set({ applicationId: null })
    .where(inArray(offerSeats.applicationId, [...applicationIds]));
}

/** Applications of the event that never had a card, and whose time is over. */
export async function releaseExpired(tx: Transaction, eventId: string, now: number): Promise<void> {
  const over = await tx
    .select({ id: applications.id })
    .from(applications)
    .where(
      and(
        eq(applications.eventId, eventId),
        eq(applications.state, 'open'),
        lte(applications.expiresAt, new Date(now)),
      ),
    )
    // What somebody else is at is theirs: nobody waits.
    .for('update', { skipLocked: true });
  const ids = over.map(({ id }) => id);
  if (ids.length === 0) return;
  await tx.update(applications).set({ state: 'expired' }).where(inArray(applications.id, ids));
  await releaseSeats(tx, ids);
}

const notOnSale = () =>
  new RefusedError('conflict', 'ERR_OFFER_CLOSED', 'the offer is not on sale');

const tooMany = (most: number) =>
  new RefusedError('invalid', 'ERR_OFFER_COUNT', `at most ${most} of this offer`);

const soldOut = () =>
  new RefusedError('conflict', 'ERR_OFFER_SOLD_OUT', 'there are not as many left of this offer');
