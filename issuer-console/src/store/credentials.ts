import { createHash } from 'node:crypto';
import { and, count, eq, gt, isNull, lt, or, type SQL } from 'drizzle-orm';
import type { CredentialStore, Passkey } from '../domain/credential.ts';
import { operators, passkeyChallenges, passkeys, recoveryCodes } from './account-schema.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { OPERATOR, operatorOf } from './operators.ts';

export function credentialStore(db: Database): CredentialStore {
  const find = (where: SQL) =>
    guarded('look up an operator', async () => {
      const [found] = await db
        .select(OPERATOR)
        .from(operators)
        .where(and(where, isNull(operators.disabledAt)));
      if (!found) return undefined;
      const { passwordHash, passwordUntil, totp } = found.row;
      const operator = operatorOf(found);
      const until = passwordUntil?.getTime();
      return { operator, passwordHash, passwordUntil: until, totp: totp ?? undefined };
    });
  return {
    byName: (name) => find(eq(operators.name, name)),
    byId: (id) => find(eq(operators.id, id)),
    ...secondFactors(db),
    ...passkeyMethods(db),

    setPassword: (operatorId, passwordHash, origin) =>
      change(db, 'set a password', origin, async (tx, note) => {
        await tx
          .update(operators)
          .set({ passwordHash, passwordUntil: null })
          .where(eq(operators.id, operatorId));
        note({ action: 'password.changed', subjects: [operatorId] });
      }),
  };
}

function secondFactors(
  db: Database,
): Pick<CredentialStore, 'setTotp' | 'takeStep' | 'takeRecoveryCode' | 'recoveryCodesLeft'> {
  return {
    setTotp: (operatorId, totp, origin) =>
      change(db, 'set a second factor', origin, async (tx, note) => {
        await tx
          .update(operators)
          .set({ totp: totp?.sealed ?? null, totpStep: totp?.step ?? null })
          .where(eq(operators.id, operatorId));
        await tx.delete(recoveryCodes).where(eq(recoveryCodes.operatorId, operatorId));
        const hashes = totp?.recoveryHashes ?? [];
        if (hashes.length > 0) {
          await tx.insert(recoveryCodes).values(hashes.map((hash) => ({ operatorId, hash })));
        }
        note({ action: totp ? 'totp.added' : 'totp.removed', subjects: [operatorId] });
      }),

    takeStep: (operatorId, step) =>
      guarded('take a code', async () => {
        const taken = await db
          .update(operators)
          .set({ totpStep: step })
          .where(
            and(
              eq(operators.id, operatorId),
              or(isNull(operators.totpStep), lt(operators.totpStep, step)),
            ),
          )
          .returning({ id: operators.id });
        return taken.length > 0;
      }),

    takeRecoveryCode: (operatorId, hash, origin) =>
      change(db, 'take a recovery code', origin, async (tx, note) => {
        const taken = await tx
          .delete(recoveryCodes)
          .where(and(eq(recoveryCodes.operatorId, operatorId), eq(recoveryCodes.hash, hash)))
          .returning({ hash: recoveryCodes.hash });
        if (taken.length > 0) note({ action: 'recovery-code.used', subjects: [operatorId] });
        return taken.length > 0;
      }),

    recoveryCodesLeft: (operatorId) =>
      guarded('count recovery codes', async () => {
        const [row] = await db
          .select({ left: count() })
          .from(recoveryCodes)
          .where(eq(recoveryCodes.operatorId, operatorId));
        return row!.left;
      }),
  };
}

function passkeyMethods(
  db: Database,
): Pick<
  CredentialStore,
  | 'passkeys'
  | 'passkey'
  | 'addPasskey'
  | 'removePasskey'
  | 'notePasskeyUse'
  | 'offerChallenge'
  | 'takeChallenge'
> {
  return {
    passkeys: (operatorId) =>
      guarded('read passkeys', async () => {
        const rows = await db
          .select()
          .from(passkeys)
          .where(eq(passkeys.operatorId, operatorId))
          .orderBy(passkeys.createdAt);
        return rows.map(passkeyOf);
      }),

    passkey: (credentialId) =>
      guarded('look up a passkey', async () => {
        const [row] = await db.select().from(passkeys).where(byId(credentialId));
        return row && passkeyOf(row);
      }),

    addPasskey: (passkey, origin) =>
      change(db, 'add a passkey', origin, async (tx, note) => {
        const id = idOf(passkey.credentialId);
        await tx.insert(passkeys).values({ ...passkey, id, createdAt: new Date(origin.at) });
        note({ action: 'passkey.added', subjects: [passkey.operatorId] });
      }),

    removePasskey: (operatorId, credentialId, origin) =>
      change(db, 'remove a passkey', origin, async (tx, note) => {
        const removed = await tx
          .delete(passkeys)
          .where(and(byId(credentialId), eq(passkeys.operatorId, operatorId)))
          .returning({ id: passkeys.id });
        if (removed.length > 0) note({ action: 'passkey.removed', subjects: [operatorId] });
        return removed.length > 0;
      }),

    notePasskeyUse: (credentialId, counter, at) =>
      guarded('note a passkey', async () => {
        await db
          .update(passkeys)
          .set({ counter, lastUsedAt: new Date(at) })
          .where(byId(credentialId));
      }),

    offerChallenge: (hash, { now, expiresAt }) =>
      guarded('offer a challenge', async () => {
        await db.delete(passkeyChallenges).where(lt(passkeyChallenges.expiresAt, new Date(now)));
        await db.insert(passkeyChallenges).values({ hash, expiresAt: new Date(expiresAt) });
      }),

    takeChallenge: (hash, now) =>
      guarded('take a challenge', async () => {
        const taken = await db
          .delete(passkeyChallenges)
          .where(
            and(eq(passkeyChallenges.hash, hash), gt(passkeyChallenges.expiresAt, new Date(now))),
          )
          .returning({ hash: passkeyChallenges.hash });
        return taken.length > 0;
      }),
  };
}

function idOf(credentialId: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(credentialId).digest());
}

const byId = (credentialId: Uint8Array) => eq(passkeys.id, idOf(credentialId));

function passkeyOf(row: typeof passkeys.$inferSelect): Passkey {
  const { credentialId, operatorId, name, publicKey, counter } = row;
  const createdAt = row.createdAt.getTime();
  const lastUsedAt = row.lastUsedAt?.getTime();
  return { credentialId, operatorId, name, publicKey, counter, createdAt, lastUsedAt };
}
