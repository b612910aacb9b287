import {
  type Application,
  type ApplicationStore,
  applicationOver,
  type Move,
  unknownApplication,
} from './application.ts';
import { type Asker, forVisitor } from './asker.ts';
import type { Change } from './audit.ts';
import { type Event, type EventStore, requireEvent } from './event.ts';
import {
  type CashWay,
  type KeptPayment,
  type Payment,
  type PaymentOutcome,
  type PaymentStore,
  type Settlement,
  unknownPayment,
} from './payment.ts';
import type { PurchaseBook } from './purchase-book.ts';
import { RefusedError } from './refusal.ts';
import { parseSlipNumber } from './slip.ts';

export interface TillDeps {
  readonly events: EventStore;
  readonly applications: ApplicationStore;
  readonly payments: PaymentStore;
  readonly book: PurchaseBook;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

/** How far into the future a payment may lie: clocks of two companies. */
const AHEAD_MS = 5 * 60_000;
const AT_ONCE = 100;

/** Takes payments, and takes seats back from those who did not pay. */
export class Till {
  readonly #deps: TillDeps;

  constructor(deps: TillDeps) {
    this.#deps = deps;
  }

  /** Whatever comes of it is kept. The same payment again is answered again; another one of its id is refused. */
  async pay(vendorId: string, payment: Payment): Promise<PaymentOutcome> {
    const { payments, applications, now } = this.#deps;
    check(payment, now());
    for (;;) {
      const before = await payments.find(vendorId, payment.paymentId);
      if (before) return outcomeOf(before, payment);
      const slip = parseSlipNumber(payment.slip);
      const application = slip && (await applications.ofSlip(vendorId, slip));
      const outcome = judge(application || undefined, payment);
      const kept = this.#kept(vendorId, payment, outcome, application || undefined);
      if (application && outcome === 'paid') {
        const facts = { how: 'slip' };
        const move = { application, state: 'paid', payment: kept, facts } as const;
        if ((await this.#move(forVisitor('payment'), move)) === 'moved') return outcome;
      } else if (await payments.keep(kept, { by: forVisitor('payment').by, at: now() })) {
        return outcome;
      }
    }
  }

  /** Somebody at a desk took the money, or says that none is due. */
  async payAtDesk(asker: Asker, applicationId: string, how: CashWay): Promise<Application> {
    if (!/^[0-9a-f]{32}$/.test(applicationId)) throw unknownApplication();
    for (;;) {
      const application = await this.#deps.applications.find(asker.scope, applicationId);
      if (!application) throw unknownApplication();
      if (application.state === 'paid') return application;
      if (application.state !== 'pending') throw applicationOver();
      await this.#move(asker, { application, state: 'paid', facts: { how } });
    }
  }

  async settle(asker: Asker, id: string, how: Settlement): Promise<void> {
    const origin = { by: asker.by, at: this.#deps.now() };
    if (!(await this.#deps.payments.settle(asker.scope, id, how, origin))) throw unknownPayment();
  }

  /** Seats of those who did not come with a card, or did not pay, are free again. How many applications ended. */
  async expire(): Promise<number> {
    const { applications, now } = this.#deps;
    let ended = 0;
    for (;;) {
      const overdue = await applications.overdue(now(), AT_ONCE);
      for (const application of overdue) {
        const state = application.state === 'open' ? 'expired' : 'cancelled';
        const facts = { why: 'overdue' };
        const outcome = await this.#move(forVisitor('expiry'), { application, state, facts });
        if (outcome === 'moved') ended += 1;
      }
      if (overdue.length < AT_ONCE) return ended;
    }
  }

  async #move(asker: Asker, wanted: WantedMove) {
    const { events, applications, now } = this.#deps;
    const { application, payment } = wanted;
    const event = await requireEvent(events, asker.scope, application.eventId);
    const { state, purchase } = await this.#purchase(asker, event, wanted);
    const move = { application, state, purchase, payment, notes: notesOf(wanted, state) };
    return applications.move(event, move, { by: asker.by, at: now() });
  }

  /** What becomes of the purchase; where somebody changed it otherwise, the application follows it. */
  async #purchase(
    asker: Asker,
    event: Event,
    { application, state }: WantedMove,
  ): Promise<Pick<Move, 'state' | 'purchase'>> {
    if (application.state === 'open') return { state };
    const { book } = this.#deps;
    const { purchase, changeNo } = await book.open(asker, event, application.purchaseId);
    const { status } = purchase;
    if (status !== 'pending' || state === 'expired') {
      return { state: status === 'paid' ? 'paid' : 'cancelled' };
    }
    const row = await book.row(asker, event, { ...purchase, status: state });
    return { state, purchase: { row, expect: changeNo } };
  }

  #kept(
    vendorId: string,
    payment: Payment,
    outcome: PaymentOutcome,
    application: Application | undefined,
  ): KeptPayment {
    const { now, random } = this.#deps;
    return {
      ...payment,
      slip: parseSlipNumber(payment.slip) ?? payment.slip,
      id: Buffer.from(random(16)).toString('hex'),
      ...{ vendorId, outcome, applicationId: application?.id },
      receivedAt: now(),
      settled: undefined,
    };
  }
}

interface WantedMove extends Pick<Move, 'application' | 'state' | 'payment'> {
  readonly facts: Readonly<Record<string, string>>;
}

function notesOf({ application, payment, facts }: WantedMove, state: Move['state']): Change[] {
  const { purchaseId, eventId, vendorId } = application;
  if (state === 'expired') {
    return [{ action: 'application.expired', subjects: [application.id, eventId], vendorId }];
  }
  const about = { subjects: [purchaseId, eventId], vendorId };
  const received = payment && {
    action: 'payment.received',
    subjects: [payment.id],
    vendorId,
    facts: { outcome: payment.outcome, yen: payment.amountYen },
  };
  return [...(received ? [received] : []), { action: `purchase.${state}`, facts, ...about }];
}

function judge(
  application: Application | undefined,
  { amountYen, paidAt }: Payment,
): PaymentOutcome {
  if (!application) return 'unknown-slip';
  if (application.state === 'paid') return 'double';
  if (application.state !== 'pending') return 'late';
  if (amountYen !== application.totalYen) return 'wrong-amount';
  return application.dueAt !== undefined && paidAt > application.dueAt ? 'late' : 'paid';
}

/** Of a payment that was told of before. */
function outcomeOf(before: KeptPayment, { slip, amountYen, paidAt }: Payment): PaymentOutcome {
  const same =
    before.slip === (parseSlipNumber(slip) ?? slip) &&
    before.amountYen === amountYen &&
    before.paidAt === paidAt;
  if (same) return before.outcome;
  throw new RefusedError(
    'conflict',
    'ERR_PAYMENT_CONFLICT',
    'another payment was told of with this id',
  );
}

function check({ paymentId, slip, amountYen, paidAt }: Payment, now: number): void {
  const formed =
    /^[\x21-\x7e]{1,64}$/.test(paymentId) &&
    /^[\x20-\x7e]{1,64}$/.test(slip) &&
    Number.isInteger(amountYen) &&
    amountYen > 0 &&
    amountYen <= 2_147_483_647 &&
    Number.isInteger(paidAt) &&
    paidAt > 0 &&
    paidAt <= now + AHEAD_MS;
  if (formed) return;
  throw new RefusedError(
    'invalid',
    'ERR_PAYMENT_FORM',
    'paymentId, slip, amountYen or paidAt: not of the right form',
  );
}
