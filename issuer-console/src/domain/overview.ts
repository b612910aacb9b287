import type { Act, Operator } from '@pinless-gate/protocol/journal/act';
import { type Alarm, alarmsOf } from './alarm.ts';
import {
  type BoardFigures,
  boardFigures,
  type FigureStore,
  SHOWN_MS,
  SLOT_MS,
  slotOf,
} from './figures.ts';
import type { GateSummary } from './gate.ts';
import { type KeyWatch, keyAlarms } from './key-alarm.ts';
import type { PublicationStore } from './list-publication.ts';
import type { BundleFiles, EventBundle, EventList, PublishedList } from './publication.ts';
import type { WebhookStore } from './webhook.ts';

/** One decision, as the page shows it: nothing of the card, nothing of the ticket. */
export interface Tap {
  readonly gateId: string;
  readonly gate: string;
  readonly sequence: number;
  /** Unix milliseconds, by the gate's clock. */
  readonly at: number;
  readonly admitted: boolean;
  readonly reason?: string | undefined;
  readonly code: string;
  readonly listVersion?: number | undefined;
  readonly totalMs: number;
}

/** What somebody did by hand at a gate: who and why, nothing of the ticket. */
export interface StaffAct {
  readonly gateId: string;
  readonly gate: string;
  readonly sequence: number;
  /** Unix milliseconds, by the gate's clock. */
  readonly at: number;
  readonly act: Act;
  readonly operator: Operator;
  readonly reason: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
}

/** Everything the first page shows, at one moment. */
export interface Overview {
  readonly now: number;
  readonly list: PublishedList;
  /** Of events that have a directory of their own. */
  readonly further: readonly EventList[];
  readonly gates: readonly GateSummary[];
  readonly taps: readonly Tap[];
  readonly acts: readonly StaffAct[];
  readonly alarms: readonly Alarm[];
  readonly figures: BoardFigures;
}

export interface OverviewStore {
  gates(): Promise<GateSummary[]>;
  /** Newest first. */
  lastTaps(limit: number): Promise<Tap[]>;
  /** Newest first. */
  lastActs(limit: number): Promise<StaffAct[]>;
}

export interface OverviewSources {
  readonly store: OverviewStore;
  readonly bundles: Pick<BundleFiles, 'list'>;
  readonly eventBundles: readonly (Pick<EventBundle, 'eventId' | 'name'> & {
    readonly files: Pick<BundleFiles, 'list'>;
  })[];
  readonly webhooks: Pick<WebhookStore, 'failing'>;
  readonly publications: Pick<PublicationStore, 'failing'>;
  readonly now: () => number;
  readonly silentAfterMs: number;
  readonly keyWatch: () => Promise<KeyWatch>;
  readonly figures: Pick<FigureStore, 'since'>;
}

export const TAPS_SHOWN = 50;
export const ACTS_SHOWN = 20;

export async function readOverview(sources: OverviewSources): Promise<Overview> {
  const { store, bundles, silentAfterMs } = sources;
  const [list, further, gates, taps, acts, webhooks, keys, rows, failing] = await Promise.all([
    bundles.list(),
    furtherLists(sources),
    store.gates(),
    store.lastTaps(TAPS_SHOWN),
    store.lastActs(ACTS_SHOWN),
    sources.webhooks.failing(),
    sources.keyWatch(),
    sources.figures.since(slotOf(sources.now()) + SLOT_MS - SHOWN_MS),
    sources.publications.failing(),
  ]);
  const now = sources.now();
  const alarms = [
    ...alarmsOf({ now, silentAfterMs, list, further, gates, webhooks, failing }),
    ...keyAlarms(keys),
  ];
  const figures = boardFigures(rows, gates, now);
  return { now, list, further, gates, taps, acts, alarms, figures };
}

function furtherLists({ bundles, eventBundles }: OverviewSources): Promise<EventList[]> {
  const further = eventBundles.filter(({ files }) => files !== bundles);
  return Promise.all(
    further.map(async ({ eventId, name, files }) => ({ eventId, name, list: await files.list() })),
  );
}
