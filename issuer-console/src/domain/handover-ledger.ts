import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import type { Asker } from './asker.ts';
import type { Change } from './audit.ts';
import type { Seal } from './credential.ts';
import { type Event, type EventStore, noSeal } from './event.ts';
import { type Evidence, type KeptEvidence, keptEvidence } from './evidence.ts';
import {
  boundToHandover,
  type CodesOf,
  codesOf,
  type Handover,
  type HandoverDetails,
  type HandoverKind,
  type HandoverStep,
  type HandoverStore,
  hasExpired,
  madePurchaseId,
  type NewHandover,
  requireHandover,
  type SealedHandover,
  type Settlement,
  ticketHash,
} from './handover.ts';
import type { OpenedPurchase, PurchaseBook } from './purchase-book.ts';
import { rowKeysOf } from './purchase-row.ts';
import { editedMeanwhile, RefusedError } from './refusal.ts';
import {
  formatVisitorCode,
  hashVisitorSecret,
  type NewVisitorToken,
  VISITOR_SECRET_LENGTH,
} from './visitor-token.ts';

/** Lists that are built and published here: as `PublicationDesk` has it. */
export interface ListRequests {
  has(eventId: string): boolean;
  request(asker: Asker, event: Event, why: 'resale'): Promise<string>;
}

/** Tickets that went in, as gates told. */
export interface TicketEntries {
  /** Those of these that are inside or were, between these times. Unix milliseconds. */
  entered(ticketNos: readonly string[], between: Between): Promise<ReadonlySet<string>>;
}

export interface Between {
  readonly from: number;
  readonly until: number;
}

export interface HandoverDeps {
  readonly events: EventStore;
  readonly book: PurchaseBook;
  readonly handovers: HandoverStore;
  readonly ticketEntries: TicketEntries;
  readonly lists: ListRequests;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

/** Who asks, and when the click came. */
export interface Act {
  readonly asker: Asker;
  readonly event: Event;
  readonly askedAt: number;
  /** The change of the purchase that was seen: a later one is a conflict. */
  readonly expect?: number | undefined;
}

/** A handover as its act left it. */
export interface Given {
  readonly handover: Handover;
  /** Shown once: of it a hash is kept. */
  readonly code: string | undefined;
}

/** One with a code, always. */
export interface Coded extends Given {
  readonly code: string;
}

export interface Code {
  readonly text: string;
  readonly token: NewVisitorToken;
}

/** A change of the list by a handover. */
export interface ListChange {
  readonly handoverId: string;
  readonly step: HandoverStep;
  readonly settlement: Omit<Settlement, 'step'>;
}

const DAY_MS = 86_400_000;
const MAX_ACTS = 1_000_000;
const HOUR_MS = 3_600_000;
const MAX_CODE_HOURS = 60 * 24;
/** Somebody else was quicker this often, and it is tried again with what they left. */
const TRIES = 3;

/** What every act with handovers is made of: purchase, handover, code and list request belong together. */
export class HandoverLedger {
  readonly #deps: HandoverDeps;

  constructor(deps: HandoverDeps) {
    this.#deps = deps;
  }

  get now(): number {
    return this.#deps.now();
  }

  /** Throws `ERR_EDIT_CONFLICT` where it is not as it was seen, `ERR_HANDOVER_STATE` where it is none of these. */
  async purchase(
    { asker, event, expect }: Act,
    purchaseId: string,
    states: readonly Purchase['status'][],
  ): Promise<OpenedPurchase> {
    const opened = await this.#deps.book.open(asker, event, purchaseId);
    if (expect !== undefined && expect !== opened.changeNo) throw editedMeanwhile();
    if (states.includes(opened.purchase.status)) return opened;
    throw notNow(`the purchase is ${opened.purchase.status}`);
  }

