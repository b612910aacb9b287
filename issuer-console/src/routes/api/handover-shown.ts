import { z } from '@hono/zod-openapi';
import {
  HANDOVER_KINDS,
  HANDOVER_STATES,
  HANDOVER_STEPS,
  type Handover,
  type HandoverStore,
  requireHandover,
} from '../../domain/handover.ts';
import { arrivalOf, type ListArrivals, type StepView } from '../../domain/handover-times.ts';
import type { Scope } from '../../domain/permission.ts';
import { Id, Moment, moment, momentOf } from './schema.ts';

const GateShown = z.object({ name: z.string(), standing: z.string(), toldAt: Moment.optional() });

const StepShown = z
  .object({
    step: z.enum(HANDOVER_STEPS),
    askedAt: Moment.openapi({ description: 'The click' }),
    keptAt: Moment,
    publicationId: Id.optional(),
    state: z.string().optional().openapi({ description: 'Of the list that was asked for' }),
    builtAt: Moment.optional(),
    publishedAt: Moment.optional(),
    atGatesAt: Moment.optional(),
    seconds: z.number().optional().openapi({ description: 'From the click to the last gate' }),
    gates: z.array(GateShown),
  })
  .openapi('ListStep', { description: 'A change of the list, and how far it has come' });

export const HandoverShown = z
  .object({
    id: Id,
    eventId: Id,
    purchaseId: z.string(),
    kind: z.enum(HANDOVER_KINDS),
    state: z.enum(HANDOVER_STATES),
    tickets: z.int(),
    begunAt: Moment,
    codeUntil: Moment.optional(),
    endedAt: Moment.optional(),
    toPurchaseId: z.string().optional(),
    evidenceId: z.string().optional().openapi({ description: 'Of the statement by a card' }),
    steps: z.array(StepShown),
  })
  .openapi('Handover');

export interface HandoverReading {
  readonly handovers: Pick<HandoverStore, 'find'>;
  readonly listArrivals: ListArrivals;
}

/** As it is now. */
export async function shownHandover(
  { handovers, listArrivals }: HandoverReading,
  scope: Scope,
  id: string,
) {
  const found = await requireHandover(handovers, scope, id);
  const steps = await Promise.all(found.steps.map((step) => arrivalOf(listArrivals, scope, step)));
  return { ...headOf(found), steps: steps.map(shownStep) };
}

/** All but what became of it on the way to gates. */
export function headOf(handover: Handover) {
  const { id, eventId, purchaseId, kind, state, tickets, toPurchaseId, evidenceId } = handover;
  return {
    id,
    eventId,
    purchaseId,
    kind,
    state,
    tickets,
    toPurchaseId,
    evidenceId,
    begunAt: moment(handover.begunAt),
    codeUntil: momentOf(handover.codeUntil),
    endedAt: momentOf(handover.endedAt),
  };
}

function shownStep({ step, askedAt, keptAt, publicationId, list }: StepView) {
  const { state, builtAt, publishedAt, atGatesAt, gates = [] } = list ?? {};
  return {
    step,
    publicationId,
    state,
    askedAt: moment(askedAt),
    keptAt: moment(keptAt),
    builtAt: momentOf(builtAt),
    publishedAt: momentOf(publishedAt),
    atGatesAt: momentOf(atGatesAt),
    seconds: atGatesAt === undefined ? undefined : (atGatesAt - askedAt) / 1000,
    gates: gates.map(({ name, standing, toldAt }) => ({
      name,
      standing,
      toldAt: momentOf(toldAt),
    })),
  };
}
