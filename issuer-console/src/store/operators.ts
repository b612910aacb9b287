import { and, eq, isNull, sql } from 'drizzle-orm';
import type { NewOperator, Operator, OperatorEdit, OperatorStore } from '../domain/operator.ts';
import type { Role, Scope } from '../domain/permission.ts';
import { operators, passkeys, recoveryCodes, sessions } from './account-schema.ts';
import { change, type Note, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { within } from './scope.ts';

/** The operator, and how many passkeys they have: names in full, which drizzle leaves out of raw text. */
export const OPERATOR = {
  row: operators,
  passkeys: sql<string | number>`(SELECT count(*) FROM "passkeys"
    WHERE "passkeys"."operator_id" = "operators"."id")`,
} as const;

export function operatorStore(db: Database): OperatorStore {
  return {
    list: (scope) =>
      guarded('read the operators', async () => {
        const rows = await db
          .select(OPERATOR)
          .from(operators)
          .where(within(scope, operators.vendorId))
          .orderBy(operators.createdAt, operators.id);
        return rows.map(operatorOf);
      }),

    find: (scope, id) =>
      guarded('look up an operator', async () => {
        const [row] = await db.select(OPERATOR).from(operators).where(one(scope, id));
        return row && operatorOf(row);
      }),

    add: (operator, origin) =>
      change(db, 'add an operator', origin, async (tx, note) => {
        const added = await tx
          .insert(operators)
          .values(rowOf(operator, origin.at))
          .onConflictDoNothing()
          .returning({ id: operators.id });
        const { id, role, vendorId } = operator;
        if (added.length > 0) {
          note({ action: 'operator.added', subjects: [id], vendorId, facts: { role } });
        }
        return added.length > 0;
      }),

    edit: (scope, edit, origin) =>
      change(db, 'change an operator', origin, (tx, note) =>
        apply(tx, note, scope, edit, origin.at),
      ),

    reset: (scope, id, { passwordHash, passwordUntil }, origin) =>
      change(db, 'reset an operator', origin, async (tx, note) => {
        const until = new Date(passwordUntil);
        const [found] = await tx
          .update(operators)
          .set({
            passwordHash,
            passwordUntil: until,
            totp: null,
            totpStep: null,
            revision: sql`${operators.revision} + 1`,
          })
          .where(one(scope, id))
          .returning({ vendorId: operators.vendorId });
        if (!found) return false;
        for (const table of [sessions, passkeys, recoveryCodes]) {
          await tx.delete(table).where(eq(table.operatorId, id));
        }
        note({ action: 'operator.reset', subjects: [id], vendorId: found.vendorId ?? undefined });
        return true;
      }),
  };
}

const one = (scope: Scope, id: string) =>
  and(within(scope, operators.vendorId), eq(operators.id, id));

async function apply(
  tx: Transaction,
  note: Note,
  scope: Scope,
  { id, revision, role, disabled }: OperatorEdit,
  at: number,
) {
  // Who is an administrator is settled one change after the other.
  const admins = await tx
    .select({ id: operators.id })
    .from(operators)
    .where(and(eq(operators.role, 'issuer-admin' satisfies Role), isNull(operators.disabledAt)))
    .for('update');
  const [held] = await tx.select().from(operators).where(one(scope, id)).for('update');
  if (!held) return 'unknown' as const;
  if (held.revision !== revision) return 'conflict' as const;
  const isLast = admins.length === 1 && admins[0]!.id === id;
  const demoted = disabled === true || (role !== undefined && role !== 'issuer-admin');
  if (isLast && demoted) return 'last-admin' as const;
  const disabledAt =
    disabled === undefined ? held.disabledAt : disabled ? (held.disabledAt ?? new Date(at)) : null;
  await tx
    .update(operators)
    .set({ role: role ?? held.role, disabledAt, revision: revision + 1 })
    .where(eq(operators.id, id));
  await tx.delete(sessions).where(eq(sessions.operatorId, id));
  const facts = {
    ...(role === undefined ? {} : { role }),
    ...(disabled === undefined ? {} : { disabled: disabled ? 'yes' : 'no' }),
  };
  note({ action: 'operator.changed', subjects: [id], vendorId: held.vendorId ?? undefined, facts });
  return 'changed' as const;
}

function rowOf(operator: NewOperator, at: number): typeof operators.$inferInsert {
  return {
    ...operator,
    vendorId: operator.vendorId ?? null,
    createdAt: new Date(at),
    passwordUntil: new Date(operator.passwordUntil),
  };
}

interface OperatorRow {
  readonly row: typeof operators.$inferSelect;
  readonly passkeys: string | number;
}

export function operatorOf({ row, passkeys: count }: OperatorRow): Operator {
  const { id, name, role, vendorId, createdAt, disabledAt, revision } = row;
  return {
    id,
    name,
    role: role as Role,
    vendorId: vendorId ?? undefined,
    createdAt: createdAt.getTime(),
    disabledAt: disabledAt?.getTime(),
    revision,
    passwordGiven: row.passwordUntil !== null,
    totp: row.totp !== null,
    passkeys: Number(count),
  };
}
