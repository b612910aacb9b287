import { parseCardStatement } from '@pinless-gate/protocol/card-statement';
import type { HolderField, Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { serialOf } from './application.ts';
import { type Asker, forVisitor } from './asker.ts';
import { type Event, type EventStore, requireEvent } from './event.ts';
import { type PurchaseStore, unknownPurchase } from './purchase.ts';
import type { PurchaseBook } from './purchase-book.ts';
import type { RefusedError } from './refusal.ts';
import type { SerialLink } from './serial-link.ts';
import type { Answer, Shown, Stated, VisitorHandler } from './visitor-desk.ts';
import {
  formatVisitorCode,
  hashVisitorSecret,
  VISITOR_SECRET_LENGTH,
  type VisitorTokenStore,
} from './visitor-token.ts';

/** Whether a card will open the gate, and if not, why: to whoever has the code of the purchase. */
export const CARD_ANSWERS = [
  'linked',
  'renewed-card',
  'wrong-card',
  'revoked',
  'cancelled',
  'not-paid',
  'not-listed',
] as const;
export type CardAnswer = (typeof CARD_ANSWERS)[number];

/** Without a card: how far the purchase is. */
export const PURCHASE_ANSWERS = ['listed', 'not-listed', 'not-paid', 'cancelled'] as const;
export type PurchaseAnswer = (typeof PURCHASE_ANSWERS)[number];

export interface CardCheckDeps {
  readonly events: EventStore;
  readonly purchases: PurchaseStore;
  readonly book: PurchaseBook;
  readonly tokens: VisitorTokenStore;
  /** Undefined where J-LIS cannot be asked: a renewed card is a wrong one then. */
  readonly serialLink: SerialLink | undefined;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

/** "Will my card open the gate?": asked with a card that is only read, or that signs. */
export class CardCheck implements VisitorHandler {
  readonly #deps: CardCheckDeps;

  constructor(deps: CardCheckDeps) {
    this.#deps = deps;
  }

  /** Another code for a purchase that is there, for vendors who tell their buyers themselves. */
  async give(asker: Asker, eventId: string, purchaseId: string): Promise<string> {
    const { events, purchases, tokens, now, random } = this.#deps;
    const event = await requireEvent(events, asker.scope, eventId);
    const found = await purchases.find(asker.scope, eventId, purchaseId);
    if (!found) throw unknownPurchase();
    const secret = random(VISITOR_SECRET_LENGTH);
    const token = {
      hash: hashVisitorSecret(secret),
      purpose: 'check' as const,
      ...{ eventId, vendorId: event.vendorId, subject: purchaseId },
      issuedAt: now(),
      expiresAt: event.admission.until,
      usesLeft: 1,
    };
    await tokens.give(token, { by: asker.by, at: now() });
    return formatVisitorCode(secret);
  }

  async asking(shown: Shown) {
    const { event, purchase } = await this.#of(shown);
    const question =
      purchase.language === 'ja' || purchase.language === undefined
        ? 'このカードで入場できるかを確かめます。暗証番号はいりません。'
        : 'Whether this card will open the gate. No PIN is needed.';
    return {
      methods: ['read', 'authentication'] as const,
      kazashi: false,
      lines: [event.name.slice(0, 100), question],
    };
  }

  async take(stated: Stated): Promise<Answer> {
    const of = await this.#of(stated);
    const presented = serialOf(stated.proven.holder);
    const card = await this.#card(of, presented);
    if (card !== 'linked') return { state: card };
    const standing = await this.standing(stated);
    return { state: standing === 'listed' ? 'linked' : standing };
  }

  /** Of a card that is revoked only its own buyer hears that it is. */
  async refused(
    shown: Shown,
    error: RefusedError,
    statement: unknown,
  ): Promise<Answer | undefined> {
    if (error.code !== 'ERR_STATEMENT_REVOKED') return undefined;
    const { certificate } = parseCardStatement(statement);
    const presented = serialOf({ certificate: Buffer.from(certificate).toString('base64') });
    const { purchase } = await this.#of(shown);
    const isOwn = holdersOf(purchase).some((holder) => serialOf(holder) === presented);
    return { state: isOwn ? 'revoked' : 'wrong-card' };
  }

  async standing({ token }: Shown): Promise<PurchaseAnswer> {
    const { scope } = forVisitor('check');
    const found = await this.#deps.purchases.find(scope, token.eventId, token.subject);
    if (!found || found.state === 'cancelled') return 'cancelled';
    if (found.state === 'pending') return 'not-paid';
    return found.exported ? 'listed' : 'not-listed';
  }

  async #card(
    { event, purchase }: Of,
    presented: string,
  ): Promise<'linked' | 'renewed-card' | 'wrong-card'> {
    const holders = holdersOf(purchase);
    if (holders.some((holder) => serialOf(holder) === presented)) return 'linked';
    for (const holder of holders) {
      const serial = serialOf(holder);
      // A certificate's issuer has no name of ours: events of one issuer are the rule.
      const issuer = 'serial' in holder ? holder.issuer : event.issuers[0]!;
      const now = await this.#deps.serialLink?.link({ serial, issuer });
      if (now?.serial === presented) return 'renewed-card';
    }
    return 'wrong-card';
  }

  eventOf({ token }: Shown): Promise<Event> {
    return requireEvent(this.#deps.events, forVisitor('check').scope, token.eventId);
  }

  async #of({ token }: Shown): Promise<Of> {
    const { events, book } = this.#deps;
    const asker = forVisitor('check');
    const event = await requireEvent(events, asker.scope, token.eventId);
    const { purchase } = await book.open(asker, event, token.subject);
    return { event, purchase };
  }
}

interface Of {
  readonly event: Event;
  readonly purchase: Purchase;
}

function holdersOf({ holder, companions = [] }: Purchase): HolderField[] {
  return [holder, ...companions.map((companion) => companion.holder)];
}
