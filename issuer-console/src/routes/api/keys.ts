import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { askerOf } from '../../domain/asker.ts';
import type { CeremonyLog } from '../../domain/ceremony.ts';
import type { KeyDesk } from '../../domain/key-desk.ts';
import { FILE_KINDS, type KeptChain, type KeptRequest, MAX_FILES } from '../../domain/key-file.ts';
import type { KeyReport } from '../../domain/key-report.ts';
import { type KeyRecord, keyState } from '../../domain/keys.ts';
import { actorOn, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { access, body, Id, IdParam, json, Moment, moment, momentOf, PROBLEMS } from './schema.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Layout = z.enum(['jpki', 'tr03110']);

const Key = z
  .object({
    id: Hash.openapi({ description: 'SHA-256 of the envelope' }),
    gateId: Id,
    gate: z.string(),
    generation: z.int(),
    state: z.enum(['waiting', 'delivered', 'taken', 'expired', 'destroyed', 'no-answer']),
    validFrom: Moment,
    validUntil: Moment,
    takenAt: Moment.optional(),
    orderedAt: Moment.optional(),
    destroyedAt: Moment.optional(),
  })
  .openapi('GateEventKey');

const Report = z
  .object({
    eventId: Id,
    name: z.string().optional(),
    stage: z.enum(['gates', 'wrap', 'deliver', 'ready', 'over', 'destroying', 'destroyed']),
    generation: z.int().openapi({ description: 'The highest; 0 where there is none' }),
    owing: z.int().openapi({ description: 'Answers that gates owe' }),
    lapsesAt: Moment.optional().openapi({ description: 'A window ends before it may' }),
    gates: z.array(
      z.object({
        gateId: Id,
        name: z.string(),
        compared: z.boolean(),
        gateKey: z.boolean().openapi({ description: 'What a key is wrapped with is here' }),
      }),
    ),
    keys: z.array(Key),
  })
  .openapi('EventKeys');

const Request = z.object({
  id: Hash,
  layout: Layout,
  holder: z.string().optional(),
  keyHash: Hash,
  receivedAt: Moment,
});

const Chain = Request.extend({
  holder: z.string(),
  issuer: z.string(),
  expiresAt: Moment.optional(),
});

const Facts = z.array(z.object({ name: z.string(), values: z.array(z.string()) }));
const Ceremony = z
  .object({
    id: Hash.openapi({ description: 'SHA-256 of the first line' }),
    head: Hash.openapi({ description: 'SHA-256 of the last line, as in the minutes' }),
    lines: z.int(),
    required: z.int(),
    operators: z.array(z.object({ name: z.string(), role: z.string(), keyHash: Hash })),
    steps: z.array(
      z.object({
        id: z.string(),
        line: z.int(),
        action: z.string(),
        begunAt: Moment,
        outcome: z.enum(['done', 'failed', 'open']),
        code: z.string().optional(),
        approvedBy: z.array(z.object({ operator: z.string(), at: Moment })),
        details: Facts,
        facts: Facts,
      }),
    ),
  })
  .openapi('Ceremony', { description: 'Chain and signatures were verified' });

const Institution = z
  .object({
    requests: z.array(Request),
    certificates: z.array(Chain),
    ceremonies: z.array(Ceremony),
  })
  .openapi('Institution');

const list = createRoute({
  method: 'get',
  path: '/api/v1/keys',
  summary: 'Where each event’s key stands',
  ...access('key.read'),
  responses: { 200: json(z.object({ events: z.array(Report) }), 'the events'), ...PROBLEMS },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/keys/events/{id}',
  summary: 'Where one event’s key stands',
  ...access('key.read'),
  request: { params: IdParam },
  responses: { 200: json(Report, 'the event’s key'), ...PROBLEMS },
});

const institution = createRoute({
  method: 'get',
  path: '/api/v1/keys/institution',
  summary: 'Requests, certificates and ceremony logs',
  ...access('key.read'),
  responses: { 200: json(Institution, 'what was brought'), ...PROBLEMS },
});

const files = createRoute({
  method: 'post',
  path: '/api/v1/keys/files',
  summary: 'Takes in files of a ceremony, of one kind: all of them or none. Never a secret',
  ...access('key.write'),
  request: body(
    z.strictObject({
      kind: z.enum(FILE_KINDS).optional().openapi({ description: 'Any other is refused' }),
      files: z
        .array(z.strictObject({ name: z.string().max(200), content: z.base64() }))
        .max(MAX_FILES),
    }),
  ),
  responses: {
    200: json(
      z.object({ kind: z.enum(FILE_KINDS), kept: z.int(), known: z.int() }),
      'new ones, and those that were here before',
    ),
    ...PROBLEMS,
  },
});

const destroy = createRoute({
  method: 'post',
  path: '/api/v1/keys/events/{id}/destroy',
  summary: 'Asks every gate to destroy the event’s keys once their window is over',
  ...access('key.write'),
  request: { params: IdParam },
  responses: { 200: json(z.object({ ordered: z.int() }), 'how many keys'), ...PROBLEMS },
});

const gateKey = createRoute({
  method: 'get',
  path: '/api/v1/gates/{id}/gate-key',
  summary: 'What keys are wrapped with for the gate, as it signed it',
  ...access('key.read'),
  request: { params: IdParam },
  responses: { 200: json(z.object({ gateKey: z.base64() }), 'the gate key'), ...PROBLEMS },
});

const compare = createRoute({
  method: 'post',
  path: '/api/v1/gates/{id}/compare',
  summary: 'Notes that the code which the gate shows is that of the keys held here',
  ...access('key.write'),
  request: { params: IdParam, ...body(z.strictObject({ code: z.string().max(64) })) },
  responses: { 204: { description: 'the same keys' }, ...PROBLEMS },
});

export interface KeyApiDeps {
  readonly keyDesk: KeyDesk;
  readonly now: () => number;
}

export const keyApi = ({ keyDesk, now }: KeyApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(list, async (c) => {
      const reports = await keyDesk.reports();
      return c.json({ events: reports.map((report) => shown(report, now())) }, 200);
    })
    .openapi(read, async (c) =>
      c.json(shown(await keyDesk.report(c.req.valid('param').id), now()), 200),
    )
    .openapi(institution, async (c) => {
      const { requests, chains, logs } = await keyDesk.institution();
      const held = { requests: requests.map(requestShown), certificates: chains.map(chainShown) };
      return c.json({ ...held, ceremonies: logs.map(logShown) }, 200);
    })
    .openapi(files, async (c) => {
      const { kind, files: given } = c.req.valid('json');
      const read = given.map(({ name, content }) => ({
        name,
        octets: new Uint8Array(Buffer.from(content, 'base64')),
      }));
      return c.json(await keyDesk.take(askerOf(actorOn(c)), read, kind), 200);
    })
    .openapi(destroy, async (c) => {
      const ordered = await keyDesk.order(askerOf(actorOn(c)), c.req.valid('param').id);
      return c.json({ ordered }, 200);
    })
    .openapi(gateKey, async (c) => {
      const { gateKey: held = '' } = await keyDesk.gateKey(c.req.valid('param').id);
      return c.json({ gateKey: held }, 200);
    })
    .openapi(compare, async (c) => {
      const { code } = c.req.valid('json');
      await keyDesk.compare(askerOf(actorOn(c)), c.req.valid('param').id, code);
      return c.body(null, 204);
    });

function shown({ event, stage, generation, owing, lapsesAt, gates, keys }: KeyReport, now: number) {
  return {
    eventId: event.id,
    name: event.name,
    stage,
    generation,
    owing: owing.length,
    lapsesAt: momentOf(lapsesAt),
    gates: gates.map(({ gateId, name, compared, wrappable }) => ({
      gateId,
      name,
      compared,
      gateKey: wrappable,
    })),
    keys: keys.map((key) => keyShown(key, now)),
  };
}

function keyShown(key: KeyRecord, now: number) {
  const { id, gateId, gate, generation } = key;
  return {
    ...{ id, gateId, gate, generation, state: keyState(key, now) },
    validFrom: moment(key.validFrom),
    validUntil: moment(key.validUntil),
    takenAt: momentOf(key.takenAt),
    orderedAt: momentOf(key.orderedAt),
    destroyedAt: momentOf(key.destroyedAt),
  };
}

function requestShown({ id, layout, holder, keyHash, receivedAt }: KeptRequest) {
  return { id, layout, holder, keyHash, receivedAt: moment(receivedAt) };
}

function chainShown({ id, layout, holder, issuer, keyHash, expiresAt, receivedAt }: KeptChain) {
  const times = { receivedAt: moment(receivedAt), expiresAt: momentOf(expiresAt) };
  return { id, layout, holder, issuer, keyHash, ...times };
}

function logShown({ id, head, lines, required, operators, steps }: CeremonyLog) {
  return {
    ...{ id, head, lines, required, operators: [...operators] },
    steps: steps.map(({ approvedBy, details, facts, begunAt, ...step }) => ({
      ...step,
      begunAt: moment(begunAt),
      approvedBy: approvedBy.map(({ operator, at }) => ({ operator, at: moment(at) })),
      details: factsShown(details),
      facts: factsShown(facts),
    })),
  };
}

const factsShown = (facts: CeremonyLog['steps'][number]['facts']) =>
  facts.map(({ name, values }) => ({ name, values: [...values] }));
