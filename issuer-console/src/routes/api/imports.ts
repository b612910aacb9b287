import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { Scope } from '../../domain/permission.ts';
import {
  FORMATS,
  type Import,
  type ImportStore,
  requireImport,
  standingAt,
} from '../../domain/purchase.ts';
import type { Importer } from '../../purchases/importer.ts';
import { watchImport } from '../../purchases/watch.ts';
import { actorOn, type VisitorEnv } from '../access.ts';

import { formatOf, readable, UPLOAD_TYPES, uploadOf } from '../upload.ts';
import { refuseForm } from './form.ts';
import { access, Id, IdParam, json, Moment, moment, PROBLEMS } from './schema.ts';

const count = z.int();
const Shown = z
  .object({
    id: Id,
    eventId: Id,
    format: z.enum(FORMATS),
    state: z.enum(['running', 'done', 'failed']),
    progress: count.openapi({ description: 'Percent' }),
    accepted: count,
    changed: count,
    unchanged: count,
    rejected: count,
    failure: z.string().optional().openapi({ description: 'Why it failed: a code' }),
    startedAt: Moment,
    updatedAt: Moment,
  })
  .openapi('Import');

const Rejected = z
  .object({ line: count, field: z.string(), reason: z.string() })
  .openapi('Reject', { description: 'Never what stands in the field' });

const begin = createRoute({
  method: 'post',
  path: '/api/v1/events/{id}/imports',
  summary: 'Takes purchases as `whitelist build` does, again as often as you like',
  ...access('purchase.import'),
  request: {
    params: IdParam,
    body: {
      required: true as const,
      content: Object.fromEntries(
        UPLOAD_TYPES.map((type) => [
          type,
          { schema: { type: 'string' as const, format: 'binary' } },
        ]),
      ),
    },
  },
  responses: { 202: json(Shown, 'received: ask for it again to see it go on'), ...PROBLEMS },
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/imports',
  summary: 'The last imports of an event, the newest first',
  ...access('purchase.read'),
  request: { params: IdParam },
  responses: { 200: json(z.object({ imports: z.array(Shown) }), 'the imports'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/imports/{id}',
  summary: 'One import: how far it is, and what became of its rows',
  ...access('purchase.read'),
  request: {
    params: IdParam,
    query: z.object({
      wait: z.coerce.number().int().min(0).max(25).default(0).openapi({
        description: 'Answers once it has ended, or after so many seconds',
      }),
    }),
  },
  responses: { 200: json(Shown, 'the import'), ...PROBLEMS },
});

const rejects = createRoute({
  method: 'get',
  path: '/api/v1/imports/{id}/rejects',
  summary: 'Rows that were not taken, in the order of their lines; the first 10,000',
  ...access('purchase.read'),
  request: {
    params: IdParam,
    query: z.object({
      after: z.coerce.number().int().min(0).default(0).openapi({ description: 'A line' }),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
  },
  responses: { 200: json(z.object({ rejects: z.array(Rejected) }), 'the rejects'), ...PROBLEMS },
});

export interface ImportApiDeps {
  readonly events: EventStore;
  readonly imports: ImportStore;
  readonly importer: Importer;
  readonly now: () => number;
}

const LAST = 50;

/** Who asks beyond these is answered at once. */
const MAX_WAITING = 50;

export const importApi = ({ events, imports, importer, now }: ImportApiDeps) => {
  let waiting = 0;
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(begin, async (c) => {
      const asker = askerOf(actorOn(c));
      const event = await requireEvent(events, asker.scope, c.req.valid('param').id);
      const id = await readable(() => importer.take(asker, event, formatOf(c), uploadOf(c)));
      c.header('location', `/api/v1/imports/${id}`);
      return c.json(shown(await requireImport(imports, asker.scope, id)), 202);
    })
    .openapi(list, async (c) => {
      const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
      const last = await imports.list(event, LAST);
      return c.json({ imports: last.map((one) => shown(standingAt(one, now()))) }, 200);
    })
    .openapi(read, async (c) => {
      const scope = Scope.of(actorOn(c));
      let found = standingAt(await requireImport(imports, scope, c.req.valid('param').id), now());
      const { wait } = c.req.valid('query');
      if (wait > 0 && waiting < MAX_WAITING) {
        waiting++;
        const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(wait * 1000)]);
        try {
          for await (const one of watchImport({ imports, now }, scope, found, signal)) found = one;
        } finally {
          waiting--;
        }
      }
      return c.json(shown(found), 200);
    })
    .openapi(rejects, async (c) => {
      const found = await requireImport(imports, Scope.of(actorOn(c)), c.req.valid('param').id);
      return c.json({ rejects: await imports.rejects(found, c.req.valid('query')) }, 200);
    });
};

const shown = ({ vendorId: _, startedAt, updatedAt, ...found }: Import) => ({
  ...found,
  startedAt: moment(startedAt),
  updatedAt: moment(updatedAt),
});
