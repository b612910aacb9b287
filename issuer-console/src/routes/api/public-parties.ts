import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Parties } from '../../domain/parties.ts';
import { PURCHASE_STATES } from '../../domain/purchase.ts';
import type { VisitorEnv } from '../access.ts';
import { refuseForm } from './form.ts';
import { TicketShown, Waiting, waitingOf } from './handover-lists.ts';
import { accessOfVisitors, Code } from './public.ts';
import { body, Id, json, PROBLEMS } from './schema.ts';

const ticketNo = z.string().max(64);

const Own = z
  .object({
    state: z.enum(PURCHASE_STATES),
    tickets: z.array(TicketShown),
    handovers: z.array(Waiting),
    rules: z.object({ companions: z.boolean(), transfer: z.boolean(), feeYen: z.int() }),
  })
  .openapi('OwnParty', { description: 'Nobody is named' });

const read = createRoute({
  method: 'post',
  path: '/api/public/parties',
  summary: 'The tickets of the purchase that the code is of',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code })),
  responses: { 200: json(Own, 'the tickets'), ...PROBLEMS },
});

const invite = createRoute({
  method: 'post',
  path: '/api/public/parties/invitations',
  summary: 'Invites a companion, or gives a ticket away, as the event lets holders',
  ...accessOfVisitors,
  request: body(
    z.strictObject({
      code: Code,
      ticketNo,
      kind: z.enum(['companion', 'transfer']),
      hours: z.number().positive().default(72),
    }),
  ),
  responses: {
    201: json(z.object({ code: z.string() }), 'a code, shown once: whoever is to come has it'),
    ...PROBLEMS,
  },
});

const withdraw = createRoute({
  method: 'post',
  path: '/api/public/parties/withdrawals',
  summary: 'Nothing comes of an invitation any more',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code, handoverId: Id })),
  responses: { 204: { description: 'withdrawn' }, ...PROBLEMS },
});

const unlink = createRoute({
  method: 'post',
  path: '/api/public/parties/unlinked',
  summary: 'A companion’s ticket goes back to the card of the purchase',
  ...accessOfVisitors,
  request: body(z.strictObject({ code: Code, ticketNo })),
  responses: { 204: { description: 'it is back' }, ...PROBLEMS },
});

export interface PublicPartyDeps {
  readonly handoverDesks: { readonly parties: Parties };
}

/** For whoever holds the tickets of others. */
export const publicPartyApi = ({ handoverDesks: { parties } }: PublicPartyDeps) =>
  new OpenAPIHono<VisitorEnv>({ defaultHook: refuseForm })
    .openapi(read, async (c) => {
      const { state, tickets, handovers, rules } = await parties.own(c.req.valid('json').code);
      const { companions, transfer, feeYen } = rules;
      const shown = {
        state,
        tickets: [...tickets],
        handovers: handovers.map(waitingOf),
        rules: { companions, transfer, feeYen },
      };
      return c.json(shown, 200);
    })
    .openapi(invite, async (c) => {
      const { code, ...offer } = c.req.valid('json');
      return c.json({ code: await parties.offer(code, offer) }, 201);
    })
    .openapi(withdraw, async (c) => {
      const { code, handoverId } = c.req.valid('json');
      await parties.withdraw(code, handoverId);
      return c.body(null, 204);
    })
    .openapi(unlink, async (c) => {
      const { code, ticketNo: ticket } = c.req.valid('json');
      await parties.unlink(code, ticket);
      return c.body(null, 204);
    });
