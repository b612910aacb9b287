import { z } from 'zod';

/** What switches one relay of a board on, and off. */
export interface RelayCodes {
  readonly on: Uint8Array;
  readonly off: Uint8Array;
}

const octets = z
  .string()
  .transform((text) => text.replaceAll(/[\s:]/g, ''))
  .refine((text) => /^(?:[0-9a-fA-F]{2}){1,32}$/.test(text), 'must be 1 to 32 octets in hex')
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));

/** A relay by its board and number, or by the octets that its manual gives. */
export const relayTable = z.union([
  z
    .strictObject({ board: z.enum(['lcus', 'kmtronic']), number: z.int().min(1).max(16) })
    .transform(({ board, number }) => CODES[board](number)),
  z.strictObject({ on: octets, off: octets }),
]);

const CODES: Readonly<Record<'lcus' | 'kmtronic', (relay: number) => RelayCodes>> = {
  // A0, relay, state, sum of the three.
  lcus: (relay) => ({ on: lcus(relay, 1), off: lcus(relay, 0) }),
  kmtronic: (relay) => ({ on: Uint8Array.of(0xff, relay, 1), off: Uint8Array.of(0xff, relay, 0) }),
};

function lcus(relay: number, state: number): Uint8Array {
  return Uint8Array.of(0xa0, relay, state, (0xa0 + relay + state) & 0xff);
}
