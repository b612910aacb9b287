import { decodeJournalEntry, type JournalEntry } from '@pinless-gate/protocol/journal';
import type { Act } from '@pinless-gate/protocol/journal/act';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { Ledger } from '../journal/ledger.ts';
import type { Look, LookAsked } from '../lane/look.ts';
import type { Modes } from '../lane/modes.ts';
import type { Passages } from '../lane/passages.ts';
import type { Whitelist } from '../whitelist/store.ts';
import type { RecentTaps } from './recent-taps.ts';

export interface BoardParts {
  readonly gateName: string;
  readonly timeZone: string;
  readonly ledger: Ledger;
  readonly modes: Pick<Modes, 'current'>;
  readonly look: Pick<Look, 'asked'>;
  readonly passages: Pick<Passages, 'expected'>;
  readonly taps: RecentTaps;
  readonly list: () => Whitelist | undefined;
  readonly notReady: () => string | undefined;
  readonly undoWithinMs: number;
}

/** One line of what happened at the lane. Nothing of it names a person. */
export interface Happened {
  readonly sequence: number;
  readonly at: number;
  readonly code: string;
  readonly outcome: 'admitted' | 'refused' | Act;
  readonly reason?: RefusalReason | undefined;
  readonly listVersion?: number | undefined;
  /** The next action that there is a button for. */
  readonly next?: 'override' | 'undo' | undefined;
}

export interface BoardView {
  readonly gateName: string;
  readonly timeZone: string;
  readonly now: number;
  readonly mode: LaneMode;
  /** Why no card is decided on now, as a code. */
  readonly notReady: string | undefined;
  readonly list:
    | { readonly version: number; readonly fingerprint: string; readonly issuedAt: number }
    | undefined;
  readonly waiting: LookAsked | undefined;
  /** People who were let in and have not been seen passing. */
  readonly expected: number;
  readonly taps: readonly Happened[];
}

const SHOWN = 12;
const HOUR_MS = 3_600_000;
const MAX_LOOKED_AT = 20_000;

/** What staff see: the lane, its last taps, and what a code leads to. There is no way to browse people. */
export class Board {
  readonly #parts: BoardParts;

  constructor(parts: BoardParts) {
    this.#parts = parts;
  }

  view(): BoardView {
    const { gateName, timeZone, ledger, modes, look, passages, list, notReady } = this.#parts;
    const inForce = list();
    return {
      gateName,
      timeZone,
      now: ledger.now(),
      mode: modes.current,
      notReady: notReady(),
      list: inForce && {
        version: inForce.manifest.version,
        fingerprint: inForce.passport.fingerprint,
        issuedAt: 1000 * inForce.manifest.issuedAt,
      },
      waiting: look.asked,
      expected: passages.expected,
      taps: this.#happened(() => true, SHOWN),
    };
  }

  /** Everything of the last hour under this code, the newest first: then the code says nothing any more. */
  search(code: string): readonly Happened[] {
    return this.#happened((one) => one.code === code, SHOWN);
  }

  #happened(wanted: (one: Happened) => boolean, count: number): Happened[] {
    const { ledger } = this.#parts;
    const oldest = ledger.now() - HOUR_MS;
    const found: Happened[] = [];
    const undone = new Set<number>();
    let looked = 0;
    for (const encoded of ledger.backwards()) {
      const { entry } = decodeJournalEntry(encoded);
      if (entry.at < oldest || ++looked > MAX_LOOKED_AT || found.length === count) break;
      if (entry.kind === 'act' && entry.act === 'undo' && entry.of !== undefined) {
        undone.add(entry.of);
      }
      const one = this.#told(entry, undone);
      if (one && wanted(one)) found.push(one);
    }
    return found;
  }

  #told(entry: JournalEntry, undone: ReadonlySet<number>): Happened | undefined {
    if (entry.kind !== 'decision' && entry.kind !== 'act') return undefined;
    if (entry.code === undefined) return undefined;
    const { sequence, at, code } = entry;
    const base = { sequence, at, code, listVersion: entry.list?.version };
    if (entry.kind === 'act') {
      const gives = entry.act === 'override' || entry.act === 'accept';
      const next = gives && this.#undoable(entry, undone) ? 'undo' : undefined;
      return { ...base, outcome: entry.act, next };
    }
    const reason = entry.reason as RefusalReason | undefined;
    return { ...base, outcome: entry.outcome, reason, next: this.#next(entry, undone) };
  }

  #next(
    entry: Extract<JournalEntry, { kind: 'decision' }>,
    undone: ReadonlySet<number>,
  ): Happened['next'] {
    if (entry.mode === 'rehearsal') return undefined;
    if (entry.outcome === 'admitted') return this.#undoable(entry, undone) ? 'undo' : undefined;
    const tap = this.#parts.taps.refused(entry.code);
    return tap?.sequence === entry.sequence ? 'override' : undefined;
  }

  #undoable({ sequence, at, tickets }: Admission, undone: ReadonlySet<number>): boolean {
    const { ledger, undoWithinMs } = this.#parts;
    const recent = at >= ledger.now() - undoWithinMs;
    return recent && tickets.length > 0 && !undone.has(sequence);
  }
}

type Admission = Pick<Extract<JournalEntry, { kind: 'act' }>, 'sequence' | 'at' | 'tickets'>;
