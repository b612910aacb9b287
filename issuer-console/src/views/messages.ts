import type { Act } from '@pinless-gate/protocol/journal/act';
import type { GateStanding } from '../domain/enrolment.ts';
import type { PrinterFault } from '../domain/gate.ts';
import type { KeyState } from '../domain/keys.ts';
import type { ListCondition } from '../domain/publication.ts';
import type { AccountMessages } from './account-messages.ts';
import type { Advice } from './advice.ts';
import type { ChartMessages } from './chart-messages.ts';
import type { EventMessages } from './event-messages.ts';
import type { HandoverMessages } from './handover-messages.ts';
import type { KeyMessages } from './key-messages.ts';
import type { PublicationMessages } from './publication-messages.ts';
import type { PurchaseListMessages } from './purchase-list-messages.ts';
import type { WebhookMessages } from './webhook-messages.ts';

type Noun = (n: string) => string;

/** Every word of the pages. A missing key does not compile. */
export interface Messages {
  readonly product: string;
  readonly title: string;
  readonly skip: string;
  readonly languages: string;
  readonly live: string;
  readonly reconnecting: string;
  readonly still: string;
  readonly zone: (zone: string) => string;
  readonly list: {
    readonly heading: string;
    readonly starts: (date: string) => string;
    readonly version: string;
    readonly entries: string;
    readonly entriesUnit: Noun;
    readonly age: string;
    readonly fingerprint: string;
    readonly condition: Readonly<Record<ListCondition, string>>;
    /** From or until when, as the condition makes one ask. */
    readonly bound: Readonly<Record<ListCondition, (moment: string) => string>>;
    readonly missing: string;
    readonly missingNext: string;
    readonly unreadable: string;
  };
  readonly counts: {
    readonly heading: string;
    readonly people: string;
    readonly peopleUnit: (n: number) => string;
    readonly admitted: string;
    readonly refused: string;
    readonly tapsUnit: (n: number) => string;
  };
  readonly alarms: {
    readonly heading: string;
    readonly none: string;
    readonly count: (n: number) => string;
    readonly since: (moment: string, ago: string) => string;
    readonly text: {
      readonly conflict: (gate: string, sequence: string) => Advice;
      readonly unexplained: (gate: string) => Advice;
      readonly silent: (gate: string) => Advice;
      readonly printer: (gate: string) => Readonly<Record<PrinterFault, Advice>>;
      readonly missing: Advice;
      readonly unreadable: (code: string) => Advice;
      readonly expired: Advice;
      readonly stale: Advice;
      readonly revocationTooOld: Advice;
      readonly revocationStale: Advice;
    };
  };
  readonly gates: {
    readonly heading: string;
    readonly none: string;
    readonly name: string;
    readonly state: string;
    readonly people: string;
    readonly admitted: string;
    readonly refused: string;
    readonly entries: string;
    readonly list: string;
    readonly lastSeen: string;
    readonly never: string;
    readonly running: string;
    readonly silent: string;
    readonly stopped: string;
    readonly conflict: string;
    readonly revoked: string;
  };
  readonly taps: {
    readonly heading: (n: number) => string;
    readonly none: string;
    readonly time: string;
    readonly gate: string;
    readonly outcome: string;
    readonly reason: string;
    readonly code: string;
    readonly list: string;
    readonly duration: string;
    readonly admitted: string;
    readonly refused: string;
  };
  readonly acts: {
    readonly heading: string;
    readonly none: string;
    readonly time: string;
    readonly gate: string;
    readonly act: string;
    readonly operator: string;
    readonly reason: string;
    readonly names: Readonly<Record<Act, string>>;
  };
  readonly holdings: {
    readonly title: string;
  };
  readonly rules: {
    readonly title: string;
    /** Of which list. */
    of(version: string, fingerprint: string): string;
  };
  readonly enrolled: {
    readonly heading: string;
    readonly none: string;
    readonly name: string;
    readonly standing: string;
    readonly standings: Readonly<Record<GateStanding, string>>;
    readonly module: string;
    readonly unwrapsNothing: string;
    readonly deviceKey: string;
    readonly receiptCheck: string;
    readonly since: string;
  };
  readonly keys: {
    /** By the event's id; empty for keys of none. */
    readonly heading: (event: string) => string;
    readonly none: string;
    readonly gate: string;
    readonly state: string;
    readonly states: Readonly<Record<KeyState, string>>;
    readonly generation: string;
    readonly window: string;
    readonly lastWord: string;
    readonly owing: Noun;
    readonly summary: (taken: string, destroyed: string, all: string) => string;
  };
  readonly ago: {
    readonly now: string;
    readonly minutes: Noun;
    readonly hours: Noun;
    readonly days: Noun;
  };
  readonly account: AccountMessages;
  readonly events: EventMessages;
  /** The page of payments, in the bar. */
  readonly payments: string;
  readonly publications: PublicationMessages;
  readonly webhooks: WebhookMessages;
  readonly purchaseList: PurchaseListMessages;
  readonly handovers: HandoverMessages;
  readonly keyPages: KeyMessages;
  readonly charts: ChartMessages;
  readonly notFound: string;
  readonly notFoundNext: string;
  readonly pages: string;
}

const MINUTE_MS = 60_000;

/** `2 分前`. A moment in the future, by clocks that differ, is "just now". */
export function ago(messages: Messages, at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS);
  if (minutes < 1) return messages.ago.now;
  if (minutes < 60) return messages.ago.minutes(String(minutes));
  if (minutes < 48 * 60) return messages.ago.hours(String(Math.floor(minutes / 60)));
  return messages.ago.days(String(Math.floor(minutes / 60 / 24)));
}
