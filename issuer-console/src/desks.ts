import type { Logger } from '@pinless-gate/runtime/log';
import { readCeremonyLog } from './ceremony/ceremony-log.ts';
import { readKeyFiles } from './ceremony/key-files.ts';
import type { PublisherConfig } from './config.ts';
import { apiKeys } from './domain/api-key.ts';
import type { Passkeys, Passwords, Seal, TotpCodes } from './domain/credential.ts';
import { directory } from './domain/directory.ts';
import { eventDesk } from './domain/event.ts';
import { eventEditor } from './domain/event-edit.ts';
import { handoverDesksOf } from './domain/handover-desks.ts';
import { keyDesk } from './domain/key-desk.ts';
import { office } from './domain/office.ts';
import type { BundleFiles, EventBundle } from './domain/publication.ts';
import { publicationDesk } from './domain/publication-desk.ts';
import { releaseRules } from './domain/publication-rules.ts';
import { PurchaseBook } from './domain/purchase-book.ts';
import type { SerialLink } from './domain/serial-link.ts';
import type { SecondFactor } from './domain/session.ts';
import { type Statements, VisitorDesk, type VisitorHandlers } from './domain/visitor-desk.ts';
import { type WebhookSender, webhookDesk } from './domain/webhook-desk.ts';
import type { ListMetrics } from './metrics.ts';
import { Conductor } from './publishing/conductor.ts';
import type { PublishPlan } from './publishing/config.ts';
import type { ListBuilder } from './publishing/list-builder.ts';
import { type Alarm, Scheduler } from './publishing/scheduler.ts';
import { Importer } from './purchases/importer.ts';
import type { RequestRates } from './routes/request-rates.ts';
import { shopDesksOf } from './shop/desks.ts';
import type { Stores } from './store/stores.ts';
import { WebhookDispatcher } from './webhooks/dispatcher.ts';

export interface AppDeps {
  readonly stores: Stores;
  /** This console's id, 32 hex digits. */
  readonly consoleId: () => Promise<string>;
  readonly publishers: PublisherConfig | undefined;
  readonly random: (length: number) => Uint8Array;
  readonly bundles: BundleFiles;
  /** Of events whose lists are built here; `bundles` itself may be one of them. */
  readonly eventBundles: readonly EventBundle[];
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly timeZone: string;
  readonly silentAfterMs: number;
  readonly version: string;
  /** Undefined where the console is reached by loopback names only. */
  readonly origin: URL | undefined;
  readonly proxies: readonly string[];
  readonly rates: RequestRates;
  /** Of webhooks: who sends, and how long it is told what was sent. */
  readonly delivery: { readonly sender: WebhookSender; readonly keepMs: number };
  /** Undefined where the console is not set up to know cards. */
  readonly statements?: Statements | undefined;
  readonly serialLink?: SerialLink | undefined;
  /** Undefined where lists are built elsewhere. */
  readonly publishing?: Publishing | undefined;
  readonly accounts: {
    readonly passwords: Passwords;
    readonly totp: TotpCodes;
    readonly seal: Seal | undefined;
    readonly passkeys: Passkeys | undefined;
    readonly secondFactor: SecondFactor;
  };
}

export interface Publishing {
  readonly plans: readonly PublishPlan[];
  readonly open: () => Promise<ListBuilder>;
  /** Rings for the schedule. */
  readonly alarm: Alarm;
}

export interface DeskSurroundings {
  readonly metrics: ListMetrics;
  /** Something happened that the board shows. */
  readonly onChange: () => void;
  /** What goes on by itself could not, this time. */
  readonly onError: (error: unknown) => void;
}

export type Desks = ReturnType<typeof desksOf>;

/** What pages and API act by: one door of each kind behind both. */
export function desksOf(deps: AppDeps, surroundings: DeskSurroundings) {
  const { stores, publishers, accounts, statements } = deps;
  const book = new PurchaseBook({ ...deps, ...stores, seal: accounts.seal });
  const published = publicationDesks(deps, surroundings);
  const handoverDesks = handoverDesksOf({
    ...{ ...deps, ...stores, book, seal: accounts.seal },
    lists: published.publicationDesk,
  });
  const { visits } = handoverDesks;
  const shopDesks = shopDesksOf({ ...deps, book, seal: accounts.seal });
  const { shop, cardCheck } = shopDesks;
  const handlers: VisitorHandlers = {
    ...{ purchase: shop, check: cardCheck },
    ...{ companion: visits, transfer: visits },
  };
  const hooks = { ...deps, ...deps.delivery, ...stores, seal: accounts.seal };
  const visited = { ...deps, tokens: stores.visitorTokens, handlers };
  return {
    ...published,
    ...deps,
    ...stores,
    importer: new Importer({ ...deps, ...stores, seal: accounts.seal }),
    directory: directory({ ...deps, ...stores, passwords: accounts.passwords }),
    eventEditor: eventEditor({ ...deps, ...stores, seal: accounts.seal }),
    desk: eventDesk({ ...deps, ...stores, seal: accounts.seal }),
    book,
    handoverDesks,
    listArrivals: published.publicationDesk,
    keyDesk: keyDesk({ ...deps, ...stores, readFiles: readKeyFiles, readLog: readCeremonyLog }),
    ...shopDesks,
    keys: apiKeys({ ...deps, ...stores, keys: stores.apiKeys }),
    webhookDesk: webhookDesk(hooks),
    dispatcher: new WebhookDispatcher({ ...hooks, queue: stores.webhookQueue }),
    visitors: statements && new VisitorDesk({ ...visited, statements }),
    officeOf: (by: Parameters<typeof office>[0]['by']) =>
      office({ ...deps, ...stores, by, publishers: publishers?.keys }),
  };
}

function publicationDesks(deps: AppDeps, surroundings: DeskSurroundings) {
  const { stores, accounts, publishing } = deps;
  const conductor = new Conductor({
    ...{ ...deps, ...stores, ...surroundings, seal: accounts.seal },
    plans: publishing?.plans ?? [],
    open: () => publishing!.open(),
  });
  const { changes, wake } = conductor;
  const sign = conductor.sign.bind(conductor);
  const rules = (eventId: string) => {
    const plan = conductor.planOf(eventId);
    return plan && { ...plan, signatures: plan.publishers?.threshold ?? 1 };
  };
  const desk = { ...deps, ...stores, rules, wake, sign, changed: changes.next };
  const given = publicationDesk(desk);
  const scheduler = new Scheduler({
    ...{ ...deps, ...stores, desk: given, plans: publishing?.plans ?? [] },
    alarm: (milliseconds, ring) => publishing!.alarm(milliseconds, ring),
    onError: surroundings.onError,
  });
  return { conductor, scheduler, publicationDesk: given, releaseRules: releaseRules(desk) };
}
