import { and, desc, eq, gt, inArray, isNull } from 'drizzle-orm';
import type { PublicationStore } from '../domain/list-publication.ts';
import { change } from './audit.ts';
import type { Database } from './database.ts';
import { guarded } from './error.ts';
import {
  keepBuilt,
  lockQueued,
  publicationOf,
  settleNeeds,
  supersede,
} from './publication-rows.ts';
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

    failing: () =>
      guarded('read the publications', async () => {
        const rows = await db
          .selectDistinctOn([eventId], { row: publications, event: events.name })
          .from(publications)
          .innerJoin(events, eq(events.id, eventId))
          .where(inArray(state, ['published', 'failed']))
          .orderBy(eventId, desc(publications.endedAt));
        return rows.flatMap(({ row: { failure, endedAt }, event }) =>
          failure === null || !endedAt ? [] : [{ event, code: failure, since: endedAt.getTime() }],
        );
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
