import { createHash } from 'node:crypto';
import {
  decodeEnrolmentStatement,
  type EnrolmentStatement,
} from '@pinless-gate/protocol/enrolment';
import { and, eq, inArray, isNull, lt, ne, sql } from 'drizzle-orm';
import {
  CONFLICTS,
  type EnrolmentOutcome,
  type EnrolmentStore,
  type GateRecord,
  type Invitation,
  judgeEnrolment,
  type RefusedEnrolment,
  type Revocation,
  type StatedAttributes,
} from '../domain/enrolment.ts';
import { change, type Note, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { newGate } from './gates.ts';
import { challenges, gates, identity, invitations } from './schema.ts';

/** Until a gate is enrolled, nobody knows who asks. */
const CONSOLE = { kind: 'console', id: 'enrolment' } as const;

export function enrolmentStore(db: Database): EnrolmentStore {
  return {
    identity: (candidate) =>
      guarded('read who this console is', async () => {
        await db.insert(identity).values({ only: 1, id: candidate }).onConflictDoNothing();
        const [row] = await db.select().from(identity);
        return row!.id;
      }),

    invite: (invitation, origin) =>
      change(db, 'invite a gate', origin, async (tx, note) => {
        note({ action: 'gate.invited', subjects: [invitation.gateId] });
        await tx.insert(invitations).values({
          ...invitation,
          eventIds: [...invitation.eventIds],
          createdAt: new Date(invitation.createdAt),
          expiresAt: new Date(invitation.expiresAt),
          usedAt: null,
          withdrawnAt: null,
        });
      }),

    offer: (challenge, { now, expiresAt }) =>
      guarded('offer a challenge', async () => {
        await db.delete(challenges).where(lt(challenges.expiresAt, new Date(now)));
        await db.insert(challenges).values({ challenge, expiresAt: new Date(expiresAt) });
      }),

    enrol: (statement, signed, now) =>
      change(db, 'enrol a gate', { by: CONSOLE, at: now }, (tx, note) =>
        enrol(tx, note, { statement, signed, now }),
      ),

    records: () =>
      guarded('read the gates', async () => {
        const found = await db
          .select()
          .from(gates)
          .fullJoin(invitations, eq(invitations.gateId, gates.id));
        return found
          .map(record)
          .sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id));
      }),

    conflicts: () =>
      guarded('read conflicts of enrolment', async () => {
        const found = await db
          .select({ gate: invitations.gateName, at: invitations.refusedAt })
          .from(invitations)
          .leftJoin(gates, eq(gates.id, invitations.gateId))
          .where(
            and(
              inArray(invitations.refusedFor, [...CONFLICTS]),
              isNull(gates.revokedAt),
              isNull(invitations.withdrawnAt),
            ),
          )
          .orderBy(invitations.refusedAt);
        return found.map(({ gate, at }) => ({ gate, at: at!.getTime() }));
      }),

    revoke: (gateId, origin) =>
      change(db, 'revoke a gate', origin, async (tx, note) => {
        const outcome = await revoke(tx, gateId, new Date(origin.at));
        if (outcome === 'revoked') note({ action: 'gate.revoked', subjects: [gateId] });
        if (outcome === 'withdrawn') note({ action: 'invitation.withdrawn', subjects: [gateId] });
        return outcome;
      }),

    compared: (gateId, origin) =>
      change(db, 'note that keys were compared', origin, async (tx, note) => {
        const found = await tx
          .update(gates)
          .set({ comparedAt: new Date(origin.at) })
          .where(and(eq(gates.id, gateId), isNull(gates.revokedAt)))
          .returning({ id: gates.id });
        if (found.length > 0) note({ action: 'gate.compared', subjects: [gateId] });
        return found.length > 0;
      }),
  };
}

async function enrol(
  tx: Transaction,
  note: Note,
  { statement, signed, now }: Stated,
): Promise<EnrolmentOutcome> {
  const taken = await tx
    .delete(challenges)
    .where(eq(challenges.challenge, statement.challenge))
    .returning({ expiresAt: challenges.expiresAt });
  const fresh = taken.some(({ expiresAt }) => now < expiresAt.getTime());
  // The row's lock: of two who come with one token, one enrols.
  const [row] = await tx
    .select()
    .from(invitations)
    .where(eq(invitations.tokenHash, statement.tokenHash))
    .for('update');
  const invitation = row && invitationOf(row);
  const [held] = row ? await tx.select().from(gates).where(eq(gates.id, row.gateId)) : [];
  const verdict = judgeEnrolment({
    now,
    statement,
    fresh,
    invitation,
    enrolled: held && { deviceKey: held.deviceKey, revokedAt: held.revokedAt?.getTime() },
    keyKnown: await isKeyKnown(tx, statement.deviceKey, row?.gateId),
  });
  if (verdict.outcome === 'refuse') {
    const { reason } = verdict;
    // A challenge that took too long is nobody's fault, and is asked for again.
    if (invitation && fresh) await keepRefusal(tx, statement.tokenHash, { at: now, reason });
    return { outcome: 'refused', reason };
  }
  const at = held?.enrolledAt?.getTime() ?? now;
  if (verdict.outcome === 'enrol') {
    const { gateId } = verdict.invitation;
    await keep(tx, verdict.invitation, { statement, signed, now });
    note({ action: 'gate.enrolled', subjects: [gateId], by: { kind: 'gate', id: gateId } });
  }
  return { outcome: 'enrolled', invitation: verdict.invitation, at };
}