  /** As the store puts it, held to what was opened. */
  async put({ asker, event }: Act, purchase: Purchase, expect: number) {
    return { row: await this.#deps.book.row(asker, event, purchase), expect };
  }

  /** Throws `ERR_TICKET_ENTERED` where a gate has told of one: what was used is not passed on. */
  async requireOutside(event: Event, ticketNos: readonly string[]): Promise<void> {
    if ((await this.entered(event, ticketNos)).size > 0) throw enteredAlready();
  }

  entered(event: Event, ticketNos: readonly string[]): Promise<ReadonlySet<string>> {
    const { from, until } = event.admission;
    const around = { from: from - DAY_MS, until: until + DAY_MS };
    return this.#deps.ticketEntries.entered(ticketNos, around);
  }

  async create(
    event: Event,
    of: { readonly purchaseId: string; readonly kind: HandoverKind; readonly ticketNo: string },
    details: HandoverDetails,
  ): Promise<NewHandover> {
    const { seal, hashKey } = await rowKeysOf(this.#deps, event);
    const { purchaseId, kind, ticketNo } = of;
    const id = Buffer.from(this.#deps.random(16)).toString('hex');
    return {
      id,
      eventId: event.id,
      vendorId: event.vendorId,
      purchaseId,
      kind,
      state: 'waiting',
      tickets: details.ticketNos.length,
      ticketHash: ticketHash(hashKey, ticketNo),
      sealed: seal.seal(Buffer.from(JSON.stringify(details)), boundToHandover(id)),
    };
  }

  /** Of the statement by which a card takes it, for auditors to verify later. */
  async evidence(event: Event, of: SealedHandover, stated: Evidence): Promise<KeptEvidence> {
    const { seal } = await rowKeysOf(this.#deps, event);
    const { id, kind, eventId, vendorId } = of;
    const purchaseId = kind === 'companion' ? of.purchaseId : madePurchaseId(id);
    const place = { eventId, vendorId, purchaseId, about: codesOf(of) };
    return keptEvidence(stated, place, { seal, random: this.#deps.random });
  }

  detailsOf({ id, sealed }: Pick<SealedHandover, 'id' | 'sealed'>): HandoverDetails {
    const { seal } = this.#deps;
    const opened = seal?.open(sealed, boundToHandover(id));
    if (!opened) throw noSeal();
    return JSON.parse(Buffer.from(opened).toString('utf8')) as HandoverDetails;
  }

  find({ asker }: Pick<Act, 'asker'>, id: string): Promise<SealedHandover> {
    return requireHandover(this.#deps.handovers, asker.scope, id);
  }

  /** One of this event that waits for its card; with a code, one whose code is good. */
  async waiting(act: Act, id: string, by: 'code' | 'vendor' = 'vendor'): Promise<SealedHandover> {
    const found = await this.find(act, id);
    if (found.eventId !== act.event.id || found.state !== 'waiting') throw notNow('it is over');
    if (by === 'code' && hasExpired(found, this.now)) throw notNow('its code has expired');
    return found;
  }

  code(event: Event, of: CodesOf, hours: number): Code {
    if (!(hours > 0 && hours <= MAX_CODE_HOURS)) throw tooLong();
    const secret = this.#deps.random(VISITOR_SECRET_LENGTH);
    const issuedAt = this.now;
    const token = {
      ...of,
      hash: hashVisitorSecret(secret),
      eventId: event.id,
      vendorId: event.vendorId,
      issuedAt,
      expiresAt: Math.min(issuedAt + hours * HOUR_MS, event.admission.until),
      // A party's code is good for as many acts as its holder likes.
      usesLeft: of.purpose === 'party' ? MAX_ACTS : 1,
    };
    return { text: formatVisitorCode(secret), token };
  }

  note(action: string, { id, eventId, purchaseId, kind, tickets }: NotedHandover): Change {
    return { action, subjects: [purchaseId, eventId, id], facts: { kind, tickets } };
  }

  settle({ asker, event }: Act, settlement: Settlement): Promise<void> {
    return this.#deps.handovers.settle(event, settlement, { by: asker.by, at: this.now });
  }

  /** Changes purchases, then asks for a list that says so, where lists are built here. */
  async change(act: Act, { handoverId, step, settlement }: ListChange): Promise<Handover> {
    const { handovers, lists } = this.#deps;
    const { asker, event, askedAt } = act;
    await this.settle(act, { ...settlement, step: { handoverId, step, askedAt } });
    if (lists.has(event.id)) {
      const publicationId = await lists.request(asker, event, 'resale');
      await handovers.noteRequested(handoverId, step, publicationId);
    }
    return this.find(act, handoverId);
  }

  /** Again where somebody else was quicker, unless the asker saw what there was before. */
  async trying<T>({ expect }: Act, work: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await work();
      } catch (error) {
        const conflict = error instanceof RefusedError && error.code === 'ERR_EDIT_CONFLICT';
        if (!conflict || expect !== undefined || tried === TRIES) throw error;
      }
    }
  }
}

type NotedHandover = Pick<Handover, 'id' | 'eventId' | 'purchaseId' | 'kind' | 'tickets'>;

export const notNow = (why: string) => new RefusedError('conflict', 'ERR_HANDOVER_STATE', why);

const enteredAlready = () =>
  new RefusedError(
    'conflict',
    'ERR_TICKET_ENTERED',
    'a gate has told that this ticket, or one that goes with it, went in',
  );

const tooLong = () =>
  new RefusedError(
    'invalid',
    'ERR_HANDOVER_FORM',
    `hours: more than none and at most ${MAX_CODE_HOURS}`,
  );
