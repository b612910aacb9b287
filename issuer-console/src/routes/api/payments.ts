import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import {
  type KeptPayment,
  PAYMENT_OUTCOMES,
  type PaymentSecret,
  type PaymentStore,
  SETTLEMENTS,
} from '../../domain/payment.ts';
import { Scope } from '../../domain/permission.ts';
import type { ShopDesks } from '../../shop/desks.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const Payment = z
  .object({
    id: Id,
    vendorId: Id,
    paymentId: z.string(),
    slip: z.string(),
    amountYen: z.int(),
    outcome: z.enum(PAYMENT_OUTCOMES),
    applicationId: Id.optional(),
    paidAt: Moment,
    receivedAt: Moment,
    settled: z.object({ how: z.enum(SETTLEMENTS), at: Moment }).optional(),
  })
  .openapi('Payment');

const list = createRoute({
  method: 'get',
  path: '/api/v1/payments',
  summary: 'Payments that somebody told of; those that need a person, or the last 500',
  ...access('payment.read'),
  request: { query: z.object({ open: z.enum(['true', 'false']).default('true') }) },
  responses: { 200: json(z.object({ payments: z.array(Payment) }), 'the payments'), ...PROBLEMS },
});

const settle = createRoute({
  method: 'post',
  path: '/api/v1/payments/{id}/settled',
  summary: 'A person did what a program could not',
  ...access('payment.write'),
  request: { params: IdParam, ...body(z.strictObject({ how: z.enum(SETTLEMENTS) })) },
  responses: { 204: { description: 'noted' }, ...PROBLEMS },
});

const Secret = z
  .object({ id: z.string(), vendorId: Id, createdAt: Moment, expiresAt: Moment.optional() })
  .openapi('PaymentSecret');

const secrets = createRoute({
  method: 'get',
  path: '/api/v1/payment-secrets',
  summary: 'The secrets that are good, without themselves',
  ...access('api-key.read'),
  responses: { 200: json(z.object({ secrets: z.array(Secret) }), 'the secrets'), ...PROBLEMS },
});

const give = createRoute({
  method: 'post',
  path: '/api/v1/payment-secrets',
  summary: 'The next secret of a vendor; the one before is good for a week more',
  ...access('api-key.write'),
  request: body(z.strictObject({ vendorId: Id })),
  responses: {
    201: json(z.object({ id: z.string(), secret: z.string() }), 'shown once'),
    ...PROBLEMS,
  },
});

const revoke = createRoute({
  method: 'delete',
  path: '/api/v1/payment-secrets/{secretId}',
  summary: 'From now on the secret is good no more',
  ...access('api-key.write'),
  request: { params: z.object({ secretId: z.string().max(32) }) },
  responses: { 204: { description: 'revoked' }, ...PROBLEMS },
});

const Evidence = z
  .object({
    id: z.string(),
    eventId: Id,
    purchaseId: z.string(),
    handoverId: Id.optional().openapi({ description: 'By which the card came to a ticket' }),
    method: z.enum(['signature', 'authentication']),
    verifiedAt: Moment,
    issuedAt: Moment,
    lines: z.array(z.string()).openapi({ description: 'What the person was shown' }),
    request: z.string().openapi({ description: 'base64' }),
    signature: z.string().openapi({ description: 'base64' }),
    publicKey: z.string().openapi({ description: 'SubjectPublicKeyInfo, base64' }),
    certificateHash: z.string().openapi({ description: 'SHA-256 of the DER, hex' }),
    modulusHash: z.string().optional(),
    certificate: z.enum(['not-shown', 'the-same']),
  })
  .openapi('Evidence', { description: 'Verified as it is shown; 409 where it does not hold' });

const evidence = createRoute({
  method: 'post',
  path: '/api/v1/evidence/{evidenceId}',
  summary:
    'Opens and verifies the evidence of a purchase or handover; that somebody looked is noted',
  ...access('evidence.read'),
  request: {
    params: z.object({ evidenceId: z.string().max(64) }),
    ...body(
      z.strictObject({
        certificate: z.base64().max(8192).optional().openapi({ description: 'DER, to compare' }),
      }),
    ),
  },
  responses: { 200: json(Evidence, 'it holds'), ...PROBLEMS },
});

export interface PaymentApiDeps extends ShopDesks {
  readonly payments: PaymentStore;
  readonly now: () => number;
}

const LAST = 500;

export const paymentApi = ({ payments, now, ...desks }: PaymentApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const open = c.req.valid('query').open === 'true';
      const found = await payments.list(Scope.of(actorOn(c)), { open, limit: LAST });
      return c.json({ payments: found.map(shown) }, 200);
    })
    .openapi(settle, async (c) => {
      const { how } = c.req.valid('json');
      await desks.till.settle(askerOf(actorOn(c)), c.req.valid('param').id, how);
      return c.body(null, 204);
    })
    .openapi(secrets, async (c) => {
      const all = await payments.secrets(Scope.of(actorOn(c)), now());
      return c.json({ secrets: all.map(shownSecret) }, 200);
    })
    .openapi(give, async (c) => {
      const { vendorId } = c.req.valid('json');
      return c.json({ ...(await desks.paymentSecrets.give(askerOf(actorOn(c)), vendorId)) }, 201);
    })
    .openapi(revoke, async (c) => {
      await desks.paymentSecrets.revoke(askerOf(actorOn(c)), c.req.valid('param').secretId);
      return c.body(null, 204);
    })
    .openapi(evidence, async (c) => {
      const { certificate } = c.req.valid('json');
      const der = certificate === undefined ? undefined : Buffer.from(certificate, 'base64');
      const asker = askerOf(actorOn(c));
      const { evidenceId } = c.req.valid('param');
      return c.json(shownEvidence(await desks.evidenceDesk.open(asker, evidenceId, der), der), 200);
    });

const shown = ({ paidAt, receivedAt, settled, ...payment }: KeptPayment) => ({
  ...payment,
  paidAt: moment(paidAt),
  receivedAt: moment(receivedAt),
  settled: settled && { how: settled.how, at: moment(settled.at) },
});

const shownSecret = ({ id, vendorId, createdAt, expiresAt }: PaymentSecret) => ({
  ...{ id, vendorId, createdAt: moment(createdAt), expiresAt: momentOf(expiresAt) },
});

function shownEvidence(
  { kept, evidence: held, asked }: Awaited<ReturnType<ShopDesks['evidenceDesk']['open']>>,
  der: Uint8Array | undefined,
) {
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
  const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');
  const { id, eventId, purchaseId } = kept;
  const handoverId = asked.purpose === 'purchase' ? undefined : asked.subjectId;
  return {
    ...{
      id,
      eventId,
      purchaseId,
      handoverId,
      method: held.method,
      lines: [...asked.lines],
    },
    verifiedAt: moment(held.verifiedAt),
    issuedAt: moment(asked.issuedAt),
    request: base64(held.request),
    signature: base64(held.signature),
    publicKey: base64(held.publicKey),
    certificateHash: hex(held.certificateHash),
    modulusHash: held.modulusHash && hex(held.modulusHash),
    certificate: der ? ('the-same' as const) : ('not-shown' as const),
  };
}
