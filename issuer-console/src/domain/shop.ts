import { createHash } from 'node:crypto';
import { equal } from '@pinless-gate/protocol/bytes';
import type { Language } from '@pinless-gate/protocol/record';
import {
  type Application,
  type ApplicationStore,
  applicationOver,
  cardMark,
  checkPicks,
  GRACE_MS,
  HOLD_MS,
  type Link,
  newPurchaseId,
  purchaseOf,
  type TicketPick,
} from './application.ts';
import { forVisitor } from './asker.ts';
import type { Seal } from './credential.ts';
import { type Event, type EventStore, requireEvent } from './event.ts';
import { evidenceOf, keptEvidence } from './evidence.ts';
import { requireSelling, saleOver } from './offer.ts';
import type { PurchaseBook } from './purchase-book.ts';
import { rowKeysOf } from './purchase-row.ts';
import { RefusedError } from './refusal.ts';
import { formatSlipNumber, newSlipNumber } from './slip.ts';
import type { Answer, Shown, Stated, VisitorHandler } from './visitor-desk.ts';
import {
  derivedSecret,
  formatVisitorCode,
  hashVisitorSecret,
  type NewVisitorToken,
  VISITOR_SECRET_LENGTH,
} from './visitor-token.ts';

export interface ShopDeps {
  readonly events: EventStore;
  readonly applications: ApplicationStore;
  readonly book: PurchaseBook;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
  /** Seats are held until a moment that may be earlier than any before. */
  readonly onHeld: () => void;
}

export interface Applied {
  readonly application: Application;
  /** Shown to the buyer, and kept nowhere. */
  readonly code: string;
}

/** Somebody buys tickets with their card: from the choice to the slip. */
export class Shop implements VisitorHandler {
  readonly #deps: ShopDeps;

  constructor(deps: ShopDeps) {
    this.#deps = deps;
  }

  /** Holds seats for as long as it takes to find a card. */
  async apply(eventId: string, picks: readonly TicketPick[], language: Language): Promise<Applied> {
    const { events, applications, now, random, onHeld } = this.#deps;
    const { scope } = forVisitor('application');
    const event = await requireEvent(events, scope, eventId);
    requireSelling(event);
    const at = now();
    const secret = random(VISITOR_SECRET_LENGTH);
    const purchaseId = newPurchaseId(random);
    const wanted = {
      id: Buffer.from(random(16)).toString('hex'),
      purchaseId,
      eventId,
      language,
      picks: checkPicks(picks),
      expiresAt: at + HOLD_MS,
      token: this.#tokenOf(event, { secret, purchaseId, purpose: 'purchase', usesLeft: 1 }),
    };
    const application = await applications.hold(event, wanted, at);
    onHeld();
    return { application, code: formatVisitorCode(secret) };
  }

  /** The application that a code is of. */
  async applied({ token }: Shown): Promise<{ application: Application; event: Event }> {
    const { events, applications } = this.#deps;
    const { scope } = forVisitor('application');
    const event = await requireEvent(events, scope, token.eventId);
    const application = await applications.ofPurchase(token.eventId, token.subject);
    if (!application) throw applicationOver();
    return { application, event };
  }

  async asking(shown: Shown) {
    const { application, event } = await this.applied(shown);
    const { method, kazashi, language, seats, totalYen } = application;
    return { methods: [method], kazashi, lines: linesOf(event, { language, seats, totalYen }) };
  }

  async ready(shown: Shown): Promise<void> {
    const { application, event } = await this.applied(shown);
    const holds = application.state === 'open' && this.#deps.now() < application.expiresAt;
    if (!holds) throw applicationOver();
    requireSelling(event);
  }

