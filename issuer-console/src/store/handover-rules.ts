import { eq } from 'drizzle-orm';
import { DEFAULT_RULES, type HandoverRulesStore } from '../domain/handover-rules.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { handoverRules } from './handover-schema.ts';

export function handoverRulesStore(db: Database): HandoverRulesStore {
  return {
    of: ({ id }) =>
      guarded('read what holders may do', async () => {
        const [row] = await db.select().from(handoverRules).where(eq(handoverRules.eventId, id));
        if (!row) return DEFAULT_RULES;
        const { companions, transfer, until, feeYen } = row;
        return { companions, transfer, until: until?.getTime(), feeYen };
      }),

    set: ({ id, vendorId }, { until, ...rules }, origin) =>
      change(db, 'set what holders may do', origin, async (tx, note) => {
        const row = { ...rules, until: until === undefined ? null : new Date(until) };
        await tx
          .insert(handoverRules)
          .values({ eventId: id, ...row })
          .onConflictDoUpdate({ target: handoverRules.eventId, set: row });
        const facts = {
          companions: String(rules.companions),
          transfer: String(rules.transfer),
          feeYen: rules.feeYen,
        };
        note({ action: 'handover.rules', subjects: [id], vendorId, facts });
      }),
  };
}
