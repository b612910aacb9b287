import { createHmac } from 'node:crypto';
import { encodeBase32 } from '@pinless-gate/protocol/base32';
import { fromBase64 } from '@pinless-gate/protocol/bytes';
import { parseCertificate } from '@pinless-gate/protocol/certificate/certificate';
import type { Language } from '@pinless-gate/protocol/record';
import type { HolderField, Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Change, Origin } from './audit.ts';
import type { Event } from './event.ts';
import type { KeptEvidence } from './evidence.ts';
import type { OfferMethod, OfferSeat } from './offer.ts';
import type { KeptPayment } from './payment.ts';
import type { Scope } from './permission.ts';
import type { PurchaseRow } from './purchase.ts';
import { RefusedError } from './refusal.ts';
import type { NewVisitorToken } from './visitor-token.ts';

/**
 * `open`: seats are held, no card was there yet. `pending`: linked, not paid. The two at the end hold no seat:
 * `expired` never had a card, `cancelled` was not paid.
 */
export const APPLICATION_STATES = ['open', 'pending', 'paid', 'expired', 'cancelled'] as const;
export type ApplicationState = (typeof APPLICATION_STATES)[number];

export interface ApplicationSeat extends OfferSeat {
  readonly offerId: string;
  readonly category: string;
}

/** What somebody wants to buy. Unix milliseconds. */
export interface Application {
  readonly id: string;
  /** Of the purchase that it becomes. */
  readonly purchaseId: string;
  readonly eventId: string;
  readonly vendorId: string;
  readonly state: ApplicationState;
  readonly language: Language;
  readonly method: OfferMethod;
  readonly kazashi: boolean;
  readonly totalYen: number;
  readonly payWithinHours: number;
  readonly seats: readonly ApplicationSeat[];
  readonly createdAt: number;
  /** Until when it holds its seats, while it is open or pending. */
  readonly expiresAt: number;
  readonly linkedAt?: number | undefined;
  readonly dueAt?: number | undefined;
  readonly paidAt?: number | undefined;
  readonly slip?: string | undefined;
  readonly evidenceId?: string | undefined;
  /** Hash of the request that linked it: the same statement again is answered again. */
  readonly stated?: Uint8Array | undefined;
}

export interface TicketPick {
  readonly offerId: string;
  readonly count: number;
}

export interface NewApplication {
  readonly id: string;
  readonly purchaseId: string;
  readonly eventId: string;
  readonly language: Language;
  readonly picks: readonly TicketPick[];
  readonly expiresAt: number;
  readonly token: Omit<NewVisitorToken, 'vendorId'>;
}

export interface Link {
  readonly application: Application;
  readonly cardMark: Uint8Array;
  readonly stated: Uint8Array;
  readonly state: 'pending' | 'paid';
  readonly slip: string | undefined;
  readonly dueAt: number;
  readonly expiresAt: number;
  readonly evidence: KeptEvidence;
  readonly row: PurchaseRow;
  readonly usedCode: Uint8Array;
  readonly checkToken: NewVisitorToken;
  readonly notes: readonly Change[];
}

export type LinkOutcome = 'linked' | 'not-open' | 'over-limit' | 'sale-over' | 'slip-taken';

/** A change of an application and of its purchase, together or not at all. */
export interface Move {
  readonly application: Application;
  readonly state: 'paid' | 'cancelled' | 'expired';
  readonly purchase?: { readonly row: PurchaseRow; readonly expect: number } | undefined;
  /** What it was paid with. */
  readonly payment?: KeptPayment | undefined;
  readonly notes: readonly Change[];
}

/** `again`: application, purchase or payment changed meanwhile; look again. */
export type MoveOutcome = 'moved' | 'again';

export interface ApplicationStore {
  /** Holds seats, or throws `ERR_OFFER_…`. What of the event has expired without a card gives its seats back first. */
  hold(event: Event, wanted: NewApplication, now: number): Promise<Application>;
  find(scope: Scope, id: string): Promise<Application | undefined>;
  ofPurchase(eventId: string, purchaseId: string): Promise<Application | undefined>;
  ofSlip(vendorId: string, slip: string): Promise<Application | undefined>;
  list(event: Event, limit: number): Promise<Application[]>;
  link(event: Event, link: Link, origin: Origin): Promise<LinkOutcome>;
  move(event: Event, move: Move, origin: Origin): Promise<MoveOutcome>;
  /** Those that hold seats for longer than they may. */
  overdue(now: number, limit: number): Promise<Application[]>;
  /** When the next one will. */
  nextExpiry(): Promise<number | undefined>;
}

/** From the application to the card. */
export const HOLD_MS = 20 * 60_000;
/** What was paid in time may be told of later. */
export const GRACE_MS = 6 * 3_600_000;
export const MAX_TICKETS = 20;
const MAX_PICKS = 20;

/** Of 80 random bits: nobody guesses another one. */
export const newPurchaseId = (random: (length: number) => Uint8Array) =>
  `W${encodeBase32(random(10))}`;

export function checkPicks(picks: readonly TicketPick[]): readonly TicketPick[] {
  const wanted = picks.filter(({ count }) => count !== 0);
  const whole = wanted.every(({ count }) => Number.isInteger(count) && count > 0);
  const total = wanted.reduce((sum, { count }) => sum + count, 0);
  const different = new Set(wanted.map(({ offerId }) => offerId)).size === wanted.length;
  if (whole && different && total > 0 && total <= MAX_TICKETS && wanted.length <= MAX_PICKS)
    return wanted;
  throw new RefusedError('invalid', 'ERR_APPLICATION_PICKS', `choose 1 to ${MAX_TICKETS} tickets`);
}

/** The purchase that an application becomes once a card stated it. */
export function purchaseOf(
  { purchaseId, language, seats }: Application,
  { holder, evidenceId, method, at, status }: LinkedPurchase,
): Purchase {
  return {
    purchaseId,
    status,
    holder,
    enrolment: { evidenceId, method, at: new Date(at).toISOString() },
    language,
    tickets: seats.map(({ gate, block, row, number, category }, i) => ({
      ticketNo: `${purchaseId}-${i + 1}`,
      seat: { gate, ...(block && { block }), ...(row && { row }), ...(number && { number }) },
      category,
    })),
  };
}

interface LinkedPurchase {
  readonly holder: HolderField;
  readonly evidenceId: string;
  readonly method: string;
  readonly at: number;
  readonly status: 'pending' | 'paid';
}

/** Serial number in hex, lower case, without zeros in front. */
export function serialOf(holder: HolderField): string {
  const octets =
    'serial' in holder
      ? Buffer.from(
          holder.serial.padStart(holder.serial.length + (holder.serial.length % 2), '0'),
          'hex',
        )
      : Buffer.from(parseCertificate(fromBase64(holder.certificate)).serial);
  return octets.toString('hex').replace(/^(?:00)+(?=..)/, '');
}

/** By which an event knows a card again, without its number: hashed under the event's own key. */
export function cardMark(holder: HolderField, hashKey: Uint8Array): Uint8Array {
  const text = `card ${serialOf(holder)}`;
  return new Uint8Array(createHmac('sha256', hashKey).update(text).digest());
}

export const unknownApplication = () =>
  new RefusedError('unknown', 'ERR_APPLICATION_UNKNOWN', 'there is no such application');

export const applicationOver = () =>
  new RefusedError(
    'conflict',
    'ERR_APPLICATION_STATE',
    'the application has a card already, or is over',
  );
