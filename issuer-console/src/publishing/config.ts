import { join } from 'node:path';
import { toHex } from '@pinless-gate/protocol/bytes';
import { ConfigError, resolveFrom } from '@pinless-gate/runtime/config';
import { type EventPlan, readEventFile } from '@pinless-gate/whitelist-builder/event-file';
import { instant } from '@pinless-gate/whitelist-builder/policy-table';
import { z } from 'zod';
import { WHYS, type Why } from '../domain/list-publication.ts';
import { type ListSchedule, parseClock } from '../domain/list-schedule.ts';
import { type Places, requireApart } from './places.ts';

/** Whose signatures gates ask for, as in `[enrolment]`. */
export interface Signatories {
  /** SubjectPublicKeyInfo, DER. */
  readonly keys: readonly Uint8Array[];
  readonly threshold: number;
}

/** One `[[publish]]`: how the lists of an event are built and let go. Paths are absolute. */
export interface PublishPlan {
  /** 32 hex digits. */
  readonly eventId: string;
  /** As event.toml has it. */
  readonly name: string;
  /** event.toml; read anew by each build. */
  readonly event: string;
  /** Where lists are built, with the builder's cache. */
  readonly work: string;
  /** The event's purchases in plain text, as long as the console runs. */
  readonly feed: string;
  readonly crls: readonly string[];
  readonly renewals: string | undefined;
  readonly allowRejects: number;
  /** The bundle directory that gates read. */
  readonly to: string;
  /** Lists that stay there. */
  readonly keep: number;
  readonly secondApproval: readonly Why[];
  readonly maxLossPercent: number;
  /** Undefined: the publisher of event.toml alone. */
  readonly publishers: Signatories | undefined;
  readonly schedule: ListSchedule | undefined;
  /** Each build asks about cards. */
  readonly asks: boolean;
  /** From when on gates call a list old; seconds. */
  readonly staleAfterS: number;
}

const path = z.string().min(1);
const clock = z.string().refine((text) => parseClock(text) !== undefined, 'not HH:MM');

export const publishTable = z.strictObject({
  event: path,
  work: path,
  bundle: path.optional(),
  feed: path.optional(),
  crl: z.array(path).max(64).default([]),
  renewals: path.optional(),
  allow_rejects: z.int().min(0).max(1_000_000_000).default(0),
  keep: z.int().min(1).max(1_000_000).default(20),
  second_approval: z.array(z.enum(WHYS)).default([]),
  max_loss_percent: z.number().min(0).max(100).default(5),
  schedule: z
    .strictObject({
      daily: clock.optional(),
      every_minutes: z.int().min(1).max(1440).optional(),
      from: instant.optional(),
      until: instant.optional(),
    })
    .refine(
      ({ every_minutes, from, until }) =>
        [every_minutes, from, until].every((one) => (one === undefined) === (from === undefined)),
      'every_minutes, from and until go together',
    )
    .optional(),
});

type PublishTable = z.infer<typeof publishTable>;

/** Reads the event.toml files that `[[publish]]` names. Whoever names no `bundle` has the shared directory. */
export async function readPublishPlans(
  configPath: string,
  tables: readonly PublishTable[],
  shared: { readonly to: string; readonly publishers: Signatories | undefined },
): Promise<PublishPlan[]> {
  const { to, publishers } = shared;
  const placed = tables.map((table) => ({ table, places: placesOf(configPath, table, to) }));
  await requireApart(
    configPath,
    placed.map(({ places }) => places),
  );
  const plans = await Promise.all(
    placed.map(async ({ table, places }) => {
      const event = resolveFrom(configPath, table.event);
      const plan = await readEventFile(event);
      return planOf(configPath, { table, places, event, plan, publishers });
    }),
  );
  const ids = plans.map(({ eventId }) => eventId);
  const again = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (again < 0) return plans;
  throw new ConfigError(
    'ERR_CONFIG_KEY',
    `${configPath}: publish.${again}.event: publish.${ids.indexOf(ids[again]!)} is of this event too`,
  );
}

function placesOf(configPath: string, { work, feed, bundle }: PublishTable, to: string): Places {
  const resolve = (name: string) => resolveFrom(configPath, name);
  return {
    work: resolve(work),
    feed: feed === undefined ? join(resolve(work), 'feed') : resolve(feed),
    to: bundle === undefined ? to : resolve(bundle),
  };
}

interface PlanParts {
  readonly table: PublishTable;
  readonly places: Places;
  readonly event: string;
  readonly plan: EventPlan;
  readonly publishers: Signatories | undefined;
}

function planOf(
  configPath: string,
  { table, places, event, plan, publishers }: PlanParts,
): PublishPlan {
  const { renewals, schedule } = table;
  const resolve = (name: string) => resolveFrom(configPath, name);
  return {
    ...places,
    publishers,
    eventId: toHex(plan.eventId),
    name: plan.name,
    event,
    crls: table.crl.map(resolve),
    renewals: renewals === undefined || /^https?:/.test(renewals) ? renewals : resolve(renewals),
    allowRejects: table.allow_rejects,
    keep: table.keep,
    secondApproval: table.second_approval,
    maxLossPercent: table.max_loss_percent,
    schedule: schedule && scheduleOf(schedule),
    asks: plan.validity !== undefined,
    staleAfterS: plan.policy.staleAfterS,
  };
}

function scheduleOf(table: NonNullable<PublishTable['schedule']>): ListSchedule {
  const { daily, every_minutes, from, until } = table;
  return {
    daily: daily === undefined ? undefined : parseClock(daily),
    window:
      every_minutes === undefined || from === undefined || until === undefined
        ? undefined
        : { everyMs: every_minutes * 60_000, from: from * 1000, until: until * 1000 },
  };
}
