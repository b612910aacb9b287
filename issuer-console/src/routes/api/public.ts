import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import { RefusedError } from '../../domain/refusal.ts';
import type { VisitorDesk } from '../../domain/visitor-desk.ts';
import { STATED_PURPOSES } from '../../domain/visitor-token.ts';
import { open, type VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { body, json, PROBLEMS } from './schema.ts';

/** Whoever has a code. */
export const accessOfVisitors = {
  middleware: open,
  security: [{}] as Record<string, string[]>[],
};

export const Code = z
  .string()
  .max(100)
  .openapi({ description: 'As it was typed', example: 'XXXX-XXXX-XXXX-XXXX-XXXX-XXXX' });
const Method = z.enum(['signature', 'authentication', 'read']);

const requests = createRoute({
  method: 'post',
  path: '/api/public/requests',
  summary: 'What a card is to state for this code',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code })),
  responses: {
    200: json(
      z.object({
        request: z
          .string()
          .openapi({ description: 'base64url: the octets that the card signs over' }),
        kind: z.enum(STATED_PURPOSES),
        console: z.string().openapi({ description: 'Id of this console, 32 hex digits' }),
        methods: z.array(Method).openapi({ description: 'The first is what is wanted' }),
        kazashi: z.boolean().openapi({ description: 'To be captured in the same session' }),
      }),
      'the request; the one before, if any, is good no more',
    ),
    ...PROBLEMS,
  },
});

const statements = createRoute({
  method: 'post',
  path: '/api/public/statements',
  summary: 'What a card stated, for the code that it was asked with',
  ...accessOfVisitors,
  request: body(
    z.strictObject({
      code: Code,
      statement: z.looseObject({}).openapi({ description: 'pinless-gate/card-statement/1' }),
    }),
  ),
  responses: {
    200: json(
      z.object({
        state: z.string().openapi({ description: 'What came of it, by the kind of code' }),
        facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
      }),
      'taken; the same again is answered again',
    ),
    ...PROBLEMS,
  },
});

export interface PublicApiDeps {
  /** Undefined where the console is not set up to know cards. */
  readonly visitors: VisitorDesk | undefined;
  readonly consoleId: () => Promise<string>;
  readonly origin: URL | undefined;
}

/** For programs that hold a card to a reader: the agent of this project, or a vendor's own. */
export const publicApi = (deps: PublicApiDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(requests, async (c) => {
      const origin = deps.origin?.origin ?? new URL(c.req.url).origin;
      const desk = deskOf(deps);
      const asked = await desk.request(c.req.valid('json').code, origin);
      return c.json(
        {
          request: Buffer.from(asked.request).toString('base64url'),
          kind: asked.purpose,
          console: await deps.consoleId(),
          methods: [...asked.methods],
          kazashi: asked.kazashi,
        },
        200,
      );
    })
    .openapi(statements, async (c) => {
      const { code, statement } = c.req.valid('json');
      const { state, facts } = await deskOf(deps).state(code, statement);
      return c.json({ state, ...(facts && { facts: { ...facts } }) }, 200);
    });

export function deskOf({ visitors }: Pick<PublicApiDeps, 'visitors'>): VisitorDesk {
  if (visitors) return visitors;
  throw new RefusedError(
    'forbidden',
    'ERR_VISITOR_CARDS',
    'this console is not set up to know cards: issuer-console.toml has no [jlis]',
  );
}
