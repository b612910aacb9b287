import { aliasedTable, and, eq, gte, isNull, or, sql } from 'drizzle-orm';
import { type GateListStore, listNews } from '../domain/gate-list.ts';
import type { UploadedEntry } from '../domain/journal.ts';
import type { Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { gateListRefusals, gateLists } from './publication-schema.ts';
import { gates, journalEntries } from './schema.ts';

export function gateListStore(db: Database): GateListStore {
  return {
    gates: (eventId, version) =>
      guarded('read what lists gates have', async () => {
        const last = aliasedTable(journalEntries, 'last');
        const rows = await db
          .select({
            gate: gates,
            kind: last.kind,
            version: last.listVersion,
            refusal: gateListRefusals,
          })
          .from(gates)
          .leftJoin(last, and(eq(last.gateId, gates.id), eq(last.sequence, gates.lastSequence)))
          .leftJoin(gateListRefusals, eq(gateListRefusals.gateId, gates.id))
          .where(
            and(
              isNull(gates.revokedAt),
              // A gate that is named in the configuration is of every event.
              or(eq(gates.eventIds, []), sql`${eventId} = any(${gates.eventIds})`),
            ),
          )
          .orderBy(gates.name, gates.id);
        const reached = version === undefined ? new Map() : await reachedFrom(db, version);
        return rows.map(({ gate, kind, version: held, refusal }) => ({
          gateId: gate.id,
          name: gate.name,
          version: held ?? undefined,
          ...(reached.get(gate.id) ?? { reachedAt: undefined, toldAt: undefined }),
          lastSeenAt: gate.lastSeenAt?.getTime(),
          stopped: kind === 'stop',
          refusal: refusal ? { code: refusal.code, at: refusal.at.getTime() } : undefined,
        }));
      }),
  };
}

interface Reached {
  readonly reachedAt: number;
  readonly toldAt: number;
}

/** By gate, the first list of this version or a later one. */
async function reachedFrom(db: Database, version: number): Promise<Map<string, Reached>> {
  const rows = await db
    .selectDistinctOn([gateLists.gateId])
    .from(gateLists)
    .where(gte(gateLists.version, version))
    .orderBy(gateLists.gateId, gateLists.version);
  return new Map(
    rows.map(({ gateId, at, receivedAt }) => [
      gateId,
      { reachedAt: at.getTime(), toldAt: receivedAt.getTime() },
    ]),
  );
}

/** In the transaction that keeps the entries. */
export async function keepListNews(
  tx: Transaction,
  gateId: string,
  fresh: readonly UploadedEntry[],
  receivedAt: Date,
): Promise<void> {
  const news = listNews(fresh.map(({ entry }) => entry));
  if (!news) return;
  const applied = news.applied.map(({ version, at }) => {
    return { gateId, version, at: new Date(at), receivedAt };
  });
  if (applied.length > 0) {
    await tx.insert(gateLists).values(applied).onConflictDoNothing();
    await tx.delete(gateListRefusals).where(eq(gateListRefusals.gateId, gateId));
  }
  if (!news.refusal) return;
  const { code, at } = news.refusal;
  const told = { code, at: new Date(at) };
  await tx
    .insert(gateListRefusals)
    .values({ gateId, ...told })
    .onConflictDoUpdate({ target: gateListRefusals.gateId, set: told });
}
