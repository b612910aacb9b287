import { eq } from 'drizzle-orm';
import { WHYS } from '../domain/list-publication.ts';
import type { PublicationRulesStore } from '../domain/publication-rules.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { publicationRules } from './publication-schema.ts';
import { events } from './purchase-schema.ts';

export function publicationRulesStore(db: Database): PublicationRulesStore {
  return {
    of: (eventId) => guarded('read how lists are let go', () => wantedOf(db, eventId)),

    set: ({ id, vendorId }, { wanted, mayDrop }, origin) =>
      change(db, 'set how lists are let go', origin, async (tx, note) => {
        // The event's lock: of two who set it at once, the second sees what the first wants.
        await tx.select({ id: events.id }).from(events).where(eq(events.id, id)).for('update');
        const before = await wantedOf(tx, id);
        if (!mayDrop && before.some((why) => !wanted.includes(why))) return false;
        const secondApproval = WHYS.filter((why) => wanted.includes(why));
        await tx
          .insert(publicationRules)
          .values({ eventId: id, secondApproval })
          .onConflictDoUpdate({ target: publicationRules.eventId, set: { secondApproval } });
        const facts = { before: before.join(' '), secondApproval: secondApproval.join(' ') };
        note({ action: 'list.rules-changed', subjects: [id], vendorId, facts });
        return true;
      }),
  };
}

async function wantedOf(db: Database | Transaction, eventId: string) {
  const [row] = await db
    .select()
    .from(publicationRules)
    .where(eq(publicationRules.eventId, eventId));
  return row?.secondApproval ?? [];
}
