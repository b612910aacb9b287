import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import { Scope } from '../../domain/permission.ts';
import {
  requireWebhook,
  typesFor,
  WEBHOOK_TYPES,
  type Webhook,
  type WebhookStore,
  type WebhookType,
} from '../../domain/webhook.ts';
import type { WebhookDesk } from '../../domain/webhook-desk.ts';
import type { Attempt, Delivery } from '../../domain/webhook-message.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import {
  access,
  body,
  Id,
  IdParam,
  json,
  Moment,
  moment,
  momentOf,
  PROBLEMS,
  Revision,
} from './schema.ts';

const Type = z.enum(Object.keys(WEBHOOK_TYPES) as [WebhookType, ...WebhookType[]]);
const Url = z.string().openapi({
  description: 'https, a public host, port 443 or 8443; more by [webhooks] allow',
  example: 'https://shop.example.jp/hooks',
});

const Shown = z
  .object({
    id: Id,
    vendorId: Id,
    url: Url,
    types: z.array(Type),
    enabled: z.boolean(),
    createdAt: Moment,
    revision: Revision,
    previousUntil: Moment.optional().openapi({
      description: 'Until when the secret before signs too',
    }),
    deliveredAt: Moment.optional(),
    attempts: z.int().openapi({ description: 'Of the message that waits now' }),
    failedSince: Moment.optional(),
    nextAttemptAt: Moment,
    failingSince: Moment.optional().openapi({ description: 'Given up: resume it' }),
  })
  .openapi('Webhook');

const Given = z
  .object({ id: Id, secret: z.string().openapi({ example: 'whsec_…' }) })
  .openapi('WebhookSecret', { description: 'Shown once' });

const Tried = {
  at: Moment,
  durationMs: z.int(),
  status: z.int().optional().openapi({ description: 'Missing where there was no answer' }),
  failure: z
    .enum(['address', 'connection', 'name', 'protocol', 'secret', 'timeout', 'tls'])
    .optional(),
};
const TriedOnce = z.object(Tried).openapi('WebhookAttempt');
const Delivered = z
  .object({
    number: z.int(),
    messageId: z.string(),
    type: z.string(),
    kind: z.enum(['live', 'replay', 'test']),
    ...Tried,
  })
  .openapi('WebhookDelivery');

const list = createRoute({
  method: 'get',
  path: '/api/v1/webhooks',
  summary: 'The webhooks that you may see',
  ...access('webhook.read'),
  responses: { 200: json(z.object({ webhooks: z.array(Shown) }), 'the webhooks'), ...PROBLEMS },
});

