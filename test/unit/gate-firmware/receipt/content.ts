import type { ReceiptContent } from '@pinless-gate/gate-firmware/receipt/layout';
import type { Ticket } from '@pinless-gate/protocol/record';

export const TICKET: Ticket = {
  ticketNo: 'T-000123-2',
  seat: { gate: 'B', block: '112', row: '7', number: '15' },
  category: 'adult',
  admission: { from: 1, until: 2 },
  entries: 1,
  reentry: false,
  flags: [],
  place: 2,
};

export const CONTENT: ReceiptContent = {
  event: {
    name: '冬の音楽祭 2026',
    place: '横浜アリーナ',
    startsAt: Date.UTC(2026, 11, 20, 9) / 1000,
  },
  ticket: TICKET,
  partySize: 4,
  code: 'K7-42',
  language: 'ja',
  enteredAt: Date.UTC(2026, 11, 20, 8, 42),
  copy: false,
  timeZone: 'Asia/Tokyo',
};
