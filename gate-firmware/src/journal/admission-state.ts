import { concat, utf8 } from '@pinless-gate/protocol/bytes';
import { CborMap, encodeCbor } from '@pinless-gate/protocol/cbor';

/** What this gate knows of one ticket. Times in Unix milliseconds. */
export interface TicketState {
  readonly entries: number;
  readonly lastEntryAt: number;
}

/** Key of a ticket's state: tickets of different events never meet. */
export function ticketKey(eventId: Uint8Array, ticketNo: string): Uint8Array {
  return concat(eventId, utf8(ticketNo));
}

export function encodeTicketState(state: TicketState): Uint8Array {
  return encodeCbor({ entries: state.entries, lastEntryAt: state.lastEntryAt });
}

export function decodeTicketState(bytes: Uint8Array): TicketState {
  const map = CborMap.decode(bytes, 'ticket state');
  const state = { entries: map.uint('entries'), lastEntryAt: map.uint('lastEntryAt') };
  map.end();
  return state;
}
