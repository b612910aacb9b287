import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { NewCardOptions } from '../jlis/new-card.ts';

/** The second lane has no institution key. */
export type LaneName = 'institution' | 'kazashi';

/** What the demo taps, in this order, and what must come of it. The lane is gate B. */
export interface DemoTap {
  readonly title: string;
  /** Which card of `CARDS`. */
  readonly card: string;
  /** Which lane: `jpki` and `iso`, or `kazashi`. The first otherwise. */
  readonly lane?: LaneName;
  readonly expected: 'admitted' | RefusalReason;
}

/** A card of the demo, and the purchase that it opens. */
export interface DemoCard {
  readonly options: NewCardOptions;
  /** Copy of this card's certificate. */
  readonly victim?: string;
  readonly purchase?: DemoPurchase;
}

export interface DemoPurchase {
  /** `certificate` pins the card's key; `serial` has the gate read and verify the whole certificate. */
  readonly holder: 'certificate' | 'serial';
  readonly language?: 'ja' | 'en';
  readonly gate?: string;
  readonly categories?: readonly string[];
  /** Linked for `kazashi`; `wrong-reference` as if somebody had mistyped it. */
  readonly linked?: 'linked' | 'wrong-reference';
  /** Card of a companion who comes with a card of their own. */
  readonly companion?: string;
  /** Admission begins so many hours from now. */
  readonly opensInHours?: number;
}

export const CARDS: Readonly<Record<string, DemoCard>> = {
  sato: { options: {}, purchase: { holder: 'certificate' } },
  family: {
    options: {},
    purchase: {
      holder: 'certificate',
      categories: ['adult', 'child', 'adult'],
      companion: 'companion',
    },
  },
  companion: { options: {} },
  tourist: { options: {}, purchase: { holder: 'serial', language: 'en' } },
  next: { options: { profile: 'iso' }, purchase: { holder: 'certificate' } },
  stranger: { options: {} },
  wrongGate: { options: {}, purchase: { holder: 'certificate', gate: 'A' } },
  early: { options: {}, purchase: { holder: 'certificate', opensInHours: 3 } },
  expired: { options: { scenario: 'expired' }, purchase: { holder: 'serial' } },
  revoked: { options: { scenario: 'revoked' }, purchase: { holder: 'certificate' } },
  phone: { options: { scenario: 'phone' } },
  clone: { options: { scenario: 'clone' }, victim: 'sato' },
  pulled: { options: { scenario: 'pulled' }, purchase: { holder: 'certificate' } },
  suzuki: {
    options: { birthDate: '19800217' },
    purchase: { holder: 'certificate', linked: 'linked' },
  },
  mixed: { options: { scenario: 'mixed', birthDate: '19800217' }, victim: 'suzuki' },
  mistyped: {
    options: { birthDate: '19990401' },
    purchase: { holder: 'certificate', linked: 'wrong-reference' },
  },
};

export const TAPS: readonly DemoTap[] = [
  { title: 'one adult', card: 'sato', expected: 'admitted' },
  { title: 'a parent with a child', card: 'family', expected: 'admitted' },
  { title: 'their companion', card: 'companion', expected: 'admitted' },
  { title: 'ticket in English', card: 'tourist', expected: 'admitted' },
  { title: 'card of profile iso', card: 'next', expected: 'admitted' },
  { title: 'not on the list', card: 'stranger', expected: 'not-listed' },
  { title: 'already used', card: 'sato', expected: 'already-admitted' },
  { title: 'another gate', card: 'wrongGate', expected: 'wrong-gate' },
  { title: 'too early', card: 'early', expected: 'too-early' },
  { title: 'certificate expired', card: 'expired', expected: 'certificate-expired' },
  { title: 'certificate revoked', card: 'revoked', expected: 'not-listed' },
  { title: 'a phone', card: 'phone', expected: 'phone' },
  { title: 'a cloned certificate', card: 'clone', expected: 'card-not-authentic' },
  { title: 'pulled away early', card: 'pulled', expected: 'card-removed' },
  { title: 'kazashi: a mixed card', card: 'mixed', lane: 'kazashi', expected: 'surface-mismatch' },
  { title: 'kazashi: one adult', card: 'suzuki', lane: 'kazashi', expected: 'admitted' },
  {
    title: 'kazashi: mistyped',
    card: 'mistyped',
    lane: 'kazashi',
    expected: 'birth-date-refused',
  },
];
