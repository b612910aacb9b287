import { GateError } from '@pinless-gate/protocol/errors';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Office } from '../domain/office.ts';
import type { Registry } from '../domain/registry.ts';
import type { FeedDesk } from '../purchases/export.ts';
import { answerProblem, bodyTooLarge, NOT_FOUND } from './problem.ts';

const MAX_LENGTH = 16 * 1024 * 1024;

const SCHEMAS = {
  invite: z.tuple([
    z.strictObject({ name: z.string(), eventIds: z.array(z.string()), validMs: z.number() }),
  ]),
  addGate: z.tuple([z.strictObject({ id: z.string(), name: z.string(), deviceKey: z.string() })]),
  gates: z.tuple([]),
  revoke: z.tuple([z.string()]),
  putKeys: z.tuple([z.array(z.string()).min(1)]),
  keys: z.tuple([]),
  orderDestruction: z.tuple([z.string()]),
  recipients: z.tuple([]),
  addOperator: z.tuple([
    z.strictObject({ name: z.string(), role: z.string(), vendorId: z.string().optional() }),
  ]),
  operators: z.tuple([]),
  setDisabled: z.tuple([z.string(), z.boolean()]),
  resetOperator: z.tuple([z.string()]),
  addVendor: z.tuple([z.string()]),
  vendors: z.tuple([]),
  auditEntries: z.tuple([z.strictObject({ before: z.int().optional(), limit: z.int() })]),
  exportFeed: z.tuple([z.string(), z.string()]),
  verifyAudit: z.tuple([z.strictObject({ sequence: z.int(), hash: z.string() }).optional()]),
} as const satisfies Record<keyof Desk, z.ZodType>;

/** What commands may ask of whoever has the store. */
export type Desk = Office & Registry & FeedDesk;

/**
 * The office for another process of the one who owns the store, over a socket that nobody else can open:
 * `POST /<what>` with the arguments as a JSON array.
 */
export const controlRoutes = (desk: Desk) => {
  const app = new Hono().post(
    '/:what',
    bodyLimit({ maxSize: MAX_LENGTH, onError: bodyTooLarge(MAX_LENGTH) }),
    async (c) => {
      const what = c.req.param('what');
      if (!isKnown(what)) return answerProblem(c, NOT_FOUND);
      const given = SCHEMAS[what].safeParse(await c.req.json());
      if (!given.success) return answerProblem(c, UNKNOWN_ARGUMENTS);
      const act = desk[what] as (...values: unknown[]) => Promise<unknown>;
      return c.json({ result: (await act(...given.data)) ?? null });
    },
  );
  app.onError(answerError);
  return app;
};

function isKnown(what: string): what is keyof Desk {
  return Object.hasOwn(SCHEMAS, what);
}

const UNKNOWN_ARGUMENTS = {
  status: 400,
  code: 'ERR_CONTROL_ARGUMENTS',
  title: 'the running console is of another release than this command',
} as const;

function answerError(error: Error, c: Context): Response {
  if (!(error instanceof GateError)) throw error;
  const { code, message, hint } = error;
  const problem = { status: 422, code, title: message } as const;
  return answerProblem(c, hint === undefined ? problem : { ...problem, more: { hint } });
}
