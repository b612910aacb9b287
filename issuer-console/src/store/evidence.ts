import { and, eq } from 'drizzle-orm';
import type { EvidenceStore } from '../domain/evidence.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { within } from './scope.ts';
import { evidence } from './shop-schema.ts';

export function evidenceStore(db: Database): EvidenceStore {
  return {
    open: (scope, id, origin) =>
      change(db, 'open evidence', origin, async (tx, note) => {
        const [row] = await tx
          .select()
          .from(evidence)
          .where(and(within(scope, evidence.vendorId), eq(evidence.id, id)));
        if (!row) return undefined;
        const { purchaseId, eventId, vendorId } = row;
        note({ action: 'evidence.opened', subjects: [id, purchaseId, eventId], vendorId });
        return { ...row, at: row.at.getTime() };
      }),
  };
}
