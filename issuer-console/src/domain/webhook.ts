import type { Origin } from './audit.ts';
import { type Actor, may, type Permission, type Scope } from './permission.ts';
import { type Edit, RefusedError } from './refusal.ts';
import type { Attempt, Delivery, MessageKind } from './webhook-message.ts';

/** What a vendor may be told of, and what it takes to see the same here: actions of the audit log. */
export const WEBHOOK_TYPES = {
  'event.added': 'event.read',
  'event.changed': 'event.read',
  'event.archived': 'event.read',
  'event.restored': 'event.read',
  'import.begun': 'purchase.read',
  'import.finished': 'purchase.read',
  'feed.exported': 'purchase.read',
  'purchase.applied': 'purchase.read',
  'purchase.paid': 'purchase.read',
  'purchase.cancelled': 'purchase.read',
  'application.expired': 'purchase.read',
  'payment.received': 'payment.read',
  'payment.settled': 'payment.read',
  'companion.invited': 'purchase.read',
  'companion.linked': 'purchase.read',
  'companion.unlinked': 'purchase.read',
  'ticket.offered': 'purchase.read',
  'ticket.transferred': 'purchase.read',
  'ticket.released': 'purchase.read',
  'ticket.resold': 'purchase.read',
  'list.requested': 'list.read',
  'list.approved': 'list.read',
  'list.published': 'list.read',
  'list.failed': 'list.read',
  'list.withdrawn': 'list.read',
  'list.at-gates': 'list.read',
} as const satisfies Readonly<Record<string, Permission>>;

export type WebhookType = keyof typeof WEBHOOK_TYPES;

/** Where a vendor's programs are told what happened. Unix milliseconds. */
export interface Webhook {
  readonly id: string;
  readonly vendorId: string;
  readonly url: string;
  readonly types: readonly WebhookType[];
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly revision: number;
  /** Until when the secret before signs too. */
  readonly previousUntil: number | undefined;
  readonly deliveredAt: number | undefined;
  /** Of the message that waits now. */
  readonly attempts: number;
  readonly failedSince: number | undefined;
  readonly nextAttemptAt: number;
  /** Given up, until somebody resumes. */
  readonly failingSince: number | undefined;
}

export interface NewWebhook
  extends Pick<Webhook, 'id' | 'vendorId' | 'url' | 'types' | 'createdAt'> {
  /** Sealed. */
  readonly secret: Uint8Array;
}

export interface WebhookEdit {
  readonly id: string;
  /** The one that was seen. */
  readonly revision: number;
  readonly url?: string | undefined;
  readonly types?: readonly WebhookType[] | undefined;
  readonly enabled?: boolean | undefined;
}

/** Entries from `from` on, up to and with `until`: numbers of the audit log. */
export interface ReplayRange {
  readonly from: number;
  readonly until: number;
}

export interface WebhookStore {
  list(scope: Scope): Promise<Webhook[]>;
  find(scope: Scope, id: string): Promise<Webhook | undefined>;
  /** False where the vendor has as many as it may. */
  add(webhook: NewWebhook, most: number, origin: Origin): Promise<boolean>;
  edit(scope: Scope, edit: WebhookEdit, origin: Origin): Promise<Edit>;
  remove(scope: Scope, id: string, origin: Origin): Promise<boolean>;
  /** The secret until now signs too until then; the one before that no more. */
  rotate(webhook: Webhook, secret: Uint8Array, until: number, origin: Origin): Promise<void>;
  /** What waits is tried again at once; with `skip`, what comes after it. */
  resume(webhook: Webhook, skip: boolean, origin: Origin): Promise<void>;
  /** The newest first, older than `before`. */
  deliveries(
    webhook: Webhook,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<Delivery[]>;
  /** Undefined where it was never tried here, or too long ago. */
  sequenceOf(webhook: Webhook, messageId: string): Promise<number | undefined>;
  /** Of the vendor's entries within these times; undefined where there is none. */
  entriesBetween(webhook: Webhook, from: number, until: number): Promise<ReplayRange | undefined>;
  /** False where as many replays wait as may. */
  replay(webhook: Webhook, range: ReplayRange, most: number, origin: Origin): Promise<boolean>;
  /** Sealed: the one that signs, then the one before as long as it does too. */
  secrets(webhook: Webhook, now: number): Promise<Uint8Array[]>;
  /** An attempt that nothing follows from. */
  noteTest(webhook: Webhook, attempt: Attempt, messageId: string, origin: Origin): Promise<void>;
  /** Of all vendors: which were given up, and since when. */
  failing(): Promise<FailingWebhook[]>;
}

export interface FailingWebhook {
  readonly vendor: string;
  readonly host: string;
  readonly since: number;
}

/** The next message of a webhook that this process holds. */
export interface Waiting {
  readonly kind: Exclude<MessageKind, 'test'>;
  readonly sequence: number;
  /** Of the replay, where it is one. */
  readonly replay: number | undefined;
  readonly raw: Uint8Array;
}

/** What becomes of a webhook after an attempt that failed. */
export type Setback = { readonly again: number } | { readonly giveUp: true };

/** What delivers: one process at a time holds a webhook, for as long as its lease lasts. */
export interface WebhookQueue {
  /** Ids of those that have something to deliver now and that nobody holds. */
  due(now: number): Promise<string[]>;
  /** Undefined where somebody else was first. */
  claim(id: string, lease: Lease): Promise<Webhook | undefined>;
  /** What it wants next, in order: what is new first, then replays. Undefined where there is nothing now. */
  next(webhook: Webhook): Promise<Waiting | undefined>;
  /** Goes on behind it. False where the lease was lost. */
  delivered(webhook: Webhook, waiting: Waiting, attempt: Attempt, lease: Lease): Promise<boolean>;
  /** It waits, or nothing more is tried; lets go of the webhook. */
  failed(
    webhook: Webhook,
    waiting: Waiting,
    attempt: Attempt,
    setback: Setback,
    lease: Lease,
  ): Promise<void>;
  release(webhook: Webhook, lease: Lease): Promise<void>;
  /** Deliveries that are older. */
  forget(before: number): Promise<void>;
  /** The database has one opener: whoever held a lease is gone. */
  releaseAll(): Promise<void>;
}

export interface Lease {
  /** Of the process: 32 hex digits. */
  readonly holder: string;
  readonly now: number;
  readonly until: number;
}

/** Of whoever asks: what they could not see here they are not told elsewhere either. */
export function typesFor(actor: Actor): WebhookType[] {
  const all = Object.keys(WEBHOOK_TYPES) as WebhookType[];
  return all.filter((type) => may(actor, WEBHOOK_TYPES[type]));
}

export function parseTypes(
  types: readonly string[],
  allowed: readonly WebhookType[],
): WebhookType[] {
  const known = allowed.filter((type) => types.includes(type));
  if (known.length > 0 && known.length === new Set(types).size) return known;
  throw new RefusedError(
    'invalid',
    'ERR_WEBHOOK_TYPES',
    'one type at least, and only types that you may see yourself',
  );
}

export async function requireWebhook(
  webhooks: WebhookStore,
  scope: Scope,
  id: string,
): Promise<Webhook> {
  const found = await webhooks.find(scope, id);
  if (found) return found;
  throw unknownWebhook();
}

export const unknownWebhook = () =>
  new RefusedError('unknown', 'ERR_WEBHOOK_UNKNOWN', 'there is no such webhook');
