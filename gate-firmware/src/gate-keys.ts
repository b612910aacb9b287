import type { EventKeys } from '@pinless-gate/hsm/event-keys';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Closers } from './closers.ts';
import type { GateConfig } from './config.ts';
import { ConversionWatch } from './conversion-watch.ts';
import { followKeys } from './fleet/key-follower.ts';
import type { Journaling } from './journaling.ts';
import { checkDeviceKey } from './key-health.ts';
import { openEventKeys, openKeys } from './keys.ts';
import { systemClock } from './lane/clock.ts';
import type { Metrics } from './metrics.ts';
import { troubleLog } from './trouble.ts';

export interface GateKeysParts {
  readonly config: GateConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly journaling: Journaling;
  readonly closers: Closers;
  /** Destroy keys whose window is over where the issuer asks for it, without anybody here approving. */
  readonly destroyOrdered: boolean;
}

/** The gate's module and the event's keys in it, with what watches over their use. */
export interface GateKeys {
  readonly store: KeyStore;
  readonly eventKeys: EventKeys;
  readonly watch: ConversionWatch;
}

/** From now on the journal is vouched for. */
export async function openGateKeys(parts: GateKeysParts): Promise<GateKeys> {
  const { config, log, metrics, journaling, closers, destroyOrdered } = parts;
  const { labels, enrolment } = config;
  const watch = watchConversions(parts);
  const store = await openKeys(config, log, metrics, watch);
  closers.push(() => store.close());
  await checkDeviceKey(store, labels.device, journaling.journal);
  const { journal } = journaling;
  const follower = enrolment && (await followKeys(config, store, journal, log, destroyOrdered));
  closers.push(() => follower?.close());
  // One HMAC for each key, to learn what it is called.
  watch.explained();
  const eventKeys = await openEventKeys(store, config, journaling.clock.now() / 1000, journal);
  journaling.vouch((message) => store.sign(labels.device, message), config);
  closers.push(() => journaling.endVouching());
  return { store, eventKeys, watch };
}

function watchConversions({ log, metrics, journaling }: GateKeysParts): ConversionWatch {
  const told = troubleLog(log, 'conversion calls');
  return new ConversionWatch({
    now: systemClock.monotonic,
    onState: (error) => {
      told(error);
      if (!error) return;
      metrics.faults.inc({ code: error.code });
      journaling.note('fault', error.code);
    },
  });
}
