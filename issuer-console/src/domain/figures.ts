import { peopleOf, totalUs, type UploadedEntry } from './journal.ts';

/** Charts of the entrance go by five minutes, those of purchases by hours. */
export const SLOT_MS = 300_000;
export const HOUR_MS = 3_600_000;

export const slotOf = (at: number): number => Math.floor(at / SLOT_MS) * SLOT_MS;

/** How taps are counted by how long they took: each bin is a twelfth wider than the one before. */
const BINS_PER_OCTAVE = 8;
const LAST_BIN = 160;

export function binOf(us: number): number {
  const bin = Math.floor(BINS_PER_OCTAVE * Math.log2(Math.max(us, 1) / 1000));
  return Math.min(Math.max(bin, 0), LAST_BIN);
}

/** The middle of a bin, milliseconds: what was counted there is no more than a twentieth off. */
const middleOf = (bin: number): number => 2 ** ((bin + 0.5) / BINS_PER_OCTAVE);

export interface Bin {
  readonly bin: number;
  readonly taps: number;
}

/** Milliseconds that this share of the taps did not exceed; undefined where there are none. */
export function quantile(bins: readonly Bin[], share: number): number | undefined {
  const all = bins.reduce((sum, { taps }) => sum + taps, 0);
  if (all === 0) return undefined;
  let left = share * all;
  for (const { bin, taps } of bins.toSorted((a, b) => a.bin - b.bin)) {
    left -= taps;
    if (left <= 0) return middleOf(bin);
  }
  return undefined;
}

/** What an upload adds to the figures of its gate. */
export interface NewFigures {
  readonly people: readonly { readonly slot: number; readonly people: number }[];
  readonly refusals: readonly {
    readonly slot: number;
    readonly reason: string;
    readonly taps: number;
  }[];
  readonly durations: readonly (Bin & { readonly slot: number })[];
}

/** Rehearsals are in none. */
export function figuresOf(entries: readonly UploadedEntry[]): NewFigures {
  const people = new Tally<{ slot: number }>();
  const refusals = new Tally<{ slot: number; reason: string }>();
  const durations = new Tally<{ slot: number; bin: number }>();
  for (const { entry } of entries) {
    const slot = slotOf(entry.at);
    people.add({ slot }, peopleOf(entry));
    if (entry.kind !== 'decision' || entry.mode === 'rehearsal') continue;
    durations.add({ slot, bin: binOf(totalUs(entry.steps)) }, 1);
    if (entry.outcome === 'refused') refusals.add({ slot, reason: entry.reason ?? 'unknown' }, 1);
  }
  return {
    people: people.rows.map(({ of, n }) => ({ ...of, people: n })),
    refusals: refusals.rows.map(({ of, n }) => ({ ...of, taps: n })),
    durations: durations.rows.map(({ of, n }) => ({ ...of, taps: n })),
  };
}

class Tally<K extends object> {
  readonly #rows = new Map<string, { readonly of: K; n: number }>();

  add(of: K, n: number): void {
    if (n === 0) return;
    const key = JSON.stringify(of);
    const row = this.#rows.get(key) ?? { of, n: 0 };
    row.n += n;
    this.#rows.set(key, row);
  }

  get rows(): readonly { readonly of: K; readonly n: number }[] {
    return [...this.#rows.values()];
  }
}

export interface GateFigures {
  readonly gateId: string;
  readonly gate: string;
  /** People that entered, by the beginning of the slot; slots with none are left out. */
  readonly people: ReadonlyMap<number, number>;
  readonly taps: number;
  /** Milliseconds, by bins: about. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

/** What the board's charts show: from one slot's beginning to another's end. */
export interface BoardFigures {
  readonly from: number;
  readonly until: number;
  readonly gates: readonly GateFigures[];
  /** The most frequent first. */
  readonly refusals: readonly { readonly reason: string; readonly taps: number }[];
}

export const SHOWN_MS = 6 * HOUR_MS;
export const LEAST_SHOWN_MS = HOUR_MS;

/** Rows of a store, since a slot's beginning. */
export interface FigureRows {
  readonly people: readonly {
    readonly gateId: string;
    readonly slot: number;
    readonly people: number;
  }[];
  readonly durations: readonly (Bin & { readonly gateId: string })[];
  readonly refusals: readonly { readonly reason: string; readonly taps: number }[];
}

export interface FigureStore {
  /** Of the gates, since then. */
  since(slot: number): Promise<FigureRows>;
  /** Of an event's purchases, the oldest hour first. */
  purchases(eventId: string): Promise<PurchaseHour[]>;
}

/** How many more than an hour before; `linked` cards that came to tickets. */
export interface PurchaseHour {
  readonly hour: number;
  readonly paid: number;
  readonly pending: number;
  readonly cancelled: number;
  readonly linked: number;
}

/** The last hours that anything is known of. */
export function boardFigures(
  rows: FigureRows,
  gates: readonly { readonly id: string; readonly name: string }[],
  now: number,
): BoardFigures {
  const until = slotOf(now) + SLOT_MS;
  const first = rows.people.reduce((least, { slot }) => Math.min(least, slot), until);
  const from = Math.min(Math.max(first, until - SHOWN_MS), until - LEAST_SHOWN_MS);
  return {
    from,
    until,
    gates: gates.flatMap(({ id, name }) => {
      const people = rows.people.filter(({ gateId, slot }) => gateId === id && slot >= from);
      const bins = rows.durations.filter(({ gateId }) => gateId === id);
      if (people.length === 0 && bins.length === 0) return [];
      return [
        {
          gateId: id,
          gate: name,
          people: new Map(people.map(({ slot, people: n }) => [slot, n])),
          taps: bins.reduce((sum, { taps }) => sum + taps, 0),
          p50: quantile(bins, 0.5),
          p95: quantile(bins, 0.95),
        },
      ];
    }),
    refusals: rows.refusals.toSorted((a, b) => b.taps - a.taps || (a.reason < b.reason ? -1 : 1)),
  };
}
