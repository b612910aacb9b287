import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { and, desc, eq, gt, inArray, isNull, lt, ne, or } from 'drizzle-orm';
import type { Author, Origin } from '../domain/audit.ts';
import {
  type BuildOutcome,
  type BuiltList,
  type Need,
  type NewPublication,
  type Publication,
  type PublicationStore,
  type Settled,
  SUPERSEDED,
} from '../domain/list-publication.ts';
import { change, type Transaction } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import { publicationFindings, publications } from './publication-schema.ts';
import { events } from './purchase-schema.ts';
import { within } from './scope.ts';

const OPEN = ['queued', 'building', 'waiting-approval'] as const;

export function publicationStore(db: Database): PublicationStore {
  const { id, eventId, state, requestedAt } = publications;
  return {
    find: (scope, wanted) =>
      guarded('look up a publication', async () => {
        const [row] = await db
          .select()
          .from(publications)
          .where(and(within(scope, publications.vendorId), eq(id, wanted)));
        return row && publicationOf(row);
      }),

    list: (event, limit) =>
      guarded('read the publications', async () => {
        const rows = await db
          .select()
          .from(publications)
          .where(eq(eventId, event.id))
          .orderBy(desc(requestedAt), id)
          .limit(limit);
        return rows.map(publicationOf);
      }),

    findings: (of, { after, limit }) =>
      guarded('read findings', async () => {
        const { publicationId, number } = publicationFindings;
        const rows = await db
          .select()
          .from(publicationFindings)
          .where(and(eq(publicationId, of.id), gt(number, after)))
          .orderBy(number)
          .limit(limit);
        return rows.map((row) => ({ ...row, purchaseId: row.purchaseId ?? undefined }));
      }),

    open: () =>
      guarded('read the publications', async () => {
        const rows = await db
          .select()
          .from(publications)
          .where(inArray(state, [...OPEN]))
          .orderBy(requestedAt, id);
        return rows.map(publicationOf);
      }),

    lastEnded: () =>
      guarded('read the publications', async () => {
        const rows = await db
          .selectDistinctOn([eventId])
          .from(publications)
          .where(inArray(state, ['published', 'failed']))
          .orderBy(eventId, desc(publications.endedAt));
        return rows.map(publicationOf);
      }),

    lastPublished: (event) =>
      guarded('read the publications', async () => {
        const [row] = await db
          .select()
          .from(publications)
          .where(and(eq(eventId, event), eq(state, 'published')))
          .orderBy(desc(publications.version))
          .limit(1);
        return row && publicationOf(row);
      }),

    changeNo: (event) =>
      guarded('look up an event', async () => {
        const [row] = await db
          .select({ changeNo: events.changeNo })
          .from(events)
          .where(eq(events.id, event));
        return row?.changeNo ?? 0;
      }),

    add: (wanted, origin) =>
      change(db, 'ask for a list', origin, async (tx, note) => {
        const queued = await lockQueued(tx, wanted);
        const given = queued ?? wanted.id;
        if (!queued) {
          await tx.insert(publications).values({
            ...wanted,
            state: 'queued',
            requestedKind: origin.by.kind,
            requestedBy: origin.by.id,
            requestedAt: new Date(origin.at),
          });
        }
        const { vendorId, why } = wanted;
        const subjects = [given, wanted.eventId];
        note({ action: 'list.requested', subjects, vendorId, facts: { why } });
        return given;
      }),

    begin: (wanted) =>
      guarded('begin a list', async () => {
        const begun = await db
          .update(publications)
          .set({ state: 'building' })
          .where(and(eq(id, wanted), eq(state, 'queued')))
          .returning({ id });
        return begun.length > 0;
      }),

    built: (wanted, outcome, needs, at) =>
      guarded('keep a list that was built', () =>
        db.transaction((tx) => keepBuilt(tx, wanted, outcome, { needs, at: new Date(at) })),
      ),

    settle: (of, settled, origin) =>
      change(db, 'approve a list', origin, async (tx, note) => {
        const needs = await settleNeeds(tx, of, settled, origin);
        if (!needs) return false;
        const facts = { version: of.list!.version, fingerprint: of.list!.fingerprint };
        const action = settled.signers ? 'list.signed' : 'list.approved';
        note({ action, subjects: [of.id, of.eventId], vendorId: of.vendorId, facts });
        return true;
      }),

    published: (of, list, origin) =>
      change(db, 'publish a list', origin, async (tx, note) => {
        const at = new Date(origin.at);
        const done = await tx
          .update(publications)
          .set({ state: 'published', signers: [...list.signers], publishedAt: at, endedAt: at })
          .where(and(eq(id, of.id), eq(state, 'waiting-approval')))
          .returning({ id });
        if (done.length === 0) return false;
        const { version, fingerprint, entries } = list;
        await supersede(tx, of, version, at);
        const facts = { version, fingerprint, entries, why: of.why };
        const subjects = [of.id, of.eventId];
        note({ action: 'list.published', subjects, vendorId: of.vendorId, facts });
        return true;
      }),

    failed: (of, code, origin) =>
      change(db, 'note a failure', origin, async (tx, note) => {
        await tx
          .update(publications)
          .set({ state: 'failed', failure: code, endedAt: new Date(origin.at) })
          .where(eq(id, of.id));
        const { vendorId, why } = of;
        const subjects = [of.id, of.eventId];
        note({ action: 'list.failed', subjects, vendorId, facts: { code, why } });
      }),

    withdraw: (of, origin) =>
      change(db, 'withdraw a list', origin, async (tx, note) => {
        const gone = await tx
          .update(publications)
          .set({ state: 'withdrawn', endedAt: new Date(origin.at) })
          .where(and(eq(id, of.id), inArray(state, [...OPEN])))
          .returning({ id });
        if (gone.length === 0) return false;
        note({
          action: 'list.withdrawn',
          subjects: [of.id, of.eventId],
          vendorId: of.vendorId,
        });
        return true;
      }),

    resume: () =>
      guarded('resume publications', async () => {
        await db.update(publications).set({ state: 'queued' }).where(eq(state, 'building'));
      }),

    atGates: (of, gates, origin) =>
      change(db, 'note a list at the gates', origin, async (tx, note) => {
        const done = await tx
          .update(publications)
          .set({ atGatesAt: new Date(origin.at) })
          .where(and(eq(id, of.id), isNull(publications.atGatesAt)))
          .returning({ id });
        if (done.length === 0) return false;
        const ms = Math.max(0, origin.at - of.publishedAt!);
        const facts = { version: of.list!.version, gates, milliseconds: ms };
        const subjects = [of.id, of.eventId];
        note({ action: 'list.at-gates', subjects, vendorId: of.vendorId, facts });
        return true;
      }),
  };
}

/** The event's lock: of two who ask at once the second joins. */
async function lockQueued(
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

async function keepBuilt(
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
async function supersede(
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

async function settleNeeds(
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

function publicationOf(row: typeof publications.$inferSelect): Publication {
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