  async take(stated: Stated): Promise<Answer> {
    const { application, event } = await this.applied(stated);
    const hash = sha256(stated.request);
    if (application.state !== 'open') {
      // An answer that was lost on its way: the same card said the same.
      if (application.stated && equal(application.stated, hash)) return answerOf(application);
      throw applicationOver();
    }
    for (;;) {
      const link = await this.#linkOf(event, application, stated, hash);
      const origin = { by: forVisitor('application').by, at: this.#deps.now() };
      const outcome = await this.#deps.applications.link(event, link, origin);
      if (outcome === 'linked') this.#deps.onHeld();
      if (outcome === 'linked') return answerOf({ ...application, ...link });
      if (outcome === 'over-limit') throw overLimit();
      if (outcome === 'not-open') throw applicationOver();
      if (outcome === 'sale-over') throw saleOver();
    }
  }

  async #linkOf(
    event: Event,
    application: Application,
    stated: Stated,
    hash: Uint8Array,
  ): Promise<Link> {
    const { book, now, random } = this.#deps;
    const at = now();
    const { holder, method } = stated.proven;
    const keys = await rowKeysOf(this.#deps, event);
    const { purchaseId, totalYen, payWithinHours, seats } = application;
    const { vendorId, id: eventId } = event;
    const about = { purpose: 'purchase', subject: purchaseId } as const;
    const of = { eventId, vendorId, purchaseId, about };
    const evidence = keptEvidence(evidenceOf(stated, at), of, { seal: keys.seal, random });
    const state = totalYen === 0 ? 'paid' : 'pending';
    const how = { holder, evidenceId: evidence.id, method, at, status: state } as const;
    const asker = forVisitor('application');
    const row = await book.row(asker, event, purchaseOf(application, how));
    const dueAt = Math.min(at + payWithinHours * 3_600_000, event.startsAt);
    const secret = derivedSecret(stated.secret, 'check');
    const checks = { secret, purchaseId, purpose: 'check', usesLeft: 1 } as const;
    const facts = { tickets: seats.length, method, yen: totalYen };
    const noted = { subjects: [purchaseId, eventId], vendorId };
    return {
      ...{ application, state, row, dueAt, stated: hash, usedCode: stated.token.hash },
      cardMark: cardMark(holder, keys.hashKey),
      slip: state === 'paid' ? undefined : newSlipNumber(random),
      expiresAt: dueAt + GRACE_MS,
      evidence,
      checkToken: { ...this.#tokenOf(event, checks), vendorId },
      notes: [
        { action: 'purchase.applied', facts, ...noted },
        ...(state === 'paid'
          ? [{ action: 'purchase.paid', facts: { how: 'free' }, ...noted }]
          : []),
      ],
    };
  }

  #tokenOf(event: Event, wanted: WantedToken): NewVisitorToken {
    const { secret, purchaseId, purpose, usesLeft } = wanted;
    return {
      ...{ purpose, usesLeft, eventId: event.id, vendorId: event.vendorId, subject: purchaseId },
      hash: hashVisitorSecret(secret),
      issuedAt: this.#deps.now(),
      expiresAt: event.admission.until,
    };
  }
}

interface WantedToken extends Pick<NewVisitorToken, 'purpose' | 'usesLeft'> {
  readonly secret: Uint8Array;
  readonly purchaseId: string;
}

/** The code of the completion notice: it follows from the application's. */
export function checkCodeOf({ secret }: Shown): string {
  return formatVisitorCode(derivedSecret(secret, 'check'));
}

function answerOf({
  state,
  purchaseId,
  slip,
  totalYen,
}: Pick<Application, 'state' | 'purchaseId' | 'slip' | 'totalYen'>): Answer {
  return {
    state: state === 'open' ? 'pending' : state,
    facts: {
      purchaseId,
      amountYen: totalYen,
      ...(slip !== undefined && { slip: formatSlipNumber(slip) }),
    },
  };
}

/** What the card's holder is shown before the PIN. */
function linesOf(
  { name }: Event,
  { language, seats, totalYen }: Pick<Application, 'language' | 'seats' | 'totalYen'>,
): string[] {
  const counted = new Map<string, number>();
  for (const { category } of seats) counted.set(category, (counted.get(category) ?? 0) + 1);
  const kinds = [...counted].map(([category, count]) => `${category} × ${count}`);
  const [shown, rest] = [kinds.slice(0, 8), kinds.length - 8];
  const yen = totalYen.toLocaleString('en-US');
  const total = language === 'ja' ? `合計 ${yen} 円` : `Total ${yen} yen`;
  return [name.slice(0, 100), ...shown, ...(rest > 0 ? [`+ ${rest}`] : []), total];
}

const sha256 = (octets: Uint8Array) => new Uint8Array(createHash('sha256').update(octets).digest());

const overLimit = () =>
  new RefusedError(
    'conflict',
    'ERR_APPLICATION_LIMIT',
    'one card may not have as many tickets of this offer',
  );
