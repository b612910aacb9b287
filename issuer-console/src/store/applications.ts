import type { Language } from '@pinless-gate/protocol/record';
import { and, asc, count, desc, eq, inArray, lte } from 'drizzle-orm';
import type {
  Application,
  ApplicationState,
  ApplicationStore,
  Link,
  LinkOutcome,
  Move,
  NewApplication,
} from '../domain/application.ts';
import type { Event } from '../domain/event.ts';
import { type OfferMethod, saleOver } from '../domain/offer.ts';
import type { Scope } from '../domain/permission.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { isArchived } from './events.ts';
import { addEvidence } from './evidence.ts';
import { addPayment, isKnownPayment } from './payments.ts';
import { putPurchase } from './purchase-rows.ts';
import { within } from './scope.ts';
import { checkPick, holdSeats, lockOffers, releaseExpired, releaseSeats } from './seat-holding.ts';
import { applications, offerSeats, offers } from './shop-schema.ts';
import { addVisitorToken, useVisitorToken } from './visitor-tokens.ts';

type Row = typeof applications.$inferSelect;
const LIVING = ['open', 'pending'];

export function applicationStore(db: Database): ApplicationStore {
  const read = async (rows: readonly Row[]) => withSeats(db, rows);
  const one = async (condition: ReturnType<typeof and>) =>
    guarded('look up an application', async () => {
      const rows = await db.select().from(applications).where(condition);
      return (await read(rows))[0];
    });
  return {
    hold: (event, wanted, now) =>
      guarded('hold seats', () => db.transaction((tx) => hold(tx, event, wanted, now))),
    find: (scope: Scope, id) =>
      one(and(within(scope, applications.vendorId), eq(applications.id, id))),
    ofPurchase: (eventId, purchaseId) =>
      one(and(eq(applications.eventId, eventId), eq(applications.purchaseId, purchaseId))),
    ofSlip: (vendorId, slip) =>
      one(and(eq(applications.vendorId, vendorId), eq(applications.slip, slip))),

    list: ({ id }, limit) =>
      guarded('read the applications', async () =>
        read(
          await db
            .select()
            .from(applications)
            .where(eq(applications.eventId, id))
            .orderBy(desc(applications.createdAt), applications.id)
            .limit(limit),
        ),
      ),

    link: (event, wanted, origin) =>
      change(db, 'link a card', origin, async (tx, note) => {
        const outcome = await link(tx, event, wanted, origin.at);
        if (outcome === 'linked') for (const each of wanted.notes) note(each);
        return outcome;
      }),

    move: (event, wanted, origin) =>
      change(db, 'move an application', origin, async (tx, note) => {
        if (!(await move(tx, event, wanted, origin.at))) return 'again';
        for (const each of wanted.notes) note(each);
        return 'moved';
      }),

    overdue: (now, limit) =>
      guarded('look for overdue applications', async () =>
        read(
          await db
            .select()
            .from(applications)
            .where(
              and(inArray(applications.state, LIVING), lte(applications.expiresAt, new Date(now))),
            )
            .orderBy(asc(applications.expiresAt))
            .limit(limit),
        ),
      ),

    nextExpiry: () =>
      guarded('look for overdue applications', async () => {
        const [row] = await db
          .select({ at: applications.expiresAt })
          .from(applications)
          .where(inArray(applications.state, LIVING))
          .orderBy(asc(applications.expiresAt))
          .limit(1);
        return row?.at.getTime();
      }),
  };
}

async function hold(
  tx: Transaction,
  { id: eventId, vendorId }: Event,
  { picks, token, expiresAt, ...wanted }: NewApplication,
  now: number,
): Promise<Application> {
  await releaseExpired(tx, eventId, now);
  const known = await lockOffers(
    tx,
    eventId,
    picks.map(({ offerId }) => offerId),
  );
  if (await isArchived(tx, eventId)) throw saleOver();
  const chosen = picks.map((pick) => ({
    pick,
    offer: checkPick(known.get(pick.offerId), pick, now),
  }));
  const [row] = await tx
    .insert(applications)
    .values({
      ...wanted,
      vendorId,
      state: 'open',
      method: chosen.some(({ offer }) => offer.method === 'signature')
        ? 'signature'
        : 'authentication',
      kazashi: chosen.some(({ offer }) => offer.kazashi),
      totalYen: chosen.reduce((sum, { offer, pick }) => sum + offer.priceYen * pick.count, 0),
      payWithinHours: Math.min(...chosen.map(({ offer }) => offer.payWithinHours)),
      createdAt: new Date(now),
      expiresAt: new Date(expiresAt),
    })
    .returning();
  for (const { pick } of chosen) await holdSeats(tx, wanted, pick);
  await addVisitorToken(tx, { ...token, vendorId });
  return (await withSeats(tx, [row!]))[0]!;
}

