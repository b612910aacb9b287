import { and, desc, eq, gt, isNull, ne, or } from 'drizzle-orm';
import type {
  KeptPayment,
  PaymentOutcome,
  PaymentSecret,
  PaymentStore,
  Settlement,
} from '../domain/payment.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';
import { paymentSecrets, payments } from './shop-schema.ts';

export function paymentStore(db: Database): PaymentStore {
  const good = (now: number) =>
    or(isNull(paymentSecrets.expiresAt), gt(paymentSecrets.expiresAt, new Date(now)));
  return {
    secrets: (scope, now) =>
      guarded('read the payment secrets', async () => {
        const rows = await db
          .select()
          .from(paymentSecrets)
          .where(and(within(scope, paymentSecrets.vendorId), good(now)))
          .orderBy(paymentSecrets.vendorId, paymentSecrets.createdAt);
        return rows.map(secretOf);
      }),

    secret: (id, now) =>
      guarded('look up a payment secret', async () => {
        const [row] = await db
          .select()
          .from(paymentSecrets)
          .where(and(eq(paymentSecrets.id, id), good(now)));
        return row && { ...secretOf(row), sealed: row.sealed };
      }),

    addSecret: ({ id, vendorId, sealed }, until, origin) =>
      change(db, 'add a payment secret', origin, async (tx, note) => {
        const at = new Date(origin.at);
        const { expiresAt } = paymentSecrets;
        const own = eq(paymentSecrets.vendorId, vendorId);
        // Never more than two: what was to end already ends now.
        await tx
          .update(paymentSecrets)
          .set({ expiresAt: at })
          .where(and(own, gt(expiresAt, at)));
        await tx
          .update(paymentSecrets)
          .set({ expiresAt: new Date(until) })
          .where(and(own, isNull(expiresAt)));
        await tx.insert(paymentSecrets).values({ id, vendorId, sealed, createdAt: at });
        note({ action: 'payment-secret.given', subjects: [id], vendorId });
      }),

    revokeSecret: (scope, id, origin) =>
      change(db, 'revoke a payment secret', origin, async (tx, note) => {
        const [row] = await tx
          .delete(paymentSecrets)
          .where(and(within(scope, paymentSecrets.vendorId), eq(paymentSecrets.id, id)))
          .returning();
        if (!row) return false;
        note({ action: 'payment-secret.revoked', subjects: [id], vendorId: row.vendorId });
        return true;
      }),

    find: (vendorId, paymentId) =>
      guarded('look up a payment', async () => {
        const [row] = await db.select().from(payments).where(isPayment({ vendorId, paymentId }));
        return row && paymentOf(row);
      }),

    keep: (payment, origin) =>
      change(db, 'keep a payment', origin, async (tx, note) => {
        if (await isKnownPayment(tx, payment)) return false;
        await addPayment(tx, payment);
        const { id, vendorId, outcome, amountYen } = payment;
        const facts = { outcome, yen: amountYen };
        note({ action: 'payment.received', subjects: [id], vendorId, facts });
        return true;
      }),

    list: (scope, { open, limit }) =>
      guarded('read the payments', async () => {
        const needsPerson = and(ne(payments.outcome, 'paid'), isNull(payments.settled));
        const rows = await db
          .select()
          .from(payments)
          .where(and(within(scope, payments.vendorId), open ? needsPerson : undefined))
          .orderBy(desc(payments.receivedAt), payments.id)
          .limit(limit);
        return rows.map(paymentOf);
      }),

    settle: (scope, id, how, origin) =>
      change(db, 'settle a payment', origin, async (tx, note) => {
        const [row] = await tx
          .update(payments)
          .set({ settled: how, settledAt: new Date(origin.at) })
          .where(and(within(scope, payments.vendorId), eq(payments.id, id)))
          .returning();
        if (!row) return false;
        note({ action: 'payment.settled', subjects: [id], vendorId: row.vendorId, facts: { how } });
        return true;
      }),
  };
}

type PaymentKey = Pick<KeptPayment, 'vendorId' | 'paymentId'>;

const isPayment = ({ vendorId, paymentId }: PaymentKey) =>
  and(eq(payments.vendorId, vendorId), eq(payments.paymentId, paymentId));

export async function isKnownPayment(tx: Transaction, of: PaymentKey): Promise<boolean> {
  return (await tx.select({ id: payments.id }).from(payments).where(isPayment(of))).length > 0;
}

export async function addPayment(tx: Transaction, payment: KeptPayment): Promise<void> {
  const { settled: _, paidAt, receivedAt, ...more } = payment;
  const times = { paidAt: new Date(paidAt), receivedAt: new Date(receivedAt) };
  await tx.insert(payments).values({ ...more, ...times });
}

function secretOf(row: typeof paymentSecrets.$inferSelect): PaymentSecret {
  const { id, vendorId, createdAt, expiresAt } = row;
  return { id, vendorId, createdAt: createdAt.getTime(), expiresAt: expiresAt?.getTime() };
}

function paymentOf({ settled, settledAt, ...row }: typeof payments.$inferSelect): KeptPayment {
  return {
    ...row,
    outcome: row.outcome as PaymentOutcome,
    applicationId: row.applicationId ?? undefined,
    paidAt: row.paidAt.getTime(),
    receivedAt: row.receivedAt.getTime(),
    settled:
      settled !== null && settledAt
        ? { how: settled as Settlement, at: settledAt.getTime() }
        : undefined,
  };
}