const add = createRoute({
  method: 'post',
  path: '/api/v1/webhooks',
  summary: 'Adds a webhook: what happens from now on is told there',
  ...access('webhook.write'),
  request: body(z.strictObject({ vendorId: Id, url: Url, types: z.array(Type) })),
  responses: { 201: json(Given, 'its secret'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/webhooks/{id}',
  summary: 'One webhook, and whether it takes what it is sent',
  ...access('webhook.read'),
  request: { params: IdParam },
  responses: { 200: json(Shown, 'the webhook'), ...PROBLEMS },
});

const edit = createRoute({
  method: 'patch',
  path: '/api/v1/webhooks/{id}',
  summary: 'Changes a webhook; while it is off nothing is sent, and nothing is lost',
  ...access('webhook.write'),
  request: {
    params: IdParam,
    ...body(
      z.strictObject({
        revision: Revision,
        url: Url.optional(),
        types: z.array(Type).optional(),
        enabled: z.boolean().optional(),
      }),
    ),
  },
  responses: { 200: json(Shown, 'the webhook'), ...PROBLEMS },
});

const remove = createRoute({
  method: 'delete',
  path: '/api/v1/webhooks/{id}',
  summary: 'Nothing is told there any more',
  ...access('webhook.write'),
  request: { params: IdParam },
  responses: { 204: { description: 'removed' }, ...PROBLEMS },
});

const rotate = createRoute({
  method: 'post',
  path: '/api/v1/webhooks/{id}/rotate',
  summary: 'Gives another secret; the one before signs too for a day',
  ...access('webhook.write'),
  request: { params: IdParam },
  responses: { 201: json(Given, 'the secret'), ...PROBLEMS },
});

const tryOut = createRoute({
  method: 'post',
  path: '/api/v1/webhooks/{id}/test',
  summary: 'Sends webhook.test at once, and tells what came back',
  ...access('webhook.write'),
  request: { params: IdParam },
  responses: { 200: json(TriedOnce, 'what came back'), ...PROBLEMS },
});

const resume = createRoute({
  method: 'post',
  path: '/api/v1/webhooks/{id}/resume',
  summary: 'Tries again at once what waits, or what comes behind it',
  ...access('webhook.write'),
  request: {
    params: IdParam,
    ...body(
      z.strictObject({
        skip: z.boolean().default(false).openapi({ description: 'Leave out the one that waits' }),
      }),
    ),
  },
  responses: { 200: json(Shown, 'the webhook'), ...PROBLEMS },
});

const replay = createRoute({
  method: 'post',
  path: '/api/v1/webhooks/{id}/replays',
  summary: 'Sends again, with the same ids: one message, or all of a time',
  ...access('webhook.write'),
  request: {
    params: IdParam,
    ...body(
      z.union([
        z.strictObject({ messageId: z.string().max(64) }),
        z.strictObject({
          from: z.iso.datetime({ offset: true }),
          until: z.iso.datetime({ offset: true }),
        }),
      ]),
    ),
  },
  responses: { 202: { description: 'it is sent once nothing new waits' }, ...PROBLEMS },
});

const deliveries = createRoute({
  method: 'get',
  path: '/api/v1/webhooks/{id}/deliveries',
  summary: 'What was sent, attempt by attempt, the newest first',
  ...access('webhook.read'),
  request: {
    params: IdParam,
    query: z.object({
      before: z.coerce.number().int().min(1).optional().openapi({ description: 'A number' }),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: json(z.object({ deliveries: z.array(Delivered) }), 'the deliveries'),
    ...PROBLEMS,
  },
});

export interface WebhookApiDeps {
  readonly webhooks: WebhookStore;
  readonly webhookDesk: WebhookDesk;
}

export const webhookApi = ({ webhooks, webhookDesk: desk }: WebhookApiDeps) => {
  const found = async (scope: Scope, id: string) =>
    shown(await requireWebhook(webhooks, scope, id));
  return new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await webhooks.list(Scope.of(actorOn(c)));
      return c.json({ webhooks: all.map(shown) }, 200);
    })
    .openapi(add, async (c) => {
      const actor = actorOn(c);
      return c.json(await desk.add(askerOf(actor), c.req.valid('json'), typesFor(actor)), 201);
    })
    .openapi(read, async (c) =>
      c.json(await found(Scope.of(actorOn(c)), c.req.valid('param').id), 200),
    )
    .openapi(edit, async (c) => {
      const { id } = c.req.valid('param');
      const actor = actorOn(c);
      const asker = askerOf(actor);
      await desk.edit(asker, { id, ...c.req.valid('json') }, typesFor(actor));
      return c.json(await found(asker.scope, id), 200);
    })
    .openapi(remove, async (c) => {
      await desk.remove(askerOf(actorOn(c)), c.req.valid('param').id);
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) =>
      c.json(await desk.rotate(askerOf(actorOn(c)), c.req.valid('param').id), 201),
    )
    .openapi(tryOut, async (c) =>
      c.json(tried(await desk.test(askerOf(actorOn(c)), c.req.valid('param').id)), 200),
    )
    .openapi(resume, async (c) => {
      const { id } = c.req.valid('param');
      const asker = askerOf(actorOn(c));
      await desk.resume(asker, id, c.req.valid('json').skip);
      return c.json(await found(asker.scope, id), 200);
    })
    .openapi(replay, async (c) => {
      const what = c.req.valid('json');
      const wanted =
        'messageId' in what ? what : { from: Date.parse(what.from), until: Date.parse(what.until) };
      await desk.replay(askerOf(actorOn(c)), c.req.valid('param').id, wanted);
      return c.body(null, 202);
    })
    .openapi(deliveries, async (c) => {
      const scope = Scope.of(actorOn(c));
      const webhook = await requireWebhook(webhooks, scope, c.req.valid('param').id);
      const { before, limit } = c.req.valid('query');
      const page = await webhooks.deliveries(webhook, { before, limit });
      return c.json({ deliveries: page.map(delivered) }, 200);
    });
};

const shown = ({ types, ...webhook }: Webhook) => ({
  ...webhook,
  types: [...types],
  createdAt: moment(webhook.createdAt),
  previousUntil: momentOf(webhook.previousUntil),
  deliveredAt: momentOf(webhook.deliveredAt),
  failedSince: momentOf(webhook.failedSince),
  nextAttemptAt: moment(webhook.nextAttemptAt),
  failingSince: momentOf(webhook.failingSince),
});

const tried = ({ at, durationMs, ...attempt }: Attempt) => ({
  ...attempt,
  at: moment(at),
  durationMs: Math.round(durationMs),
});

const delivered = (delivery: Delivery) => ({ ...delivery, ...tried(delivery) });
