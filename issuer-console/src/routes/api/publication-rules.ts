import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { type EventStore, requireEvent } from '../../domain/event.ts';
import { WHYS } from '../../domain/list-publication.ts';
import { Scope } from '../../domain/permission.ts';
import type { PublicationRules } from '../../domain/publication-rules.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, IdParam, json, PROBLEMS } from './schema.ts';

const Reasons = z.array(z.enum(WHYS)).max(WHYS.length);

const Wanted = z.strictObject({
  secondApproval: Reasons.openapi({
    description: 'Reasons for which a second person approves; only the issuer takes one away',
  }),
});

const Rules = z
  .object({
    secondApproval: Reasons.openapi({ description: 'Wanted for this event' }),
    always: Reasons.openapi({ description: 'By the console’s file, besides' }),
  })
  .openapi('PublicationRules', { description: 'Which lists wait for a second person' });

const read = createRoute({
  method: 'get',
  path: '/api/v1/events/{id}/publication-rules',
  summary: 'Which lists of an event wait for a second person',
  ...access('list.read'),
  request: { params: IdParam },
  responses: { 200: json(Rules, 'the rules'), ...PROBLEMS },
});

const set = createRoute({
  method: 'put',
  path: '/api/v1/events/{id}/publication-rules',
  summary: 'Has lists wait for a second person; only the issuer takes a reason away',
  ...access('list.publish'),
  request: { params: IdParam, ...body(Wanted) },
  responses: { 204: { description: 'set' }, ...PROBLEMS },
});

export interface PublicationRulesApiDeps {
  readonly events: EventStore;
  readonly releaseRules: PublicationRules;
}

export const publicationRulesApi = ({ events, releaseRules }: PublicationRulesApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(read, async (c) => {
      const event = await requireEvent(events, Scope.of(actorOn(c)), c.req.valid('param').id);
      const { always, wanted } = await releaseRules.of(event);
      return c.json({ secondApproval: [...wanted], always: [...always] }, 200);
    })
    .openapi(set, async (c) => {
      const actor = actorOn(c);
      const event = await requireEvent(events, Scope.of(actor), c.req.valid('param').id);
      await releaseRules.set(actor, event, c.req.valid('json').secondApproval);
      return c.body(null, 204);
    });
