import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { and, eq, isNull, lt, ne, or } from 'drizzle-orm';
import type { Author, Origin } from '../domain/audit.ts';
import {
  type BuildOutcome,
  type BuiltList,
  type Need,
  type NewPublication,
  type Publication,
  type Settled,
  SUPERSEDED,
} from '../domain/list-publication.ts';
import type { Transaction } from './audit.ts';
import { publicationFindings, publications } from './publication-schema.ts';
import { events } from './purchase-schema.ts';

/** The event's lock: of two who ask at once the second joins. */
export async function lockQueued(
  tx: Transaction,
  { eventId, why }: NewPublication,
): Promise<string | undefined> {
  await tx.select({ id: events.id }).from(events).where(eq(events.id, eventId)).for('update');
  const [queued] = await tx
    .select({ id: publications.id })
    .from(publications)
    .where(
      and(
        eq(publications.eventId, eventId),
        eq(publications.state, 'queued'),
        eq(publications.why, why),
      ),
    );
  return queued?.id;
}

export async function keepBuilt(
  tx: Transaction,
  id: string,
  { list, counts, findings, changeNo, buildMs }: BuildOutcome,
  { needs, at }: { readonly needs: readonly Need[]; readonly at: Date },
): Promise<boolean> {
  const kept = await tx
    .update(publications)
    .set({
      ...{ state: 'waiting-approval', needs: [...needs], counts, changeNo, buildMs, builtAt: at },
      version: list.version,
      fingerprint: list.fingerprint,
      hash: fromHex(list.hash),
      entries: list.entries,
      signers: [...list.signers],
      issuedAt: new Date(list.issuedAt),
      expiresAt: new Date(list.expiresAt),
    })
    .where(and(eq(publications.id, id), eq(publications.state, 'building')))
    .returning();
  if (kept.length === 0) return false;
  // A list that follows it in the staging directory takes its place there.
  await supersede(tx, publicationOf(kept[0]!), list.version, at);
  const rows = findings.map((one, i) => ({ publicationId: id, number: i + 1, ...one }));
  if (rows.length > 0) await tx.insert(publicationFindings).values(rows);
  return true;
}

/** What is older and still waits can never be published: gates take no lower version. */
export async function supersede(
  tx: Transaction,
  { id, eventId }: Pick<Publication, 'id' | 'eventId'>,
  version: number,
  at: Date,
): Promise<void> {
  await tx
    .update(publications)
    .set({ state: 'withdrawn', failure: SUPERSEDED, endedAt: at })
    .where(
      and(
        eq(publications.eventId, eventId),
        ne(publications.id, id),
        eq(publications.state, 'waiting-approval'),
        or(lt(publications.version, version), isNull(publications.version)),
      ),
    );
}

export async function settleNeeds(
  tx: Transaction,
  of: Publication,
  { met, signers }: Settled,
  { by, at }: Origin,
): Promise<Need[] | undefined> {
  const { id, state } = publications;
  const [row] = await tx
    .select()
    .from(publications)
    .where(and(eq(id, of.id), eq(state, 'waiting-approval')))
    .for('update');
  if (!row) return undefined;
  const needs = row.needs.filter((need) => !met.includes(need));
  const approved = { approvedKind: by.kind, approvedBy: by.id, approvedAt: new Date(at) };
  await tx
    .update(publications)
    .set({
      needs,
      ...(signers ? { signers: [...signers] } : approved),
      ...(met.includes('loss') && { lossConfirmed: true }),
    })
    .where(eq(id, of.id));
  return needs;
}

export function publicationOf(row: typeof publications.$inferSelect): Publication {
  const { approvedKind, approvedBy, counts, changeNo, buildMs, failure } = row;
  return {
    id: row.id,
    eventId: row.eventId,
    vendorId: row.vendorId,
    why: row.why,
    state: row.state,
    requestedBy: authorOf(row.requestedKind, row.requestedBy),
    requestedAt: row.requestedAt.getTime(),
    changeNo: changeNo ?? undefined,
    builtAt: row.builtAt?.getTime(),
    buildMs: buildMs ?? undefined,
    list: listOf(row),
    counts: counts ?? undefined,
    needs: row.needs,
    approvedBy:
      approvedKind === null || approvedBy === null ? undefined : authorOf(approvedKind, approvedBy),
    approvedAt: row.approvedAt?.getTime(),
    publishedAt: row.publishedAt?.getTime(),
    atGatesAt: row.atGatesAt?.getTime(),
    endedAt: row.endedAt?.getTime(),
    failure: failure ?? undefined,
  };
}

function listOf(row: typeof publications.$inferSelect): BuiltList | undefined {
  const { hash, version, fingerprint, entries, issuedAt, expiresAt, signers } = row;
  if (!hash || version === null || fingerprint === null) return undefined;
  return {
    hash: toHex(hash),
    version,
    fingerprint,
    entries: entries ?? 0,
    issuedAt: issuedAt!.getTime(),
    expiresAt: expiresAt!.getTime(),
    signers: signers ?? [],
  };
}

const authorOf = (kind: string, id: string): Author => ({ kind: kind as Author['kind'], id });
