import type { Application, ApplicationState } from './application.ts';
import type { CardCheck, PurchaseAnswer } from './card-check.ts';
import type { Event } from './event.ts';
import { checkCodeOf, type Shop } from './shop.ts';
import type { VisitorDesk } from './visitor-desk.ts';

/** What a buyer who shows the code of an application is told. */
export interface BuyerStanding {
  readonly application: Application;
  readonly event: Event;
  /** Of the application, or of the purchase where somebody changed that otherwise. */
  readonly state: ApplicationState;
  /** Once it is paid: whether it is handed to the list yet. */
  readonly listed: boolean;
  /** Of the notice: for "will my card open the gate?". */
  readonly checkCode: string | undefined;
}

export interface CheckStanding {
  readonly event: Event;
  readonly purchaseId: string;
  readonly purchase: PurchaseAnswer;
  /** What became of the last card that was shown, if any. */
  readonly card: { readonly word: string; readonly at: number } | undefined;
}

export interface BuyerDeps {
  readonly visitors: VisitorDesk;
  readonly shop: Shop;
  readonly cardCheck: CardCheck;
}

/** By the code of an application. Throws `ERR_VISITOR_CODE` for every other text alike. */
export async function buyerStanding(
  { visitors, shop, cardCheck }: BuyerDeps,
  code: string,
): Promise<BuyerStanding> {
  const shown = await visitors.show(code, 'purchase');
  const { application, event } = await shop.applied(shown);
  const isLinked = application.state === 'pending' || application.state === 'paid';
  if (!isLinked) {
    // Of an archived event no card is asked for any more.
    const over = application.state === 'open' && event.archivedAt !== undefined;
    const state = over ? 'expired' : application.state;
    return { application, event, state, listed: false, checkCode: undefined };
  }
  const purchase = await cardCheck.standing(shown);
  return {
    ...{ application, event },
    state: purchase === 'cancelled' ? 'cancelled' : application.state,
    listed: purchase === 'listed',
    checkCode: checkCodeOf(shown),
  };
}

/** By the code of a completion notice. */
export async function checkStanding(
  { visitors, cardCheck }: Pick<BuyerDeps, 'visitors' | 'cardCheck'>,
  code: string,
): Promise<CheckStanding> {
  const shown = await visitors.show(code, 'check');
  const [event, purchase] = await Promise.all([
    cardCheck.eventOf(shown),
    cardCheck.standing(shown),
  ]);
  return { event, purchase, purchaseId: shown.token.subject, card: shown.token.answer };
}
