import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import type { Seal } from './credential.ts';
import type { Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';
import { parseTitle, requireVendor, type VendorStore } from './vendor.ts';

/** What is sold for: of event.toml what rows of a feed are checked against. Unix milliseconds. */
export interface Event {
  /** As in event.toml: 32 hex digits. */
  readonly id: string;
  readonly vendorId: string;
  readonly name: string;
  readonly startsAt: number;
  readonly admission: { readonly from: number; readonly until: number };
  readonly gates: readonly string[];
  /** Names of the issuers of cards. */
  readonly issuers: readonly string[];
  readonly createdAt: number;
  readonly revision: number;
  /** Nothing is taken in or sold any more, and its tickets stay on their cards. */
  readonly archivedAt: number | undefined;
}

/** What a vendor says of an event. */
export type WantedEvent = Omit<Event, 'createdAt' | 'revision' | 'archivedAt'>;

export interface NewEvent extends WantedEvent {
  /** Sealed: what the event's rows are hashed with. */
  readonly hashKey: Uint8Array;
}

/** Of its purchases. */
export interface EventCounts {
  readonly paid: number;
  readonly pending: number;
  readonly cancelled: number;
  /** Changed since the feed was last exported. */
  readonly waiting: number;
}

export interface EventStore {
  list(scope: Scope): Promise<Event[]>;
  find(scope: Scope, id: string): Promise<Event | undefined>;
  counts(event: Event): Promise<EventCounts>;
  /** Undefined where there is none of this id. */
  hashKey(event: Event): Promise<Uint8Array | undefined>;
  /** False where the id is taken. */
  add(event: NewEvent, origin: Origin): Promise<boolean>;
}

const MAX_NAMES = 200;
const MAX_NAME_LENGTH = 32;
const HASH_KEY_LENGTH = 32;

export interface EventsDeps {
  readonly events: EventStore;
  readonly vendors: VendorStore;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface EventDesk {
  add(asker: Asker, wanted: WantedEvent): Promise<void>;
}

export function eventDesk({ events, vendors, seal, now, random }: EventsDeps): EventDesk {
  return {
    add: async (asker, wanted) => {
      if (!seal) throw noSeal();
      await requireVendor(vendors, asker.scope, wanted.vendorId);
      const { id } = wanted;
      if (!/^[0-9a-f]{32}$/.test(id)) throw malformed('id: 32 hex digits');
      const event = {
        ...wanted,
        ...parseTerms(wanted),
        hashKey: seal.seal(random(HASH_KEY_LENGTH), boundToEvent(id)),
      };
      if (await events.add(event, { by: asker.by, at: now() })) return;
      throw new RefusedError('conflict', 'ERR_EVENT_EXISTS', 'there is an event of this id');
    },
  };
}

export const boundToEvent = (eventId: string) => `event:${eventId}:hash-key`;

/** What may be changed afterwards. */
export type EventTerms = Pick<Event, 'name' | 'startsAt' | 'admission' | 'gates' | 'issuers'>;

export function parseTerms({ name, startsAt, admission, gates, issuers }: EventTerms): EventTerms {
  if (!(admission.from < admission.until)) throw malformed('admission: from is before until');
  if (!Number.isFinite(startsAt)) throw malformed('startsAt: a date and time');
  return {
    name: parseTitle(name),
    startsAt,
    admission,
    gates: parseNames('gates', gates),
    issuers: parseNames('issuers', issuers),
  };
}

function parseNames(what: string, names: readonly string[]): string[] {
  const known = names.map((name) => name.trim()).filter((name) => name !== '');
  const wrong = known.some((name) => [...name].length > MAX_NAME_LENGTH || /\p{C}/u.test(name));
  if (known.length > 0 && known.length <= MAX_NAMES && !wrong) return [...new Set(known)];
  throw malformed(`${what}: 1 to ${MAX_NAMES} names of ${MAX_NAME_LENGTH} characters at most`);
}

export async function requireEvent(events: EventStore, scope: Scope, id: string): Promise<Event> {
  const event = /^[0-9a-f]{32}$/.test(id) ? await events.find(scope, id) : undefined;
  if (event) return event;
  throw unknownEvent();
}

/** Of an event that is archived nothing more is taken in. */
export function requireCurrent({ archivedAt }: Event): void {
  if (archivedAt !== undefined) throw eventArchived();
}

export const eventArchived = () =>
  new RefusedError('conflict', 'ERR_EVENT_ARCHIVED', 'the event is archived');

export const unknownEvent = () =>
  new RefusedError('unknown', 'ERR_EVENT_UNKNOWN', 'there is no such event');

const malformed = (what: string) => new RefusedError('invalid', 'ERR_EVENT_FORM', what);

export const noSeal = () =>
  new RefusedError(
    'invalid',
    'ERR_IMPORT_SEAL',
    'purchases are kept sealed, and [accounts] seal_key_file names no key',
  );
