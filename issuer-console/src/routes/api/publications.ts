import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import {
  type ListFinding,
  NEEDS,
  PUBLICATION_STATES,
  type Publication,
  type PublicationStore,
  requirePublication,
  WHYS,
} from '../../domain/list-publication.ts';
import { Scope } from '../../domain/permission.ts';
import type { PublicationDesk, PublicationView } from '../../domain/publication-desk.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const count = z.int();
const By = z.object({ kind: z.string(), id: z.string() });

const List = z
  .object({
    hash: z.string().openapi({ description: 'SHA-256 of the manifest' }),
    version: count,
    fingerprint: z.string(),
    entries: count,
    issuedAt: Moment,
    expiresAt: Moment,
    signers: z.array(z.string()).openapi({ description: 'Ids of the keys of publishers' }),
  })
  .openapi('List');

const Counts = z
  .object({
    ...{ purchases: count, added: count, removed: count, changed: count, before: count },
    ...{ rejected: count, expiring: count, pending: count, cancelled: count, unchecked: count },
    leftOut: z.record(z.string(), count),
  })
  .openapi('ListCounts', { description: 'Entries against the list that is published' });

const Shown = z
  .object({
    id: Id,
    eventId: Id,
    why: z.enum(WHYS),
    state: z.enum(PUBLICATION_STATES),
    needs: z.array(z.enum(NEEDS)).openapi({ description: 'What it still waits for' }),
    requestedBy: By,
    requestedAt: Moment,
    builtAt: Moment.optional(),
    buildMs: count.optional(),
    list: List.optional(),
    counts: Counts.optional(),
    approvedBy: By.optional(),
    approvedAt: Moment.optional(),
    publishedAt: Moment.optional(),
    atGatesAt: Moment.optional().openapi({ description: 'Every gate that is heard of had it' }),
    failure: z.string().optional().openapi({ description: 'A code, or `superseded`' }),
  })
  .openapi('Publication');

const Gate = z
  .object({
    gateId: Id,
    name: z.string(),
    standing: z.enum(['held', 'behind', 'refused', 'silent', 'stopped', 'never']),
    version: count.optional(),
    reachedAt: Moment.optional().openapi({ description: 'By the gate’s clock' }),
    tookMs: count.optional(),
    refusal: z.string().optional().openapi({ description: 'Why it refused a list: a code' }),
  })
  .openapi('GateProgress');

const Viewed = Shown.extend({ gates: z.array(Gate) }).openapi('PublicationView');

const Found = z
  .object({
    ...{ kind: z.string(), purchaseId: z.string().optional(), line: count },
    ...{ field: z.string(), reason: z.string() },
  })
  .openapi('ListFinding', { description: 'Never what stands in the row' });

const Release = z.strictObject({
  fingerprint: z.string().openapi({ description: 'Of the list that is meant', example: 'K7F2QD' }),
  confirmLoss: z.boolean().default(false).openapi({ description: 'Many entries may be lost' }),
});

const ask = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/publications',
  summary: 'Has a list built; what a person asks for waits until it is published',
  ...access('list.publish'),
  request: {
    params: IdParam,
    ...body(z.strictObject({ why: z.enum(['manual', 'correction']).default('manual') })),
  },
  responses: { 202: json(Viewed, 'asked for'), ...PROBLEMS },
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/publications',
  summary: 'The last publications of an event, the newest first',
  ...access('list.read'),
  request: { params: IdParam },
  responses: {
    200: json(z.object({ publications: z.array(Shown) }), 'the publications'),
    ...PROBLEMS,
  },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/publications/{id}',
  summary: 'One publication, and how far its list is at the gates',
  ...access('list.read'),
  request: { params: IdParam },
  responses: { 200: json(Viewed, 'the publication'), ...PROBLEMS },
});

