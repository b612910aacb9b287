import type { Language, Seat } from '@pinless-gate/protocol/record';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';

export interface ShownTicket {
  readonly seat: Seat;
  readonly category: string;
  /** Place in the party, from 1. */
  readonly place: number;
}

/** Everything an attendee may see. Nothing here names a person. */
export type DisplayState =
  /** With a language: chosen at the screen. */
  | { readonly state: 'idle'; readonly language?: Language }
  /** `progress` of the dialogue's real steps, 0 to 1. */
  | { readonly state: 'hold'; readonly progress: number; readonly language?: Language }
  | {
      readonly state: 'admitted';
      readonly language: Language;
      readonly tickets: readonly ShownTicket[];
      readonly partySize: number;
      /** Absent: in. */
      readonly direction?: 'in' | 'out';
      /** Of every ticket shown: leads the way where the venue says more of zones than of gates. */
      readonly zone?: string;
      /** What staff look at by the way; the attendee reads that somebody comes. */
      readonly attention?: readonly string[];
      /** Nothing is printed: the seat has to be remembered. */
      readonly noReceipt?: boolean;
    }
  | {
      readonly state: 'refused';
      readonly language: Language;
      readonly reason: RefusalReason;
      /** Leads staff to the tap; says nothing by itself. */
      readonly code: string;
    }
  /** The card left the field too early; put back within the time that remains, the tap goes on. */
  | { readonly state: 'removed'; readonly language: Language; readonly remainingMs: number }
  | {
      readonly state: 'staff';
      readonly language: Language;
      readonly code: string;
      readonly why: 'face-check' | 'attention';
    }
  /** A second touch while the way is open. */
  | { readonly state: 'already-open'; readonly language: Language }
  /** Always open: nobody needs to touch. */
  | { readonly state: 'open' }
  | { readonly state: 'evacuate' }
  | { readonly state: 'out-of-service'; readonly code: string }
  | { readonly state: 'closed' };

export type StateName = DisplayState['state'];

const MAX_CLIENTS = 8;

/** What the lane shows now, and whoever watches it. A slow or vanished watcher cannot hold the lane up. */
export class DisplayBus {
  readonly #watchers = new Set<(state: DisplayState) => void>();
  readonly #followers: ((state: DisplayState) => void)[] = [];
  readonly #maxClients: number;
  #current: DisplayState;

  constructor(initial: DisplayState = { state: 'idle' }, maxClients: number = MAX_CLIENTS) {
    this.#current = initial;
    this.#maxClients = maxClients;
  }

  get current(): DisplayState {
    return this.#current;
  }

  /** Watchers, those that follow not among them. */
  get clients(): number {
    return this.#watchers.size;
  }

  show(state: DisplayState): void {
    this.#current = state;
    for (const follower of this.#followers) follower(state);
    for (const watcher of this.#watchers) watcher(state);
  }

  /** For parts of the gate itself, for as long as it runs. The follower must return at once. */
  follow(follower: (state: DisplayState) => void): void {
    this.#followers.push(follower);
  }

  /** The watcher must return at once. Undefined when there are as many watchers as allowed. */
  subscribe(watcher: (state: DisplayState) => void): (() => void) | undefined {
    if (this.#watchers.size >= this.#maxClients) return undefined;
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
