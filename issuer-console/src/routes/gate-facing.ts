import { Hono } from 'hono';
import type { EnrolmentStore } from '../domain/enrolment.ts';
import type { GateStore } from '../domain/gate.ts';
import type { JournalStore } from '../domain/journal.ts';
import type { KeyDeliveryStore } from '../domain/keys.ts';
import type { BundleFiles, EventBundle } from '../domain/publication.ts';
import type { ConsoleMetrics } from '../metrics.ts';
import { bundleRoutes } from './bundle.ts';
import { type EnrolmentRoutesDeps, enrolmentRoutes } from './enrolment.ts';
import { gateAuth } from './gate-auth.ts';
import { journalRoutes } from './journal.ts';
import { keyRoutes } from './keys.ts';

export interface GateFacingDeps extends Omit<EnrolmentRoutesDeps, 'onJudged'> {
  readonly gates: GateStore;
  readonly journal: JournalStore;
  readonly enrolment: EnrolmentStore;
  readonly keys: KeyDeliveryStore;
  readonly bundles: BundleFiles;
  readonly eventBundles: readonly EventBundle[];
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  readonly metrics: ConsoleMetrics;
  /** Something happened that live pages show. */
  readonly changed: () => void;
}

/**
 * What gates ask for. They sign each request themselves: no account, no session, no limit of people's
 * requests touches them.
 */
export const gateFacing = (deps: GateFacingDeps): Hono => {
  const { gates, journal, keys, log, metrics, now, changed } = deps;
  const authentic = gateAuth({ gates, now });
  const app = new Hono();
  app.route(
    '/',
    journalRoutes({
      authentic,
      journal,
      now,
      onPlaced: (gateId, placement) => {
        metrics.placed(placement);
        const { outcome, sequence } = placement;
        if (outcome === 'conflict')
          log.warn({ gateId, sequence, at: placement.at }, 'journal conflict');
        changed();
      },
    }),
  );
  app.route(
    '/',
    enrolmentRoutes({
      ...deps,
      onJudged: (outcome, gateId) => {
        metrics.enrolled(outcome);
        if (outcome === 'enrolled') log.info({ gateId }, 'gate enrolled');
        else log.warn({ reason: outcome }, 'enrolment refused');
        changed();
      },
    }),
  );
  app.route(
    '/',
    keyRoutes({
      authentic,
      keys,
      now,
      onWord: (gateId, word) => {
        if (word !== 'fetched') log.info({ gateId, word }, 'word of a key');
      },
    }),
  );
  app.route('/', bundleRoutes(deps));
  return app;
};
