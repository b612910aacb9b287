import type { AppDeps } from './desks.ts';
import { HandoverLedger, type ListRequests } from './domain/handover-ledger.ts';
import { handoverVisits } from './domain/handover-visits.ts';
import { Invitations } from './domain/invitations.ts';
import { Parties } from './domain/parties.ts';
import type { PurchaseBook } from './domain/purchase-book.ts';
import { Resales } from './domain/resales.ts';

/** Everything by which tickets come to other cards. */
export function handoverDesksOf(deps: AppDeps, book: PurchaseBook, lists: ListRequests) {
  const { stores, now, random } = deps;
  const ledger = new HandoverLedger({
    ...stores,
    book,
    lists,
    now,
    random,
    seal: deps.accounts.seal,
  });
  const resales = new Resales(ledger);
  const invitations = new Invitations(ledger, resales);
  const visits = handoverVisits({ ledger, invitations, events: stores.events, now });
  const parties = new Parties({ ...stores, book, ledger, invitations, now });
  return { ledger, resales, invitations, parties, visits };
}
