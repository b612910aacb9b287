import { createHmac } from 'node:crypto';
import type { Purchase, PurchaseTicket } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Change, Origin } from './audit.ts';
import type { Event } from './event.ts';
import type { KeptEvidence } from './evidence.ts';
import type { Scope } from './permission.ts';
import type { PurchaseRow } from './purchase.ts';
import { RefusedError } from './refusal.ts';
import type { NewVisitorToken, VisitorToken } from './visitor-token.ts';

/**
 * How a ticket comes to another card: a companion of the same purchase, somebody whom its holder gives it to, or
 * whoever the vendor sells the seat to after taking it back.
 */
export const HANDOVER_KINDS = ['companion', 'transfer', 'resale'] as const;
export type HandoverKind = (typeof HANDOVER_KINDS)[number];

export const HANDOVER_STATES = ['waiting', 'done', 'withdrawn'] as const;
export type HandoverState = (typeof HANDOVER_STATES)[number];

/** What of a handover changed the list. */
export const HANDOVER_STEPS = ['released', 'bound', 'undone'] as const;
export type HandoverStep = (typeof HANDOVER_STEPS)[number];

/** Unix milliseconds. */
export interface Handover {
  readonly id: string;
  readonly eventId: string;
  readonly vendorId: string;
  /** Whose ticket it is or was. */
  readonly purchaseId: string;
  readonly kind: HandoverKind;
  readonly state: HandoverState;
  readonly tickets: number;
  readonly begunAt: number;
  /** Until when its code is good; undefined where none was given. */
  readonly codeUntil: number | undefined;
  readonly endedAt: number | undefined;
  /** The purchase that it made, where it made one. */
  readonly toPurchaseId: string | undefined;
  /** Of the statement by which a card took it. */
  readonly evidenceId: string | undefined;
  readonly steps: readonly ListStep[];
}

/** One change of the list, and what was asked for so that gates have it. */
export interface ListStep {
  readonly step: HandoverStep;
  /** When it was asked for. */
  readonly askedAt: number;
  /** When the purchase was changed. */
  readonly keptAt: number;
  /** Undefined where lists of the event are not built here. */
  readonly publicationId: string | undefined;
}

/** What stands sealed: tickets have numbers that only their vendor gives out. */
export interface HandoverDetails {
  readonly ticketNos: readonly string[];
  /** Of a seat that was taken back, and is on no card. */
  readonly tickets?: readonly PurchaseTicket[] | undefined;
  readonly language?: Purchase['language'];
  /** The card that it was on was linked for `kazashi`: the next one has to be too. */
  readonly kazashi?: boolean | undefined;
}

export interface NewHandover
  extends Pick<Handover, 'id' | 'eventId' | 'vendorId' | 'purchaseId' | 'kind' | 'tickets'> {
  readonly state: HandoverState;
  /** Of the ticket that was named: of one ticket one handover waits at a time. */
  readonly ticketHash: Uint8Array;
  readonly sealed: Uint8Array;
  readonly codeUntil?: number | undefined;
  readonly toPurchaseId?: string | undefined;
}

/** What becomes of a handover that is as it was when it was looked at. */
export interface HandoverEnd {
  readonly id: string;
  readonly from: HandoverState;
  readonly state: HandoverState;
  readonly toPurchaseId?: string | undefined;
  readonly codeUntil?: number | undefined;
  /** Of the statement that ended it, kept with it. */
  readonly evidence?: KeptEvidence | undefined;
}

/** All of one act: kept whole or not at all. */
export interface Settlement {
  readonly puts: readonly { readonly row: PurchaseRow; readonly expect: number }[];
  readonly add?: NewHandover | undefined;
  readonly end?: HandoverEnd | undefined;
  readonly step?: NewStep | undefined;
  readonly codes?: CodeChange | undefined;
  readonly notes: readonly Change[];
}

export interface NewStep {
  readonly handoverId: string;
  readonly step: HandoverStep;
  readonly askedAt: number;
}

export interface CodeChange {
  /** A code that is good for one act: used up by this one. */
  readonly use?: Uint8Array | undefined;
  /** Every code of this purpose and subject opens nothing any more. */
  readonly withdraw?: CodesOf | undefined;
  readonly add?: NewVisitorToken | undefined;
}

export type CodesOf = Pick<VisitorToken, 'purpose' | 'subject'>;

export const codesOf = ({ id, kind }: Pick<Handover, 'id' | 'kind'>): CodesOf => ({
  purpose: kind === 'companion' ? kind : 'transfer',
  subject: id,
});

export interface SealedHandover extends Handover {
  readonly ticketHash: Uint8Array;
  readonly sealed: Uint8Array;
}

export interface EventStep extends ListStep {
  readonly handoverId: string;
}

export interface HandoverStore {
  find(scope: Scope, id: string): Promise<SealedHandover | undefined>;
  /** The newest first. */
  ofPurchase(event: Event, purchaseId: string): Promise<SealedHandover[]>;
  list(event: Event, limit: number): Promise<Handover[]>;
  /** Throws `ERR_EDIT_CONFLICT` where something is not as it was seen, `ERR_VISITOR_CODE` for a used code. */
  settle(event: Event, settlement: Settlement, origin: Origin): Promise<void>;
  noteRequested(id: string, step: HandoverStep, publicationId: string): Promise<void>;
  /** The newest first. */
  steps(event: Event, limit: number): Promise<EventStep[]>;
}

/** The purchase that a ticket leaves for. */
export const madePurchaseId = (id: string) => `handover-${id}`;

export const boundToHandover = (id: string) => `handover:${id}`;

/** Finds handovers of a ticket without its number. */
export function ticketHash(hashKey: Uint8Array, ticketNo: string): Uint8Array {
  return new Uint8Array(createHmac('sha256', hashKey).update(`ticket\0${ticketNo}`).digest());
}

/** Its code is good no more, and nothing came of it. */
export function hasExpired({ state, codeUntil }: Handover, now: number): boolean {
  return state === 'waiting' && codeUntil !== undefined && now >= codeUntil;
}

export async function requireHandover(
  store: Pick<HandoverStore, 'find'>,
  scope: Scope,
  id: string,
): Promise<SealedHandover> {
  const found = /^[0-9a-f]{32}$/.test(id) ? await store.find(scope, id) : undefined;
  if (found) return found;
  throw unknownHandover();
}

export const unknownHandover = () =>
  new RefusedError('unknown', 'ERR_HANDOVER_UNKNOWN', 'there is no such handover');

export const waitsAlready = () =>
  new RefusedError('conflict', 'ERR_HANDOVER_WAITING', 'this ticket waits for a card already');
