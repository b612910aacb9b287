import type { JournalEntry } from '@pinless-gate/protocol/journal';
import type { Publication } from './list-publication.ts';

/** Where a gate of an event is with lists, as its journal says. Unix milliseconds. */
export interface GateList {
  readonly gateId: string;
  readonly name: string;
  /** Of the list in force there. */
  readonly version: number | undefined;
  /** When the list that is asked about, or a later one, came into force: by the gate's clock, and when it was told here. */
  readonly reachedAt: number | undefined;
  readonly toldAt: number | undefined;
  readonly lastSeenAt: number | undefined;
  readonly stopped: boolean;
  /** Why it refused a list since, as a code. */
  readonly refusal: { readonly code: string; readonly at: number } | undefined;
}

export interface GateListStore {
  /** Gates that may serve the event and are not revoked; `version` is what they are to reach. */
  gates(eventId: string, version: number | undefined): Promise<GateList[]>;
}

export type GateStanding = 'held' | 'behind' | 'refused' | 'silent' | 'stopped' | 'never';

export interface GateProgress extends GateList {
  readonly standing: GateStanding;
  /** From the publication until it was told here. */
  readonly tookMs: number | undefined;
}

/** Not heard of for so long, or never: nobody waits for it. */
export interface Hearing {
  readonly now: number;
  readonly silentAfterMs: number;
}

export function gateProgress(
  gates: readonly GateList[],
  { publishedAt, list }: Pick<Publication, 'publishedAt' | 'list'>,
  hearing: Hearing,
): GateProgress[] {
  return gates.map((gate) => {
    const { toldAt } = gate;
    const took =
      publishedAt !== undefined && toldAt !== undefined ? toldAt - publishedAt : undefined;
    const tookMs = took === undefined ? undefined : Math.max(0, took);
    return { ...gate, standing: standingOf(gate, list?.version, hearing), tookMs };
  });
}

function standingOf(
  { version, lastSeenAt, stopped, refusal }: GateList,
  wanted: number | undefined,
  { now, silentAfterMs }: Hearing,
): GateStanding {
  if (lastSeenAt === undefined) return 'never';
  if (wanted !== undefined && version !== undefined && version >= wanted) return 'held';
  if (stopped) return 'stopped';
  if (now - lastSeenAt >= silentAfterMs) return 'silent';
  return refusal ? 'refused' : 'behind';
}

/** Every gate that is heard has it, and there is one. */
export function isAtGates(gates: readonly GateProgress[]): boolean {
  const heard = gates.filter(({ standing }) => standing !== 'never' && standing !== 'stopped');
  const live = heard.filter(({ standing }) => standing !== 'silent');
  return live.length > 0 && live.every(({ standing }) => standing === 'held');
}

/** What fresh entries of one gate say of lists. */
export interface ListNews {
  /** Versions that came into force, with the gate's time. */
  readonly applied: readonly { readonly version: number; readonly at: number }[];
  /** Of the last refusal after the last of them. */
  readonly refusal: { readonly code: string; readonly at: number } | undefined;
}

const REFUSALS = /^ERR_(?:BUNDLE|LIST|PUBLISHERS)_[A-Z_]{1,40}$/;

/** Undefined where they say nothing of lists. */
export function listNews(entries: readonly JournalEntry[]): ListNews | undefined {
  const applied = new Map<number, number>();
  let refusal: ListNews['refusal'];
  for (const { kind, at, list, ...entry } of entries) {
    const detail = 'detail' in entry ? entry.detail : undefined;
    if (kind === 'fault' && detail !== undefined && REFUSALS.test(detail)) {
      refusal = { code: detail, at };
    }
    if ((kind === 'list' || kind === 'start') && list) {
      if (!applied.has(list.version)) applied.set(list.version, at);
      if (kind === 'list') refusal = undefined;
    }
  }
  if (applied.size === 0 && !refusal) return undefined;
  return { applied: [...applied].map(([version, at]) => ({ version, at })), refusal };
}
