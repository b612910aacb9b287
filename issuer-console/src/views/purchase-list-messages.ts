import type { LISTINGS } from '../domain/purchase-list.ts';

/** The words of the list of an event's purchases. */
export interface PurchaseListMessages {
  readonly title: string;
  /** On the event's page: leads here. */
  readonly find: string;
  readonly search: string;
  readonly searchHint: string;
  readonly go: string;
  readonly byState: string;
  readonly found: string;
  readonly ofState: (state: string) => string;
  readonly none: string;
  readonly number: string;
  readonly state: string;
  readonly tickets: string;
  readonly ticketsOf: (count: string) => string;
  readonly changed: string;
  readonly listed: string;
  readonly listings: Readonly<Record<(typeof LISTINGS)[number], string>>;
  readonly more: string;
}
