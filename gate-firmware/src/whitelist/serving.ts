import { setTimeout } from 'node:timers/promises';
import { formatFingerprint } from '@pinless-gate/protocol/bundle';
import type { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';
import type { GateConfig } from '../config.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lane/clock.ts';
import type { Metrics } from '../metrics.ts';
import { troubleLog } from '../trouble.ts';
import { openIsolatedApply } from './apply-isolated.ts';
import { type FollowParts, openLists } from './follow.ts';
import { Follower } from './follower.ts';
import type { Lists } from './lists.ts';
import { tellRefusals } from './refused-lists.ts';
import { Scrubber } from './scrub.ts';
import { openSource } from './source.ts';

const FIRST_LIST_MS = 1000;
const SCRUB_EVERY_MS = 3_600_000;

export interface ServingParts {
  readonly config: GateConfig;
  /** Of the event keys that the list may have been made with. */
  readonly eventKeyIds: () => Promise<readonly Uint8Array[]>;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A newer list is in force. */
  readonly onUpdate: () => void;
  /** The copy in force turned out damaged. What is whole answers on, and the list is fetched again. */
  readonly onDamage: (error: GateError) => void;
  /** There is a list, and it cannot be taken: told once, not at each look. */
  readonly onRefused: (error: GateError) => void;
}

/**
 * The list in force, kept up to date until `close`. A list that is near is there when this resolves; rejects where the
 * only one there was made with another event key.
 */
export async function serveLists(
  parts: ServingParts,
): Promise<{ lists: Lists; close: () => Promise<void> }> {
  const { config, eventKeyIds, journal, clock, log, metrics } = parts;
  const { whitelist, eventId } = config;
  const { directory, source } = whitelist;
  const isolated = source && (await openIsolatedApply({ source, directory }));
  const follow: FollowParts = {
    directory,
    source: source && openSource(source),
    apply: async (expected, present) => isolated?.apply(expected, present),
    publishers: whitelist.publishers,
    eventId,
    eventKeyIds,
    journal,
    clock,
  };
  const { lists, error } = await openLists(follow);
  let trouble = error;
  const told = listTrouble(log, metrics);
  const refused = tellRefusals(parts.onRefused);
  if (error) {
    log.error({ code: error.code, hint: error.hint }, error.message);
    metrics.listErrors.inc({ code: error.code });
  } else tell(lists, log);
  const scrubber = new Scrubber(lists, {
    everyMs: SCRUB_EVERY_MS,
    onDamage: (damage) => {
      metrics.listErrors.inc({ code: damage.code });
      parts.onDamage(damage);
    },
    onClean: () => metrics.listScrubbed.setToCurrentTime(),
  });
  const follower = new Follower(follow, lists, {
    pollMs: whitelist.pollMs,
    onUpdate: () => {
      tell(lists, log);
      parts.onUpdate();
      scrubber.start();
    },
    onState: (failure) => {
      trouble = failure ?? trouble;
      told(failure);
      refused(failure);
    },
  });
  // A console that does not answer holds nobody up.
  const patience = new AbortController();
  await Promise.race([
    follower.start(),
    setTimeout(FIRST_LIST_MS, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
  scrubber.start();
  const close = async () => {
    await scrubber.close();
    await Promise.all([follower.close(), isolated?.close()]);
    await lists.close();
  };
  if (!lists.current) {
    // The known answer of the event key: a gate with another key could serve nobody, ever.
    if (trouble?.code === 'ERR_BUNDLE_EVENT_KEY') {
      await close();
      throw trouble;
    }
    log.warn('no list yet');
  }
  return { lists, close };
}

function listTrouble(log: Logger, metrics: Metrics): (error: GateError | undefined) => void {
  const told = troubleLog(log, 'list');
  return (error) => {
    told(error);
    if (error) metrics.listErrors.inc({ code: error.code });
  };
}

function tell({ current }: Lists, log: Logger): void {
  if (!current) return;
  const { version, entries, fingerprint } = current.passport;
  log.info({ version, entries, fingerprint: formatFingerprint(fingerprint) }, 'list');
}
