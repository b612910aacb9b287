import { type HandoverDeps, HandoverLedger } from './handover-ledger.ts';
import { handoverVisits } from './handover-visits.ts';
import { Invitations } from './invitations.ts';
import { Parties, type PartiesDeps } from './parties.ts';
import { Resales } from './resales.ts';

export type HandoverDesksDeps = HandoverDeps & Omit<PartiesDeps, 'ledger' | 'invitations'>;

/** Everything by which tickets come to other cards. */
export function handoverDesksOf(deps: HandoverDesksDeps) {
  const ledger = new HandoverLedger(deps);
  const resales = new Resales(ledger);
  const invitations = new Invitations(ledger, resales);
  const visits = handoverVisits({ ...deps, ledger, invitations });
  const parties = new Parties({ ...deps, ledger, invitations });
  return { ledger, resales, invitations, parties, visits };
}
