import type { ApplicationState } from '../domain/application.ts';
import type { CardAnswer, PurchaseAnswer } from '../domain/card-check.ts';
import type { CashWay, PaymentOutcome, Settlement } from '../domain/payment.ts';

/** The words of whoever buys with a card, and of whoever sells so. */
export interface ShopMessages {
  readonly yen: (amount: string) => string;
  readonly apply: {
    readonly title: string;
    readonly none: string;
    readonly over: string;
    readonly soldOut: string;
    readonly left: (n: string) => string;
    readonly perCard: (n: string) => string;
    readonly count: (category: string) => string;
    readonly send: string;
    readonly cardFirst: string;
    readonly haveCode: string;
    readonly code: string;
    readonly codeHint: string;
    readonly show: string;
    readonly notTaken: string;
  };
  readonly standing: {
    readonly title: string;
    readonly states: Readonly<Record<ApplicationState, string>>;
    readonly what: Readonly<Record<ApplicationState, string>>;
    readonly codeShown: string;
    readonly codeWhat: string;
    readonly present: string;
    readonly presentWhat: string;
    readonly presentOwn: string;
    readonly until: (moment: string) => string;
    readonly reload: string;
    readonly live: string;
    readonly tickets: string;
    readonly total: string;
    readonly purchaseId: string;
    readonly seat: (seat: SeatWords) => string;
    readonly again: string;
  };
  readonly slip: {
    readonly title: string;
    readonly open: string;
    readonly number: string;
    readonly amount: string;
    readonly due: string;
    readonly event: string;
    readonly how: string;
    readonly sandbox: string;
    readonly stamp: string;
    readonly print: string;
    readonly barcode: string;
  };
  readonly notice: {
    readonly title: string;
    readonly bring: string;
    readonly bringWhat: string;
    readonly starts: (date: string) => string;
    readonly admission: (from: string, until: string) => string;
    readonly listed: string;
    readonly notListed: string;
    readonly checkCode: string;
    readonly checkWhat: string;
  };
  readonly check: {
    readonly title: string;
    readonly what: string;
    readonly send: string;
    readonly purchase: Readonly<Record<PurchaseAnswer, string>>;
    readonly cards: Readonly<Record<CardAnswer, string>>;
    readonly next: Readonly<Record<CardAnswer, string>>;
    readonly noCard: string;
    readonly lastCard: (moment: string) => string;
  };
  readonly selling: {
    readonly offers: string;
    readonly noOffers: string;
    readonly add: string;
    readonly category: string;
    readonly price: string;
    readonly perCard: string;
    readonly method: string;
    readonly methods: Readonly<Record<'signature' | 'authentication', string>>;
    readonly kazashi: string;
    readonly from: string;
    readonly until: string;
    readonly timeHint: string;
    readonly payWithin: string;
    readonly seats: string;
    readonly seatsHint: string;
    readonly freeOf: (free: string, places: string) => string;
    readonly onSale: (from: string, until: string) => string;
    readonly close: (category: string) => string;
    readonly page: string;
    readonly applications: string;
    readonly noApplications: string;
    readonly markPaid: string;
    readonly how: string;
    readonly ways: Readonly<Record<CashWay, string>>;
    readonly checkCode: string;
    readonly checkGiven: string;
    readonly toPayments: string;
    readonly noted: string;
  };
  readonly payments: {
    readonly title: string;
    readonly what: string;
    readonly none: string;
    readonly outcomes: Readonly<Record<PaymentOutcome, string>>;
    readonly next: Readonly<Record<Exclude<PaymentOutcome, 'paid'>, string>>;
    readonly slip: string;
    readonly paidAt: (moment: string) => string;
    readonly settle: string;
    readonly settlements: Readonly<Record<Settlement, string>>;
    readonly secrets: string;
    readonly secretsWhat: string;
    readonly noSecrets: string;
    readonly give: string;
    readonly given: string;
    readonly givenWhat: string;
    readonly goodUntil: (moment: string) => string;
    readonly good: string;
    readonly revoke: (id: string) => string;
  };
  readonly evidence: {
    readonly title: string;
    readonly what: string;
    readonly id: string;
    readonly open: string;
    readonly holds: string;
    readonly shown: string;
    readonly verifiedAt: string;
    readonly certificateHash: string;
    readonly publicKey: string;
    readonly signature: string;
  };
}

export interface SeatWords {
  readonly gate: string;
  readonly block: string | undefined;
  readonly row: string | undefined;
  readonly number: string | undefined;
}
