import type { ActBody } from '@pinless-gate/protocol/journal/act';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import type { Standing } from '../display/visit.ts';
import type { Turnstile } from '../hardware/turnstile.ts';
import type { Ledger } from '../journal/ledger.ts';

export interface ModeParts {
  readonly ledger: Ledger;
  readonly turnstile: Pick<Turnstile, 'hold'>;
  /** What the display shows between cards. */
  readonly stand: (standing: Standing) => void;
  /** Whether people pass without an admission from now on. */
  readonly onHold: (open: boolean) => void;
  /** The turnstile did not do it, or an evacuation could not be journalled. */
  readonly onError: (what: 'turnstile' | 'journal', error: unknown) => void;
}

type ModeAct = Pick<ActBody, 'operator' | 'reason'>;

const STANDING: Readonly<Partial<Record<LaneMode, Standing>>> = {
  'always-open': 'open',
  closed: 'closed',
  evacuate: 'evacuate',
};

const HELD: ReadonlySet<LaneMode> = new Set(['always-open', 'evacuate']);

/** How the lane is worked. It stays so over a restart, unless it was taken for the time being. */
export class Modes {
  readonly #parts: ModeParts;
  #current: LaneMode;

  constructor(parts: ModeParts) {
    this.#parts = parts;
    this.#current = parts.ledger.mode;
  }

  get current(): LaneMode {
    return this.#current;
  }

  /** The barrier is held open. */
  get held(): boolean {
    return HELD.has(this.#current);
  }

  /** As the last program left it. A barrier that nobody holds any more is not closed on anybody. */
  resume(): void {
    if (this.held) this.#hold(true);
    this.#stand();
  }

  /**
   * Journalled, then done; but for an evacuation, which opens before anything else and whatever the journal
   * says. Undefined where it could not be written, which no other mode survives: a `JournalError`.
   * `afterRestart`: what the lane is to be when this program is gone.
   */
  take(mode: LaneMode, act: ModeAct, afterRestart = mode): number | undefined {
    if (mode === 'evacuate') return this.#evacuate(act);
    const { held } = this;
    const sequence = this.#write(mode, act, afterRestart);
    this.#current = mode;
    if (this.held !== held) this.#hold(this.held);
    this.#stand();
    return sequence;
  }

  #evacuate(act: ModeAct): number | undefined {
    this.#current = 'evacuate';
    this.#hold(true);
    this.#stand();
    try {
      return this.#write('evacuate', act);
    } catch (error) {
      this.#parts.onError('journal', error);
      return undefined;
    }
  }

  #write(mode: LaneMode, act: ModeAct, afterRestart = mode): number {
    const entry = { kind: 'act', act: 'mode', tickets: [], detail: mode, ...act } as const;
    return this.#parts.ledger.write(entry, undefined, afterRestart);
  }

  #hold(open: boolean): void {
    const { turnstile, onHold, onError } = this.#parts;
    turnstile.hold(open).catch((error: unknown) => onError('turnstile', error));
    onHold(open);
  }

  #stand(): void {
    this.#parts.stand(STANDING[this.#current] ?? 'idle');
  }
}
