import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { toHex } from '@pinless-gate/protocol/bytes';
import type { AuditLog, KeptEntry } from '../../domain/audit.ts';
import { Scope } from '../../domain/permission.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, json, Moment, moment, PROBLEMS } from './schema.ts';

const Shown = z
  .object({
    sequence: z.int(),
    at: Moment,
    by: z.object({ kind: z.string(), id: z.string() }),
    action: z.string().openapi({ example: 'operator.added' }),
    subjects: z.array(z.string()),
    vendorId: z.string().optional(),
    facts: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    hash: z
      .string()
      .openapi({ description: 'SHA-256 of the entry, which holds that of the one before' }),
  })
  .openapi('AuditEntry');

const Query = z.object({
  before: z.coerce.number().int().min(1).optional().openapi({ description: 'older than this one' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/audit',
  summary: 'What was changed, the newest first',
  ...access('audit.read'),
  request: { query: Query },
  responses: { 200: json(z.object({ entries: z.array(Shown) }), 'the entries'), ...PROBLEMS },
});

export const auditApi = (audit: AuditLog) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm }).openapi(list, async (c) => {
    const { before, limit } = c.req.valid('query');
    const entries = await audit.entries(Scope.of(actorOn(c)), { before, limit });
    return c.json({ entries: entries.map(shown) }, 200);
  });

function shown({ entry: { previous: _, subjects, at, by, ...entry }, hash }: KeptEntry) {
  return { ...entry, by, subjects: [...subjects], at: moment(at), hash: toHex(hash) };
}
