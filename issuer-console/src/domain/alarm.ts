import type { ErrorCode } from '@pinless-gate/protocol/errors';
import type { GateSummary, PrinterFault } from './gate.ts';
import type { FailedPublication } from './list-publication.ts';
import {
  type EventList,
  goodUntil,
  listCondition,
  type PublishedList,
  revocationCondition,
} from './publication.ts';
import type { FailingWebhook } from './webhook.ts';

/** Something a person has to act on. `since` in Unix milliseconds, where it has a beginning. */
export type Alarm =
  | {
      readonly kind: 'chain-conflict';
      readonly gate: string;
      readonly sequence: number;
      readonly since: number;
    }
  | {
      readonly kind: 'gate-silent';
      readonly gateId: string;
      readonly gate: string;
      readonly since: number;
    }
  | {
      readonly kind: 'unexplained-calls';
      readonly gate: string;
      readonly since: number;
    }
  | {
      readonly kind: 'printer';
      readonly gate: string;
      readonly fault: PrinterFault;
      readonly since: number;
    }
  | {
      readonly kind: 'webhook-failing';
      readonly vendor: string;
      readonly host: string;
      readonly since: number;
    }
  | ({ readonly kind: 'publication-failed' } & FailedPublication)
  | { readonly kind: 'enrolment-conflict'; readonly gate: string; readonly since: number }
  | {
      readonly kind: 'keys-owing';
      readonly eventId: string;
      readonly event: string | undefined;
      /** How many owe an answer. */
      readonly gates: number;
      readonly since: number;
    }
  | {
      readonly kind: 'key-window';
      readonly eventId: string;
      readonly event: string | undefined;
      readonly until: number;
    }
  | { readonly kind: 'institution-expiry'; readonly holder: string; readonly until: number }
  | ListAlarm;

/** `event`: its name, where it is not the list of `[bundle] directory`. */
export type ListAlarm = { readonly event?: string } & (
  | { readonly kind: 'list-missing' }
  | { readonly kind: 'list-unreadable'; readonly code: ErrorCode }
  | { readonly kind: 'list-expired' | 'list-stale'; readonly since: number }
  | { readonly kind: 'revocation-too-old' | 'revocation-stale'; readonly since: number }
);

export interface AlarmInput {
  readonly now: number;
  readonly silentAfterMs: number;
  readonly list: PublishedList;
  readonly further: readonly EventList[];
  readonly gates: readonly GateSummary[];
  readonly webhooks: readonly FailingWebhook[];
  readonly failing: readonly FailedPublication[];
}

/** Nobody can confirm that it was looked into yet: it goes away by itself. */
const UNEXPLAINED_SHOWN_MS = 86_400_000;

/** Gravest first: tampering, then the list, then silence, then paper, then webhooks. */
export function alarmsOf({
  now,
  silentAfterMs,
  list,
  further,
  gates,
  webhooks,
  failing,
}: AlarmInput): Alarm[] {
  return [
    ...gates.flatMap(({ name, conflict }): Alarm[] =>
      conflict
        ? [{ kind: 'chain-conflict', gate: name, sequence: conflict.sequence, since: conflict.at }]
        : [],
    ),
    ...gates.flatMap(({ name, unexplainedAt }): Alarm[] =>
      unexplainedAt !== undefined && now - unexplainedAt < UNEXPLAINED_SHOWN_MS
        ? [{ kind: 'unexplained-calls', gate: name, since: unexplainedAt }]
        : [],
    ),
    ...listAlarms(list, now),
    ...revocationAlarms(list, now),
    ...further.flatMap(({ name, list: own }) =>
      [...listAlarms(own, now), ...revocationAlarms(own, now)].map((one) => {
        return { ...one, event: name };
      }),
    ),
    ...failing.map((one): Alarm => ({ kind: 'publication-failed', ...one })),
    ...gates.flatMap(({ id, name, lastSeenAt, stopped, revokedAt }): Alarm[] =>
      // A gate that never reported is not running yet, a revoked one is not heard: the table says so, no alarm does.
      lastSeenAt !== undefined &&
      !stopped &&
      revokedAt === undefined &&
      now - lastSeenAt >= silentAfterMs
        ? [{ kind: 'gate-silent', gateId: id, gate: name, since: lastSeenAt }]
        : [],
    ),
    ...gates.flatMap(({ name, printer, revokedAt }): Alarm[] =>
      printer && revokedAt === undefined ? [{ kind: 'printer', gate: name, ...printer }] : [],
    ),
    ...webhooks.map((one): Alarm => ({ kind: 'webhook-failing', ...one })),
  ];
}

function listAlarms(list: PublishedList, now: number): ListAlarm[] {
  if (list.state === 'missing') return [{ kind: 'list-missing' }];
  if (list.state === 'unreadable') return [{ kind: 'list-unreadable', code: list.code }];
  const condition = listCondition(list, now);
  if (condition === 'expired') return [{ kind: 'list-expired', since: goodUntil(list) }];
  if (condition !== 'stale') return [];
  const { issuedAt, policy } = list.manifest;
  return [{ kind: 'list-stale', since: (issuedAt + policy.staleAfterS) * 1000 }];
}

function revocationAlarms(list: PublishedList, now: number): ListAlarm[] {
  const found = list.state === 'published' ? revocationCondition(list, now) : undefined;
  if (!found) return [];
  const { condition, since } = found;
  return [{ kind: condition === 'stale' ? 'revocation-stale' : 'revocation-too-old', since }];
}
