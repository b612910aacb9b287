import type { Alarm } from './alarm.ts';
import type { EnrolmentConflict } from './enrolment.ts';
import type { KeptChain } from './key-file.ts';
import { type KeyFacts, keyReports } from './key-report.ts';
import { DELIVERY_PATIENCE_MS, DESTRUCTION_PATIENCE_MS, type KeyRecord } from './keys.ts';

/** What is watched of keys. */
export type KeyWatch = KeyFacts & {
  readonly chains: readonly KeptChain[];
  readonly conflicts: readonly EnrolmentConflict[];
};

/** Long enough to ask J-LIS for new certificates. */
export const CERTIFICATE_WARNED_MS = 30 * 86_400_000;

export function keyAlarms(watch: KeyWatch): Alarm[] {
  const reports = keyReports(watch);
  return [
    ...watch.conflicts.map(
      ({ gate, at }): Alarm => ({ kind: 'enrolment-conflict', gate, since: at }),
    ),
    ...reports.flatMap(({ event, owing }): Alarm[] =>
      owing.length === 0
        ? []
        : [
            {
              kind: 'keys-owing',
              eventId: event.id,
              event: event.name,
              gates: new Set(owing.map(({ gateId }) => gateId)).size,
              since: Math.min(...owing.map(owedSince)),
            },
          ],
    ),
    ...reports.flatMap(({ event, lapsesAt }): Alarm[] =>
      lapsesAt === undefined
        ? []
        : [{ kind: 'key-window', eventId: event.id, event: event.name, until: lapsesAt }],
    ),
    ...certificateAlarms(watch),
  ];
}

/** The newest of each layout: one that was renewed is not missed. */
function certificateAlarms({ chains, now }: KeyWatch): Alarm[] {
  return chains
    .filter(({ layout }, i) => chains.findIndex((one) => one.layout === layout) === i)
    .flatMap(({ holder, expiresAt }): Alarm[] =>
      expiresAt !== undefined && expiresAt - now < CERTIFICATE_WARNED_MS
        ? [{ kind: 'institution-expiry', holder, until: expiresAt }]
        : [],
    );
}

function owedSince({ putAt, validUntil, orderedAt }: KeyRecord): number {
  const ending = orderedAt === undefined ? undefined : Math.max(validUntil, orderedAt);
  return ending === undefined ? putAt + DELIVERY_PATIENCE_MS : ending + DESTRUCTION_PATIENCE_MS;
}
