import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import {
  type ApiKey,
  type ApiKeyStore,
  type ApiKeys,
  type GivenKey,
  unknownKey,
} from '../../domain/api-key.ts';
import { askerOf } from '../../domain/asker.ts';
import { Scope } from '../../domain/permission.ts';
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
  ScopeName,
} from './schema.ts';

const Shown = z
  .object({
    id: Id,
    vendorId: Id,
    name: z.string(),
    prefix: z.string().openapi({ example: 'pgk_0a1b2c3d' }),
    scopes: z.array(ScopeName),
    createdAt: Moment,
    expiresAt: Moment,
    lastUsedAt: Moment.optional(),
    revokedAt: Moment.optional(),
    replaces: Id.optional(),
  })
  .openapi('ApiKey');

const Given = z
  .object({ id: Id, key: z.string(), prefix: z.string(), expiresAt: Moment })
  .openapi('GivenApiKey', { description: 'The key is shown once.' });

const Wanted = z.strictObject({
  vendorId: Id,
  name: z.string(),
  scopes: z.array(ScopeName),
  days: z.int().openapi({ description: 'How long it is good: 1 to 730 days' }),
});

const list = createRoute({
  method: 'get',
  path: '/api/v1/api-keys',
  summary: 'The API keys that you may see',
  ...access('api-key.read'),
  responses: { 200: json(z.object({ keys: z.array(Shown) }), 'the keys'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/api-keys/{id}',
  summary: 'One API key',
  ...access('api-key.read'),
  request: { params: IdParam },
  responses: { 200: json(Shown, 'the key'), ...PROBLEMS },
});

const give = createRoute({
  method: 'post',
  path: '/api/v1/api-keys',
  summary: 'Gives an API key',
  ...access('api-key.write'),
  request: body(Wanted),
  responses: { 201: json(Given, 'the key'), ...PROBLEMS },
});

const rotate = createRoute({
  method: 'post',
  path: '/api/v1/api-keys/{id}/rotate',
  summary: 'Gives a second key of the same name and scopes; the first one is good for a week more',
  ...access('api-key.write'),
  request: { params: IdParam },
  responses: { 201: json(Given, 'the key'), ...PROBLEMS },
});

const revoke = createRoute({
  method: 'delete',
  path: '/api/v1/api-keys/{id}',
  summary: 'From now on the key is good no more',
  ...access('api-key.write'),
  request: { params: IdParam },
  responses: { 204: { description: 'revoked' }, ...PROBLEMS },
});

export interface ApiKeyApiDeps {
  readonly apiKeys: ApiKeyStore;
  readonly keys: ApiKeys;
}

export const apiKeyApi = ({ apiKeys, keys }: ApiKeyApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const all = await apiKeys.list(Scope.of(actorOn(c)));
      return c.json({ keys: all.map(shown) }, 200);
    })
    .openapi(read, async (c) => {
      const key = await apiKeys.find(Scope.of(actorOn(c)), c.req.valid('param').id);
      if (!key) throw unknownKey();
      return c.json(shown(key), 200);
    })
    .openapi(give, async (c) =>
      c.json(given(await keys.give(askerOf(actorOn(c)), c.req.valid('json'))), 201),
    )
    .openapi(rotate, async (c) =>
      c.json(given(await keys.rotate(askerOf(actorOn(c)), c.req.valid('param').id)), 201),
    )
    .openapi(revoke, async (c) => {
      await keys.revoke(askerOf(actorOn(c)), c.req.valid('param').id);
      return c.body(null, 204);
    });

const shown = ({ createdAt, expiresAt, lastUsedAt, revokedAt, scopes, ...key }: ApiKey) => ({
  ...key,
  scopes: [...scopes],
  createdAt: moment(createdAt),
  expiresAt: moment(expiresAt),
  lastUsedAt: momentOf(lastUsedAt),
  revokedAt: momentOf(revokedAt),
});

const given = ({ key, record: { id, prefix, expiresAt } }: GivenKey) => ({
  id,
  key,
  prefix,
  expiresAt: moment(expiresAt),
});
