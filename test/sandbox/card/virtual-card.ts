/** Where in the dialogue of a tap a command stands: what faults, timing and removal are hung on. */
export const STEPS = [
  'select',
  'token-info',
  'select-terminal-key',
  'load-certificate',
  'get-challenge',
  'external-authenticate',
  'read-certificate',
  'query-tries',
  'verify-birth-date',
  'read-surface',
  'sign',
] as const;

/** Nobody comes to these at a gate: a PIN is presented at a desk. */
export const DESK_STEPS = ['read-signature-certificate', 'verify-pin'] as const;

export const ALL_STEPS = [...STEPS, ...DESK_STEPS] as const;

export type Step = (typeof ALL_STEPS)[number];

/** Only taps by the profile `kazashi` come to these. */
export const SURFACE_STEPS: ReadonlySet<Step> = new Set<Step>([
  'query-tries',
  'verify-birth-date',
  'read-surface',
]);

/** What the chip computed for a command, for the timing model. `verify` is any public-key check. */
export type Work = 'rsa' | 'ecdsa' | 'verify';

export interface Exchange {
  /** Response APDU: data, then the two status octets. */
  readonly response: Uint8Array;
  readonly work?: Work;
}

/** A card as a state machine: one command in, one response out, no clock, no transport. Never throws. */
export interface VirtualCard {
  readonly atr: Uint8Array;
  /** Power on, off or reset: what was selected and proven is forgotten, counters are not. */
  reset(): void;
  /** The step that a command would be in the card's present state; undefined for anything else. */
  stepOf(command: Uint8Array): Step | undefined;
  exchange(command: Uint8Array): Exchange;
}
