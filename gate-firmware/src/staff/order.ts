import type { ActBody, Role } from '@pinless-gate/protocol/journal/act';
import type { Entered } from '@pinless-gate/protocol/journal/entered';
import { LANE_MODES } from '@pinless-gate/protocol/lane-mode';
import { z } from 'zod';

const code = z
  .string()
  .transform((text) => text.trim().toUpperCase())
  .refine((text) => /^[A-Z]\d-\d{2}$/.test(text), 'must be a code such as K7-42');
const ticketNo = z.string().trim().min(1).max(64);
const reason = z.string().trim();

/** What staff ask for, as command and page send it. */
export const orderSchema = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('override'),
    code,
    reason,
    /** Of the tickets of that card; absent: all that are not inside. */
    tickets: z.array(ticketNo).min(1).max(64).optional(),
  }),
  z.strictObject({ act: z.literal('undo'), code, reason }),
  z.strictObject({ act: z.literal('block'), ticketNo, reason }),
  z.strictObject({ act: z.literal('unblock'), ticketNo, reason }),
  z.strictObject({ act: z.literal('accept'), ticketNo, proof: z.string(), reason }),
  z.strictObject({
    act: z.literal('face-check'),
    code,
    answer: z.enum(['passed', 'failed']),
    reason,
  }),
  z.strictObject({ act: z.literal('mode'), mode: z.enum(LANE_MODES), reason }),
  z.strictObject({ act: z.literal('readmit'), reason }),
  z.strictObject({ act: z.literal('reprint'), code, reason }),
]);

export type Order = z.infer<typeof orderSchema>;
export type OrderOf<A extends Order['act']> = Extract<Order, { act: A }>;

/** Who acts, and why in their words. */
export type By = Pick<ActBody, 'operator' | 'reason'>;

/** What an act came to. No sequence where an evacuation could not be journalled. */
export interface Done {
  readonly sequence?: number | undefined;
  readonly tickets: readonly Entered[];
  /** By which the admission is found. */
  readonly code?: string | undefined;
  /** How many tickets were given back their entry. */
  readonly readmitted?: number;
}

const STAFF: readonly Role[] = ['staff', 'lead'];
const LEAD: readonly Role[] = ['lead'];

/** Who may do what. An auditor reads. */
const MAY: Readonly<Record<Order['act'], readonly Role[]>> = {
  override: LEAD,
  undo: STAFF,
  block: LEAD,
  unblock: LEAD,
  accept: STAFF,
  'face-check': STAFF,
  mode: LEAD,
  readmit: LEAD,
  reprint: STAFF,
};

/** Whoever stands at the lane may let people out. */
export function mayOrder(role: Role, order: Pick<Order, 'act'> & { mode?: string }): boolean {
  if (order.act === 'mode' && order.mode === 'evacuate') return STAFF.includes(role);
  return MAY[order.act].includes(role);
}
