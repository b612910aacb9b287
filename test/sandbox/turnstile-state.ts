export interface OpenOrder {
  readonly id: string;
  readonly at: number;
  readonly direction: 'in' | 'out';
  readonly people: number;
}

export interface Opening {
  /** The admission that it was opened for. */
  readonly id: string;
  readonly direction: 'in' | 'out';
  readonly people: number;
  /** When the gate says it asked, and when the turnstile opened; Unix milliseconds. */
  readonly askedAt: number;
  readonly openedAt: number;
}

export const ACTS = ['pass', 'tailgate', 'turn-back', 'leave', 'alarm', 'quiet'] as const;
export type Act = (typeof ACTS)[number];

export interface TurnstileState {
  /** People who may still pass, by direction. */
  readonly free: { readonly in: number; readonly out: number };
  readonly held: boolean;
  readonly evacuation: boolean;
  readonly light: string | undefined;
  /** Since it began. */
  readonly passed: { readonly in: number; readonly out: number };
  readonly tailgated: number;
  readonly turnedBack: number;
  readonly openings: number;
}

/** What its sensor and its alarm contact tell. */
export interface TurnstileSenses {
  readonly onPassage?: (direction: 'in' | 'out') => void;
  readonly onEvacuation?: (active: boolean) => void;
}

/** A turnstile that lets through whom it was opened for, and everybody while it is held or the alarm is on. */
export class VirtualTurnstile {
  readonly openings: Opening[] = [];
  readonly #senses: TurnstileSenses;
  readonly #ids = new Set<string>();
  readonly #watchers = new Set<(state: TurnstileState) => void>();
  #state: TurnstileState = {
    free: { in: 0, out: 0 },
    held: false,
    evacuation: false,
    light: undefined,
    passed: { in: 0, out: 0 },
    tailgated: 0,
    turnedBack: 0,
    openings: 0,
  };

  constructor(senses: TurnstileSenses = {}) {
    this.#senses = senses;
  }

  get state(): TurnstileState {
    return this.#state;
  }

  subscribe(watcher: (state: TurnstileState) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Undefined where it was opened for that id before. */
  open({ id, at, direction, people }: OpenOrder): Opening | undefined {
    if (this.#ids.has(id)) return undefined;
    this.#ids.add(id);
    const opening = { id, direction, people, askedAt: at, openedAt: Date.now() };
    this.openings.push(opening);
    const { free } = this.#state;
    this.#become({
      free: { ...free, [direction]: free[direction] + people },
      openings: this.openings.length,
    });
    return opening;
  }

  hold(held: boolean): void {
    this.#become({ held });
  }

  lamp(light: string): void {
    this.#become({ light });
  }

  act(act: Act): boolean {
    switch (act) {
      case 'pass':
        return this.#walk('in');
      case 'leave':
        return this.#walk('out');
      case 'tailgate':
        return this.#tailgate();
      case 'turn-back':
        return this.#turnBack();
      case 'alarm':
      case 'quiet':
        this.#become({ evacuation: act === 'alarm' });
        this.#senses.onEvacuation?.(act === 'alarm');
        return true;
    }
  }

  #walk(direction: 'in' | 'out'): boolean {
    const { free, passed, held, evacuation } = this.#state;
    if (free[direction] === 0 && !held && !evacuation) return false;
    this.#become({
      free: { ...free, [direction]: Math.max(free[direction] - 1, 0) },
      passed: { ...passed, [direction]: passed[direction] + 1 },
    });
    this.#senses.onPassage?.(direction);
    return true;
  }

  /** One more squeezes through behind somebody. */
  #tailgate(): boolean {
    if (!this.#walk('in')) return false;
    const { passed, tailgated } = this.#state;
    this.#become({ passed: { ...passed, in: passed.in + 1 }, tailgated: tailgated + 1 });
    this.#senses.onPassage?.('in');
    return true;
  }

  /** Whoever it is open for does not go: it locks again, and nobody passed. */
  #turnBack(): boolean {
    const { free, turnedBack } = this.#state;
    if (free.in + free.out === 0) return false;
    this.#become({ free: { in: 0, out: 0 }, turnedBack: turnedBack + 1 });
    return true;
  }

  #become(change: Partial<TurnstileState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher(this.#state);
  }
}
