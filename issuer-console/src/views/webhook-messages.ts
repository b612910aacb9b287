import type { AttemptFailure, MessageKind } from '../domain/webhook-message.ts';

/** The words of webhooks. */
export interface WebhookMessages {
  readonly title: string;
  readonly what: string;
  readonly empty: string;
  readonly noVendor: string;
  readonly add: string;
  readonly url: string;
  readonly urlHint: string;
  readonly types: string;
  readonly secret: string;
  readonly secretWhat: string;
  readonly states: Readonly<Record<'good' | 'off' | 'waiting' | 'failing', string>>;
  readonly failingNext: string;
  readonly delivered: (ago: string) => string;
  readonly never: string;
  readonly next: (moment: string, attempts: string) => string;
  readonly both: (moment: string) => string;
  readonly test: string;
  readonly turnOff: string;
  readonly turnOn: string;
  readonly rotate: string;
  readonly rotateWhat: string;
  readonly remove: string;
  readonly resume: string;
  readonly skip: string;
  readonly change: string;
  readonly save: string;
  readonly deliveries: string;
  readonly noDeliveries: string;
  readonly columns: Readonly<Record<'time' | 'type' | 'outcome' | 'duration' | 'act', string>>;
  readonly kinds: Readonly<Record<MessageKind, string>>;
  readonly status: (status: string) => string;
  readonly failures: Readonly<Record<AttemptFailure, string>>;
  readonly again: (message: string) => string;
  readonly older: string;
  readonly replay: string;
  readonly replayWhat: string;
  readonly from: string;
  readonly until: string;
  readonly timeHint: string;
  readonly alarm: (
    vendor: string,
    host: string,
  ) => { readonly what: string; readonly next: string };
}
