import { apiKeyStore } from './api-keys.ts';
import { applicationStore } from './applications.ts';
import { auditLog } from './audit.ts';
import { credentialStore } from './credentials.ts';
import type { Database } from './database.ts';
import { enrolmentStore } from './enrolment.ts';
import { eventEditStore } from './event-edits.ts';
import { eventStore } from './events.ts';
import { evidenceStore } from './evidence.ts';
import { figureStore } from './figures.ts';
import { gateListStore } from './gate-lists.ts';
import { gateStore, overviewStore } from './gates.ts';
import { handoverRulesStore } from './handover-rules.ts';
import { handoverStore } from './handovers.ts';
import { importStore } from './imports.ts';
import { journalStore } from './journal.ts';
import { keyFileStore } from './key-files.ts';
import { keyDeliveryStore } from './keys.ts';
import { listChangeStore } from './list-changes.ts';
import { offerStore } from './offers.ts';
import { operatorStore } from './operators.ts';
import { paymentStore } from './payments.ts';
import { publicationRulesStore } from './publication-rules.ts';
import { publicationStore } from './publications.ts';
import { purchaseListStore } from './purchase-list.ts';
import { purchaseStore } from './purchases.ts';
import { sessionStore } from './sessions.ts';
import { ticketEntryStore } from './ticket-movements.ts';
import { vendorStore } from './vendors.ts';
import { visitorTokenStore } from './visitor-tokens.ts';
import { webhookQueue } from './webhook-queue.ts';
import { webhookStore } from './webhooks.ts';

/** All that is kept, in one database. */
export const storesOn = (db: Database) => ({
  gates: gateStore(db),
  journal: journalStore(db),
  overview: overviewStore(db),
  enrolment: enrolmentStore(db),
  keys: keyDeliveryStore(db),
  keyFiles: keyFileStore(db),
  figures: figureStore(db),
  vendors: vendorStore(db),
  operators: operatorStore(db),
  credentials: credentialStore(db),
  sessions: sessionStore(db),
  apiKeys: apiKeyStore(db),
  events: eventStore(db),
  eventEdits: eventEditStore(db),
  imports: importStore(db),
  purchases: purchaseStore(db),
  offers: offerStore(db),
  applications: applicationStore(db),
  payments: paymentStore(db),
  evidence: evidenceStore(db),
  visitorTokens: visitorTokenStore(db),
  purchaseLists: purchaseListStore(db),
  webhooks: webhookStore(db),
  webhookQueue: webhookQueue(db),
  publications: publicationStore(db),
  publicationRules: publicationRulesStore(db),
  gateLists: gateListStore(db),
  listChanges: listChangeStore(db),
  handovers: handoverStore(db),
  handoverRules: handoverRulesStore(db),
  ticketEntries: ticketEntryStore(db),
  audit: auditLog(db),
});

export type Stores = ReturnType<typeof storesOn>;
