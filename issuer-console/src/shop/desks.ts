import type { Logger } from '@pinless-gate/runtime/log';
import { CardCheck } from '../domain/card-check.ts';
import type { Seal } from '../domain/credential.ts';
import { evidenceDesk } from '../domain/evidence.ts';
import { offerDesk } from '../domain/offer.ts';
import { paymentSecrets } from '../domain/payment.ts';
import type { PurchaseBook } from '../domain/purchase-book.ts';
import type { SerialLink } from '../domain/serial-link.ts';
import { Shop } from '../domain/shop.ts';
import { Till } from '../domain/till.ts';
import type { Stores } from '../store/stores.ts';
import { Expiry } from './expiry.ts';

export interface ShopDesksDeps {
  readonly stores: Stores;
  readonly book: PurchaseBook;
  readonly seal: Seal | undefined;
  readonly serialLink?: SerialLink | undefined;
  readonly consoleId: () => Promise<string>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export type ShopDesks = ReturnType<typeof shopDesksOf>;

/** What tickets are offered, bought and paid by. */
export function shopDesksOf(deps: ShopDesksDeps) {
  const all = { ...deps, ...deps.stores };
  const till = new Till(all);
  const expiry = new Expiry({ ...all, till });
  const { visitorTokens: tokens } = deps.stores;
  return {
    till,
    expiry,
    shop: new Shop({ ...all, onHeld: () => expiry.wake() }),
    cardCheck: new CardCheck({ ...all, tokens, serialLink: deps.serialLink }),
    offerDesk: offerDesk(all),
    paymentSecrets: paymentSecrets(all),
    evidenceDesk: evidenceDesk(all),
  };
}
