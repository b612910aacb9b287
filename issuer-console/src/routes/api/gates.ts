import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { type Author, authorOf } from '../../domain/audit.ts';
import { conflictOf, type GateRecord, standingOf } from '../../domain/enrolment.ts';
import type { Office } from '../../domain/office.ts';
import { acceptable } from '../acceptable.ts';

import { actorOn, type VisitorEnv } from '../access.ts';
import { NOT_FOUND, ProblemError } from '../problem.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const Shown = z
  .object({
    id: Id,
    name: z.string(),
    eventIds: z.array(Id),
    standing: z.enum([
      'invited',
      'invitation-expired',
      'withdrawn',
      'configured',
      'enrolled',
      'revoked',
    ]),
    deviceKeyId: z.string().optional(),
    transportKeyId: z.string().optional(),
    software: z.string().optional(),
    module: z
      .object({
        description: z.string(),
        version: z.string(),
        manufacturer: z.string(),
        model: z.string(),
        serial: z.string(),
      })
      .optional(),
    capabilities: z.array(z.string()).optional(),
    comparedAt: Moment.optional().openapi({ description: 'Its code was compared, and right' }),
    conflictAt: Moment.optional().openapi({ description: 'A second gate showed its token' }),
    lastSeenAt: Moment.optional(),
    revokedAt: Moment.optional(),
  })
  .openapi('Gate');

const Invited = z
  .object({ gateId: Id, name: z.string(), token: z.string(), expiresAt: Moment })
  .openapi('Invited', { description: 'The token is shown once; one gate enrols itself with it.' });

const list = createRoute({
  method: 'get',
  path: '/api/v1/gates',
  summary: 'Every gate and invitation',
  ...access('gate.read'),
  responses: { 200: json(z.object({ gates: z.array(Shown) }), 'the gates'), ...PROBLEMS },
});

const invite = createRoute({
  method: 'post',
  path: '/api/v1/gates',
  summary: 'Invites a gate: a one-time token',
  ...access('gate.invite'),
  request: body(
    z.strictObject({
      name: z.string(),
      eventIds: z.array(Id).default([]),
      minutes: z.int().default(1440).openapi({ description: 'How long the token is good' }),
    }),
  ),
  responses: { 201: json(Invited, 'the invitation'), ...PROBLEMS },
});

const revoke = createRoute({
  method: 'post',
  path: '/api/v1/gates/{id}/revoke',
  summary: 'From now on nothing is taken from the gate, and nothing given to it',
  ...access('gate.revoke'),
  request: { params: IdParam },
  responses: { 204: { description: 'revoked, now or before' }, ...PROBLEMS },
});

export interface GateApiDeps {
  readonly officeOf: (by: Author) => Office;
  readonly now: () => number;
}

export const gateApi = ({ officeOf, now }: GateApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const gates = await officeOf(authorOf(actorOn(c))).gates();
      return c.json({ gates: gates.map((gate) => shown(gate, now())) }, 200);
    })
    .openapi(invite, async (c) => {
      const { name, eventIds, minutes } = c.req.valid('json');
      const office = officeOf(authorOf(actorOn(c)));
      const { expiresAt, ...invited } = await acceptable(() =>
        office.invite({ name, eventIds, validMs: minutes * 60_000 }),
      );
      return c.json({ ...invited, expiresAt: moment(expiresAt) }, 201);
    })
    .openapi(revoke, async (c) => {
      const outcome = await officeOf(authorOf(actorOn(c))).revoke(c.req.valid('param').id);
      if (outcome === 'unknown') throw new ProblemError(NOT_FOUND);
      return c.body(null, 204);
    });

function shown(gate: GateRecord, now: number) {
  const { id, name, eventIds, deviceKeyId, stated, comparedAt, lastSeenAt, revokedAt } = gate;
  return {
    id,
    name,
    eventIds: [...eventIds],
    standing: standingOf(gate, now),
    deviceKeyId,
    transportKeyId: stated?.transportKeyId,
    software: stated?.software,
    module: stated && { ...stated.module },
    capabilities: stated && [...stated.capabilities],
    comparedAt: momentOf(comparedAt),
    conflictAt: momentOf(conflictOf(gate)?.at),
    lastSeenAt: momentOf(lastSeenAt),
    revokedAt: momentOf(revokedAt),
  };
}
