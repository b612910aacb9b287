import { CborMap, type CborValue } from '../cbor.ts';

export interface Entered {
  readonly ticketNo: string;
  /** The how-manieth entry of this ticket, from 1. */
  readonly entry: number;
}

export const encodeEntered = ({ ticketNo, entry }: Entered): CborValue => ({ ticketNo, entry });

export function decodeEntered(value: CborValue): Entered {
  const map = new CborMap(value, 'journal ticket');
  const entered = { ticketNo: map.text('ticketNo'), entry: map.uint('entry') };
  map.end();
  return entered;
}
