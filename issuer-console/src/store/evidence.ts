import { and, eq } from 'drizzle-orm';
import type { EvidenceStore, KeptEvidence } from '../domain/evidence.ts';
import { codesOf } from '../domain/handover.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { handovers } from './handover-schema.ts';
import { within } from './scope.ts';
import { evidence } from './shop-schema.ts';

export function evidenceStore(db: Database): EvidenceStore {
  return {
    open: (scope, id, origin) =>
      change(db, 'open evidence', origin, async (tx, note) => {
        const [row] = await tx
          .select({ kept: evidence, handoverId: handovers.id, kind: handovers.kind })
          .from(evidence)
          .leftJoin(handovers, eq(handovers.evidenceId, evidence.id))
          .where(and(within(scope, evidence.vendorId), eq(evidence.id, id)));
        if (!row) return undefined;
        const { kept, handoverId, kind } = row;
        const { purchaseId, eventId, vendorId } = kept;
        const handover = handoverId && kind ? { id: handoverId, kind } : undefined;
        const subjects = [id, purchaseId, eventId, ...(handover ? [handover.id] : [])];
        note({ action: 'evidence.opened', subjects, vendorId });
        const own = { purpose: 'purchase', subject: purchaseId } as const;
        return { ...kept, about: handover ? codesOf(handover) : own, at: kept.at.getTime() };
      }),
  };
}

/** The handover that it is of names it. */
export async function addEvidence(
  tx: Transaction,
  { about: _, at, ...kept }: KeptEvidence,
): Promise<void> {
  await tx.insert(evidence).values({ ...kept, at: new Date(at) });
}
