import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { AuditLog } from '../../domain/audit.ts';
import { type Actor, may, PERMISSIONS, type Permission } from '../../domain/permission.ts';
import { actorOn, open, type VisitorEnv } from '../access.ts';
import { limitBodies } from '../upload.ts';
import { type ApiKeyApiDeps, apiKeyApi } from './api-keys.ts';
import { auditApi } from './audit.ts';
import { type EventApiDeps, eventApi } from './events.ts';
import { refuseForm } from './form.ts';
import { type GateApiDeps, gateApi } from './gates.ts';
import { type HandoverApiDeps, handoverListApi } from './handover-lists.ts';
import { handoverApi } from './handovers.ts';
import { type ImportApiDeps, importApi } from './imports.ts';
import { type KeyApiDeps, keyApi } from './keys.ts';
import { type OfferApiDeps, offerApi } from './offers.ts';
import { type OperatorApiDeps, operatorApi } from './operators.ts';
import { type PaymentApiDeps, paymentApi } from './payments.ts';
import { type PublicationRulesApiDeps, publicationRulesApi } from './publication-rules.ts';
import { type PublicationApiDeps, publicationApi } from './publications.ts';
import { type PurchaseListApiDeps, purchaseListApi } from './purchases.ts';
import { accessOfAll, Id, json, PROBLEMS } from './schema.ts';
import { type VendorApiDeps, vendorApi } from './vendors.ts';
import { type WebhookApiDeps, webhookApi } from './webhooks.ts';

/** One request is small; what is long has routes of its own. */
export const MAX_API_LENGTH = 256 * 1024;

const Me = z
  .object({
    kind: z.enum(['operator', 'api-key']),
    id: Id,
    vendorId: Id.optional(),
    permissions: z.array(z.string()),
  })
  .openapi('Me');

const me = createRoute({
  method: 'get',
  path: '/api/v1/me',
  summary: 'Who you are here, and what you may',
  ...accessOfAll,
  responses: { 200: json(Me, 'you'), ...PROBLEMS },
});

export type ApiDeps = VendorApiDeps &
  OperatorApiDeps &
  ApiKeyApiDeps &
  GateApiDeps &
  KeyApiDeps &
  EventApiDeps &
  ImportApiDeps &
  PurchaseListApiDeps &
  PublicationApiDeps &
  PublicationRulesApiDeps &
  HandoverApiDeps &
  WebhookApiDeps &
  OfferApiDeps &
  PaymentApiDeps & { readonly audit: AuditLog; readonly version: string };

/** The JSON API, and the document that describes it, made of the same routes. */
export const api = (
  deps: ApiDeps,
  forVisitors: OpenAPIHono<VisitorEnv>,
): OpenAPIHono<VisitorEnv> => {
  const app = new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm });
  app.use('/api/v1/*', limitBodies(MAX_API_LENGTH), async (c, next) => {
    c.header('cache-control', 'no-store');
    await next();
  });
  app.openapi(me, (c) => c.json(shown(actorOn(c)), 200));
  app.route('/', vendorApi(deps));
  app.route('/', operatorApi(deps));
  app.route('/', apiKeyApi(deps));
  app.route('/', gateApi(deps));
  app.route('/', keyApi(deps));
  app.route('/', eventApi(deps));
  app.route('/', importApi(deps));
  app.route('/', handoverApi(deps));
  app.route('/', handoverListApi(deps));
  app.route('/', purchaseListApi(deps));
  app.route('/', publicationApi(deps));
  app.route('/', publicationRulesApi(deps));
  app.route('/', webhookApi(deps));
  app.route('/', offerApi(deps));
  app.route('/', paymentApi(deps));
  app.route('/', auditApi(deps.audit));
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of a vendor: pgk_…',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'session',
    description: 'A page of this console; requests that change something carry its form-token too',
  });
  const described = new OpenAPIHono().route('/', app).route('/', forVisitors) as OpenAPIHono;
  const document = described.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'pinless-gate issuer console', version: deps.version },
  });
  app.get('/api/openapi.json', open, (c) => c.json(document));
  return app;
};

function shown(actor: Actor) {
  const { kind, id, vendorId } = actor;
  const all = Object.keys(PERMISSIONS) as Permission[];
  return { kind, id, vendorId, permissions: all.filter((permission) => may(actor, permission)) };
}