/** The application, which nobody else changes until the transaction ends; undefined where it is in another state. */
async function lockedIn(tx: Transaction, { id, state }: Application): Promise<Row | undefined> {
  const [row] = await tx.select().from(applications).where(eq(applications.id, id)).for('update');
  return row?.state === state ? row : undefined;
}

async function link(tx: Transaction, event: Event, wanted: Link, at: number): Promise<LinkOutcome> {
  const { application, slip, row, evidence: kept } = wanted;
  const held = await lockedIn(tx, application);
  if (!held || held.expiresAt.getTime() <= at) return 'not-open';
  if (await isOverLimit(tx, event, wanted)) return 'over-limit';
  if (await isArchived(tx, event.id)) return 'sale-over';
  if (slip !== undefined) {
    const taken = await tx.select().from(applications).where(eq(applications.slip, slip));
    if (taken.length > 0) return 'slip-taken';
  }
  if (!(await useVisitorToken(tx, wanted.usedCode, at))) return 'not-open';
  await putPurchase(tx, event, { row, expect: 0 }, new Date(at));
  await addEvidence(tx, kept);
  await addVisitorToken(tx, wanted.checkToken);
  await tx
    .update(applications)
    .set({
      ...{ state: wanted.state, slip: slip ?? null, evidenceId: kept.id },
      ...{ stated: wanted.stated, cardMark: wanted.cardMark },
      linkedAt: new Date(at),
      dueAt: new Date(wanted.dueAt),
      expiresAt: new Date(wanted.expiresAt),
      paidAt: wanted.state === 'paid' ? new Date(at) : null,
    })
    .where(eq(applications.id, application.id));
  return 'linked';
}

/** Whether this card would have more of an offer than one card may. */
async function isOverLimit(
  tx: Transaction,
  { id: eventId }: Event,
  { application, cardMark }: Link,
): Promise<boolean> {
  const ids = [...new Set(application.seats.map(({ offerId }) => offerId))];
  // Their lock: of two applications of one card at once, the second sees the first.
  const known = await lockOffers(tx, eventId, ids);
  const rows = await tx
    .select({ offerId: offerSeats.offerId, has: count() })
    .from(offerSeats)
    .innerJoin(applications, eq(applications.id, offerSeats.applicationId))
    .where(and(eq(applications.eventId, eventId), eq(applications.cardMark, cardMark)))
    .groupBy(offerSeats.offerId);
  const has = new Map(rows.map((row) => [row.offerId, row.has]));
  return ids.some((id) => {
    const wanted = application.seats.filter(({ offerId }) => offerId === id).length;
    return wanted + (has.get(id) ?? 0) > (known.get(id)?.perCard ?? 0);
  });
}

/** False where something changed meanwhile, and nothing was written. */
async function move(tx: Transaction, event: Event, wanted: Move, at: number): Promise<boolean> {
  const { application, state, purchase, payment } = wanted;
  if (!(await lockedIn(tx, application))) return false;
  if (payment && (await isKnownPayment(tx, payment))) return false;
  if (purchase) {
    const put = await putPurchase(tx, event, purchase, new Date(at));
    if (put === 'conflict') return false;
  }
  if (payment) await addPayment(tx, payment);
  await tx
    .update(applications)
    .set({ state, ...(state === 'paid' && { paidAt: new Date(at) }) })
    .where(eq(applications.id, application.id));
  if (state !== 'paid') await releaseSeats(tx, [application.id]);
  return true;
}

async function withSeats(
  db: Pick<Database, 'select'>,
  rows: readonly Row[],
): Promise<Application[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const seats = await db
    .select({ seat: offerSeats, category: offers.category })
    .from(offerSeats)
    .innerJoin(offers, eq(offers.id, offerSeats.offerId))
    .where(inArray(offerSeats.applicationId, ids))
    .orderBy(offers.createdAt, offers.id, offerSeats.place);
  return rows.map((row) =>
    applicationOf(
      row,
      seats.flatMap(({ seat, category }) =>
        seat.applicationId === row.id ? [{ ...seatOf(seat), offerId: seat.offerId, category }] : [],
      ),
    ),
  );
}

function seatOf({ gate, block, row, number }: typeof offerSeats.$inferSelect) {
  return {
    gate,
    block: block ?? undefined,
    row: row ?? undefined,
    number: number ?? undefined,
  };
}

function applicationOf(row: Row, seats: Application['seats']): Application {
  const { cardMark: _, ...kept } = row;
  return {
    ...kept,
    seats,
    state: row.state as ApplicationState,
    language: row.language as Language,
    method: row.method as OfferMethod,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    linkedAt: row.linkedAt?.getTime(),
    dueAt: row.dueAt?.getTime(),
    paidAt: row.paidAt?.getTime(),
    slip: row.slip ?? undefined,
    evidenceId: row.evidenceId ?? undefined,
    stated: row.stated ?? undefined,
  };
}