const findings = createRoute({
  method: 'get',
  path: '/api/v1/publications/{id}/findings',
  summary: 'Rows that a person should know of, the first 1,000',
  ...access('list.read'),
  request: {
    params: IdParam,
    query: z.object({
      after: z.coerce.number().int().min(0).default(0).openapi({ description: 'So many before' }),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
  },
  responses: { 200: json(z.object({ findings: z.array(Found) }), 'the rows'), ...PROBLEMS },
});

const publish = createRoute({
  method: 'post',
  path: '/api/v1/publications/{id}/publish',
  summary: 'Publishes the list that was looked at',
  ...access('list.publish'),
  request: { params: IdParam, ...body(Release) },
  responses: { 202: json(Viewed, 'it goes out'), ...PROBLEMS },
});

const approve = createRoute({
  method: 'post',
  path: '/api/v1/publications/{id}/approve',
  summary: 'The same by somebody else than who asked for it',
  ...access('list.approve'),
  request: { params: IdParam, ...body(Release) },
  responses: { 202: json(Viewed, 'it goes out'), ...PROBLEMS },
});

const sign = createRoute({
  method: 'post',
  path: '/api/v1/publications/{id}/signatures',
  summary: 'Adds signatures of other publishers to the list that waits',
  ...access('list.approve'),
  request: {
    params: IdParam,
    ...body(
      z.strictObject({
        signatures: z
          .base64()
          .max(16_384)
          .openapi({ description: 'The file `<64 hex>.signatures` that `whitelist sign` leaves' }),
      }),
    ),
  },
  responses: { 200: json(Viewed, 'who has signed'), ...PROBLEMS },
});

const withdraw = createRoute({
  method: 'post',
  path: '/api/v1/publications/{id}/withdraw',
  summary: 'A list that is not published yet never will be',
  ...access('list.publish'),
  request: { params: IdParam },
  responses: { 200: json(Viewed, 'withdrawn'), ...PROBLEMS },
});

export interface PublicationApiDeps {
  readonly events: EventStore;
  readonly publications: PublicationStore;
  readonly publicationDesk: PublicationDesk;
}

const LAST = 50;

export const publicationApi = ({ events, publications, publicationDesk }: PublicationApiDeps) => {
  const view = async (scope: Scope, id: string) => viewed(await publicationDesk.find(scope, id));
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(ask, async (c) => {
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(events, asker.scope, c.req.valid('param').id);
      const id = await publicationDesk.request(asker, event, c.req.valid('json').why);
      c.header('location', `/api/v1/publications/${id}`);
      return c.json(await view(asker.scope, id), 202);
    })
    .openapi(list, async (c) => {
      const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
      const last = await publications.list(event, LAST);
      return c.json({ publications: last.map(shown) }, 200);
    })
    .openapi(read, async (c) =>
      c.json(await view(Scope.of(actorOn(c)), c.req.valid('param').id), 200),
    )
    .openapi(findings, async (c) => {
      const scope = Scope.of(actorOn(c));
      const found = await requirePublication(publications, scope, c.req.valid('param').id);
      const rows = await publications.findings(found, c.req.valid('query'));
      return c.json({ findings: rows.map(foundRow) }, 200);
    })
    .openapi(publish, async (c) => {
      const asker = askerOf(actorOn(c));
      const { id } = c.req.valid('param');
      await publicationDesk.publish(asker, id, c.req.valid('json'));
      return c.json(await view(asker.scope, id), 202);
    })
    .openapi(approve, async (c) => {
      const asker = askerOf(actorOn(c));
      const { id } = c.req.valid('param');
      await publicationDesk.approve(asker, id, c.req.valid('json'));
      return c.json(await view(asker.scope, id), 202);
    })
    .openapi(sign, async (c) => {
      const asker = askerOf(actorOn(c));
      const { id } = c.req.valid('param');
      const octets = new Uint8Array(Buffer.from(c.req.valid('json').signatures, 'base64'));
      await publicationDesk.sign(asker, id, octets);
      return c.json(await view(asker.scope, id), 200);
    })
    .openapi(withdraw, async (c) => {
      const asker = askerOf(actorOn(c));
      const { id } = c.req.valid('param');
      await publicationDesk.withdraw(asker, id);
      return c.json(await view(asker.scope, id), 200);
    });
};

function shown(publication: Publication) {
  const { id, eventId, why, state, buildMs, counts, failure, list: built } = publication;
  return {
    ...{ id, eventId, why, state, buildMs, failure },
    counts: counts && { ...counts, leftOut: { ...counts.leftOut } },
    needs: [...publication.needs],
    requestedBy: publication.requestedBy,
    requestedAt: moment(publication.requestedAt),
    builtAt: momentOf(publication.builtAt),
    list: built && {
      ...built,
      signers: [...built.signers],
      issuedAt: moment(built.issuedAt),
      expiresAt: moment(built.expiresAt),
    },
    approvedBy: publication.approvedBy,
    approvedAt: momentOf(publication.approvedAt),
    publishedAt: momentOf(publication.publishedAt),
    atGatesAt: momentOf(publication.atGatesAt),
  };
}

function viewed(view: PublicationView) {
  const gates = view.gates.map(
    ({ gateId, name, standing, version, reachedAt, tookMs, refusal }) => ({
      ...{ gateId, name, standing, version, tookMs },
      reachedAt: momentOf(reachedAt),
      refusal: refusal?.code,
    }),
  );
  return { ...shown(view), gates };
}

const foundRow = ({ kind, purchaseId, line, field, reason }: ListFinding) => ({
  ...{ kind, purchaseId, line, field, reason },
});
