import { isTimeZone } from '@pinless-gate/protocol/local-time';
import { type Policy, policyContradiction } from '@pinless-gate/protocol/policy';
import { REENTRY } from '@pinless-gate/protocol/policy-rules';
import { z } from 'zod';

/** `[policy]` of event.toml, with what it becomes in the manifest. Times there are Unix seconds. */

export const text = z.string().min(1).max(100);

/** TOML knows dates without time or offset; here both are needed. */
export const instant = z
  .custom<Date>(
    (value) => value instanceof Date && !(value as Date & { isLocal(): boolean }).isLocal(),
    {
      error: 'must be a date and time with offset (2026-12-20T18:00:00+09:00)',
    },
  )
  .transform((date) => Math.floor(date.getTime() / 1000));

const names = z.array(text).min(1);
const count = z.int().min(1).max(9999);

const windowTable = z
  .strictObject({ from: instant, until: instant })
  .refine(({ from, until }) => from < until, { path: ['until'], error: 'must be after from' });

const minuteOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time of day ("04:00")' })
  .transform((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));

const rule = z
  .strictObject({
    categories: names.optional(),
    entries: count.optional(),
    entries_per_day: count.optional(),
    entries_per_gate: count.optional(),
    reentry: z.enum(REENTRY).optional(),
    check_out_at: minuteOfDay.optional(),
    minimum_minutes_between_entries: z.number().positive().max(527_040).optional(),
    windows: z.array(windowTable).min(1).max(64).optional(),
    companion: z.literal('required').optional(),
  })
  .refine(({ categories: _, ...says }) => Object.values(says).some((one) => one !== undefined), {
    error: 'must say something besides categories',
  });

const pause = z
  .strictObject({ gates: names.optional(), from: instant.optional(), until: instant.optional() })
  .refine(({ from = 0, until = Number.POSITIVE_INFINITY }) => from < until, {
    path: ['until'],
    error: 'must be after from',
  });

export const policyTable = z
  .strictObject({
    gates: names,
    tolerance_minutes: z.number().min(0),
    stale_after_hours: z.number().positive(),
    refuse_after_hours: z.number().positive(),
    revocation_stale_after_hours: z.number().positive().optional(),
    revocation_refuse_after_hours: z.number().positive().optional(),
    time_zone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone ("Asia/Tokyo")' })
      .optional(),
    zones: z
      .array(z.strictObject({ name: text, gates: names }))
      .min(1)
      .max(64)
      .optional(),
    rules: z.array(rule).min(1).max(64).optional(),
    attention: z
      .array(z.strictObject({ flag: text, lane: z.enum(['lamp', 'wait']) }))
      .min(1)
      .max(32)
      .optional(),
    paused: z.array(pause).min(1).max(64).optional(),
    arrival: z.enum(['together', 'parts']).optional(),
    face_check: z.enum(['none', 'staff']).optional(),
    annul_after_seconds: z.int().min(1).max(600).optional(),
  })
  .transform((table, context): Policy => {
    const policy = policyOf(table);
    const contradiction = policyContradiction(policy);
    if (contradiction) context.addIssue({ code: 'custom', message: contradiction });
    return policy;
  });

type PolicyTable = Omit<z.input<typeof policyTable>, 'rules' | 'paused'> & {
  readonly rules?: readonly z.output<typeof rule>[] | undefined;
  readonly paused?: readonly z.output<typeof pause>[] | undefined;
};

function policyOf(table: PolicyTable): Policy {
  return {
    gates: table.gates,
    toleranceS: Math.round(table.tolerance_minutes * 60),
    staleAfterS: Math.round(table.stale_after_hours * 3600),
    refuseAfterS: Math.round(table.refuse_after_hours * 3600),
    revocationStaleAfterS: secondsOf(table.revocation_stale_after_hours, 3600),
    revocationRefuseAfterS: secondsOf(table.revocation_refuse_after_hours, 3600),
    timeZone: table.time_zone,
    zones: table.zones,
    rules: table.rules?.map((one) => ({
      categories: one.categories,
      entries: one.entries,
      entriesPerDay: one.entries_per_day,
      entriesPerGate: one.entries_per_gate,
      reentry: one.reentry,
      checkOutMinute: one.check_out_at,
      minimumS: secondsOf(one.minimum_minutes_between_entries, 60),
      windows: one.windows,
      companion: one.companion,
    })),
    attention: table.attention,
    paused: table.paused,
    arrival: table.arrival === 'parts' ? 'parts' : undefined,
    faceCheck: table.face_check === 'staff' ? 'staff' : undefined,
    passage:
      table.annul_after_seconds === undefined
        ? undefined
        : { annulAfterS: table.annul_after_seconds },
  };
}

function secondsOf(amount: number | undefined, unit: number): number | undefined {
  return amount === undefined ? undefined : Math.round(amount * unit);
}
