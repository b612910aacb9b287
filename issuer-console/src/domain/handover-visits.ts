import { type Event, type EventStore, requireCurrent, requireEvent } from './event.ts';
import { evidenceOf } from './evidence.ts';
import type { Handover, HandoverDetails } from './handover.ts';
import type { HandoverLedger } from './handover-ledger.ts';
import type { Invitations } from './invitations.ts';
import { type PartyTicket, ticketsOf } from './party.ts';
import { Scope } from './permission.ts';
import type { PurchaseBook } from './purchase-book.ts';
import {
  type Answer,
  type Asking,
  badCode,
  type Shown,
  type Stated,
  shownBy,
  type VisitorHandler,
} from './visitor-desk.ts';
import type { VisitorTokenStore } from './visitor-token.ts';

export interface HandoverVisitsDeps {
  readonly ledger: HandoverLedger;
  readonly invitations: Invitations;
  readonly events: EventStore;
  readonly now: () => number;
}

/** The console, for somebody who showed a code: it reaches what the code is of, and nothing else. */
export const FOR_VISITORS = {
  scope: Scope.everything,
  by: { kind: 'console', id: 'handover' },
} as const;

/** What a card is asked for by the code of a handover, and what comes of it. */
export function handoverVisits(deps: HandoverVisitsDeps): VisitorHandler {
  return {
    asking: (shown) => asking(deps, shown),
    ready: async (shown) => requireCurrent((await visited(deps, shown)).event),
    take: (stated) => take(deps, stated),
  };
}

async function asking(deps: HandoverVisitsDeps, shown: Shown): Promise<Asking> {
  const { event, handover, details } = await visited(deps, shown);
  const lines = [event.name, ...WORDS[handover.kind]];
  // The certificate that gates ask for proves itself; by the other one it is looked up.
  const methods = ['authentication', 'signature'] as const;
  return { methods, kazashi: details.kazashi === true, lines };
}

const WORDS: Readonly<Record<Handover['kind'], readonly string[]>> = {
  companion: ['同行者として、このカードで入場します', 'You enter with this card, as a companion'],
  transfer: [
    'ゆずり受けた席に、このカードで入場します',
    'You take over the seat, and enter with this card',
  ],
  resale: [
    '購入した席に、このカードで入場します',
    'The seat is yours, and you enter with this card',
  ],
};

async function take(deps: HandoverVisitsDeps, stated: Stated): Promise<Answer> {
  const { event, handover } = await visited(deps, stated);
  // The same statement again, after its answer was lost.
  if (handover.state === 'done') return DONE;
  const { holder: card } = stated.proven;
  const askedAt = deps.now();
  const act = { asker: FOR_VISITORS, event, askedAt };
  const comer = { card, stated: evidenceOf(stated, askedAt), codeHash: stated.token.hash };
  await deps.invitations.take(act, handover.id, comer);
  return DONE;
}

const DONE: Answer = { state: 'done' };

/** What a code is of. */
export async function visited(
  { ledger, events }: Pick<HandoverVisitsDeps, 'ledger' | 'events'>,
  { token }: Shown,
) {
  const event = await requireEvent(events, Scope.everything, token.eventId);
  const handover = await ledger.find({ asker: FOR_VISITORS }, token.subject);
  const details: HandoverDetails = ledger.detailsOf(handover);
  return { event, handover, details };
}

/** What somebody with a code is shown: what is offered, and nobody. */
export interface Visited {
  readonly event: Event;
  readonly handover: Handover;
  readonly seats: readonly PartyTicket['seat'][];
}

interface SeeingDeps extends Pick<HandoverVisitsDeps, 'ledger' | 'events' | 'now'> {
  readonly tokens: VisitorTokenStore;
  readonly book: PurchaseBook;
}

/** By a code of a companion or of somebody who takes a ticket over. */
export async function seenBy(deps: SeeingDeps, code: string): Promise<Visited> {
  const shown = await shownBy(deps, code);
  const { purpose } = shown.token;
  if (purpose !== 'companion' && purpose !== 'transfer') throw badCode();
  const { event, handover, details } = await visited(deps, shown);
  if (handover.state === 'waiting') requireCurrent(event);
  const { ticketNos, tickets } = details;
  if (tickets) return { event, handover, seats: tickets.map(({ seat }) => seat) };
  // Once it is done a ticket that was given away is in a purchase of its own.
  const purchaseId = handover.toPurchaseId ?? handover.purchaseId;
  const { purchase } = await deps.book.open(FOR_VISITORS, event, purchaseId);
  const own = ticketsOf(purchase).filter(({ ticketNo }) => ticketNos.includes(ticketNo));
  return { event, handover, seats: own.map(({ seat }) => seat) };
}
