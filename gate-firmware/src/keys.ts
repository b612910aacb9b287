import { KeyDirectory } from '@pinless-gate/hsm/ceremony/key-directory';
import { EventKeys } from '@pinless-gate/hsm/event-keys';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from './config.ts';
import type { ConversionWatch } from './conversion-watch.ts';
import { requireOwnDeviceKey } from './enrolment-file.ts';
import { LANE_LIMITS, limitCalls } from './hsm-calls.ts';
import type { Journal } from './journal/journal.ts';
import { systemClock } from './lane/clock.ts';
import type { Metrics } from './metrics.ts';
import { keySenders } from './whitelist/present.ts';

/** The gate's module; the keys that are its own are there and what they must be. Calls are counted and limited. */
export async function openKeys(
  { hsm, labels, terminals, enrolment }: GateConfig,
  log: Logger,
  metrics: Metrics,
  watch: ConversionWatch,
): Promise<KeyStore> {
  const isolated = await openKeyStore(hsm, {
    exclusive: true,
    onDown: ({ code }) => log.error({ code }, 'hsm is down'),
    onUp: () => log.info('hsm is up'),
  });
  const store = limitCalls(isolated, {
    ...LANE_LIMITS,
    now: systemClock.monotonic,
    onCall: (operation, refused) => {
      metrics.hsmCalls.inc({ operation, refused: `${refused}` });
      if (operation === 'mac') watch.called();
    },
  });
  try {
    await store.require({
      ...(terminals.size > 0 && { [labels.institution]: 'institution' as const }),
      [labels.device]: 'device',
    });
    if (enrolment) await requireOwnDeviceKey(store, labels.device, enrolment);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/**
 * The keys of the gate's event; rejects where none may be used now. `now`: Unix seconds. `journal`: that of the gate, where it
 * is open; publishers that it noted must be there.
 */
export function openEventKeys(
  store: KeyStore,
  config: GateConfig,
  now: number,
  journal?: Pick<Journal, 'publishersFloor'>,
): Promise<EventKeys> {
  const { eventId, gateId, labels, keyDirectory } = config;
  const directory = new KeyDirectory(keyDirectory);
  const publishers = async () => {
    const taken = journal?.publishersFloor(eventId) ?? 0;
    return (await keySenders(config, { taken, fresh: false })).ever;
  };
  const { event: label } = labels;
  return EventKeys.open({ store, directory, eventId, gateId, publishers, label }, now);
}