/** Only who holds the token brings this about. */
async function keepRefusal(
  tx: Transaction,
  tokenHash: Uint8Array,
  { at, reason }: RefusedEnrolment,
): Promise<void> {
  await tx
    .update(invitations)
    .set({ refusedAt: new Date(at), refusedFor: reason })
    .where(eq(invitations.tokenHash, tokenHash));
}

async function isKeyKnown(tx: Transaction, deviceKey: Uint8Array, but?: string): Promise<boolean> {
  const others = await tx
    .select({ id: gates.id })
    .from(gates)
    .where(
      and(
        eq(gates.deviceKey, deviceKey),
        isNull(gates.revokedAt),
        but === undefined ? undefined : ne(gates.id, but),
      ),
    )
    .limit(1);
  return others.length > 0;
}

interface Stated {
  readonly statement: EnrolmentStatement;
  readonly signed: Uint8Array;
  readonly now: number;
}

async function keep(
  tx: Transaction,
  { tokenHash, gateId, gateName, eventIds }: Invitation,
  { statement, signed, now }: Stated,
): Promise<void> {
  const { deviceKey } = statement;
  await tx.insert(gates).values({
    ...newGate({ id: gateId, name: gateName, deviceKey }, now),
    statement: signed,
    eventIds: [...eventIds],
    enrolledAt: new Date(now),
  });
  await tx
    .update(invitations)
    .set({ usedAt: new Date(now) })
    .where(eq(invitations.tokenHash, tokenHash));
}

async function revoke(tx: Transaction, gateId: string, at: Date): Promise<Revocation> {
  const withdrawn = await tx
    .update(invitations)
    .set({ withdrawnAt: at })
    .where(
      and(
        eq(invitations.gateId, gateId),
        isNull(invitations.usedAt),
        isNull(invitations.withdrawnAt),
      ),
    )
    .returning({ id: invitations.gateId });
  const revoked = await tx
    .update(gates)
    .set({ revokedAt: at })
    .where(and(eq(gates.id, gateId), isNull(gates.revokedAt)))
    .returning({ id: gates.id });
  if (revoked.length > 0) return 'revoked';
  if (withdrawn.length > 0) return 'withdrawn';
  const known = await tx.execute(
    sql`select 1 from ${gates} where ${gates.id} = ${gateId}
        union select 1 from ${invitations} where ${invitations.gateId} = ${gateId}`,
  );
  return (known as unknown as { rows: unknown[] }).rows.length > 0 ? 'before' : 'unknown';
}

function invitationOf(row: typeof invitations.$inferSelect): Invitation {
  return {
    ...row,
    createdAt: row.createdAt.getTime(),
    expiresAt: row.expiresAt.getTime(),
    usedAt: row.usedAt?.getTime(),
    withdrawnAt: row.withdrawnAt?.getTime(),
  };
}

interface RecordRow {
  readonly gates: typeof gates.$inferSelect | null;
  readonly invitations: typeof invitations.$inferSelect | null;
}

function record({ gates: gate, invitations: invitation }: RecordRow): GateRecord {
  const unused = invitation?.usedAt ? null : invitation;
  return {
    id: gate?.id ?? invitation!.gateId,
    name: gate?.name ?? invitation!.gateName,
    eventIds: gate?.eventIds ?? invitation!.eventIds,
    deviceKeyId: gate ? keyId(gate.deviceKey) : undefined,
    deviceKey: gate ? Buffer.from(gate.deviceKey).toString('base64') : undefined,
    stated: gate?.statement ? stated(gate.statement) : undefined,
    invitedAt: invitation?.createdAt.getTime(),
    expiresAt: unused?.expiresAt.getTime(),
    withdrawnAt: invitation?.withdrawnAt?.getTime(),
    refused: invitation ? refusedOf(invitation) : undefined,
    addedAt: gate?.addedAt.getTime(),
    lastSeenAt: gate?.lastSeenAt?.getTime(),
    revokedAt: gate?.revokedAt?.getTime(),
    comparedAt: gate?.comparedAt?.getTime(),
  };
}

function refusedOf({ refusedAt, refusedFor }: typeof invitations.$inferSelect) {
  return refusedAt && refusedFor ? { at: refusedAt.getTime(), reason: refusedFor } : undefined;
}

function stated(signed: Uint8Array): StatedAttributes {
  const { transportKey, software, module, capabilities } = decodeEnrolmentStatement(signed);
  return { transportKeyId: keyId(transportKey), software, module, capabilities };
}

function keyId(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex');
}

/** The same order whatever the database's collation is. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
