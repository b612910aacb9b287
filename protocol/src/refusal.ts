import type { StaffText } from './staff-text.ts';
import { STAFF_TEXT_EN } from './staff-text-en.ts';
import { STAFF_TEXT_JA } from './staff-text-ja.ts';

/**
 * Why a tap does not admit: stable codes that journal, console and metrics share, with what staff read.
 * What attendees read says what to do, not what is wrong; it is the gate's own (admission/refusal).
 */
export const REFUSAL_REASONS = [
  'not-listed',
  'already-admitted',
  'wrong-gate',
  'too-early',
  'too-late',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-not-trusted',
  'card-not-authentic',
  'surface-mismatch',
  'card-not-linked',
  'birth-date-refused',
  'birth-date-few-tries',
  'card-blocked',
  'terminal-refused',
  'phone',
  'old-card',
  'test-card',
  'no-certificate',
  'unknown-card',
  'card-removed',
  'card-fault',
  'card-too-slow',
  'record-unreadable',
  'list-missing',
  'list-expired',
  'revocation-too-old',
  'ticket-blocked',
  'wrong-zone',
  'gate-limit',
  'daily-limit',
  'not-yet-minimum-time',
  'still-inside',
  'no-reentry',
  'companion-first',
  'event-paused',
  'lane-closed',
  'lane-exit-only',
  'lane-entry-only',
  'evacuation',
  'not-inside',
  'already-open',
  'staff-declined',
  'clock-fault',
  'gate-fault',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A new reason does not compile until staff can read it. */
const JA: Record<RefusalReason, StaffText> = STAFF_TEXT_JA;
const EN: Record<RefusalReason, StaffText> = STAFF_TEXT_EN;

export const STAFF_TEXT = Object.fromEntries(
  REFUSAL_REASONS.map((reason) => [reason, { ja: JA[reason], en: EN[reason] }]),
) as Record<RefusalReason, { readonly ja: StaffText; readonly en: StaffText }>;
