import { equal, toHex } from '@pinless-gate/protocol/bytes';
import {
  decodeSeatRecord,
  encodeSeatRecord,
  openRecord,
  type SealContext,
} from '@pinless-gate/protocol/record';
import { type FuzzTarget, hold } from '../target.ts';

/** The seeds are sealed with these: they seal nothing else. */
export const SEAL_KEY = new Uint8Array(32).fill(0x5e);
export const SEAL_CONTEXT: SealContext = {
  eventId: new Uint8Array(16).fill(0xe1),
  conversionValue: new Uint8Array(16).fill(0xc2),
};
export const PLAIN = 0x00;
export const SEALED = 0x01;

/** The first octet says what the others are: a record, or a sealed one. */
export const record: FuzzTarget = {
  name: 'record',
  open: (seeds) => {
    const sealed = new Set(seeds.filter(([kind]) => kind === SEALED).map(toHex));
    return (input) => {
      const octets = input.subarray(1);
      if (input[0] === SEALED) {
        openRecord(SEAL_KEY, octets, SEAL_CONTEXT);
        hold(sealed.has(toHex(input)), 'a record that nobody sealed');
        return true;
      }
      hold(equal(encodeSeatRecord(decodeSeatRecord(octets)), octets), 'a record changed');
      return true;
    };
  },
};
