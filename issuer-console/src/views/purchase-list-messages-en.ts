import type { PurchaseListMessages } from './purchase-list-messages.ts';

export const purchaseListEn: PurchaseListMessages = {
  title: 'Purchases',
  find: 'Find a purchase',
  search: 'Number of the purchase',
  searchHint: 'The whole number, or how it begins',
  go: 'Search',
  byState: 'By state, the latest change first',
  found: 'Found',
  ofState: (state) => `Purchases that are ${state}`,
  none: 'There is none',
  number: 'Number',
  state: 'State',
  tickets: 'Tickets',
  ticketsOf: (count) => (count === '1' ? '1 ticket' : `${count} tickets`),
  changed: 'Last change',
  listed: 'List',
  listings: { no: 'not listed', waiting: 'waits for the next list', exported: 'handed over' },
  more: 'Further purchases',
};
