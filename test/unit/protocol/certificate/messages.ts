import { DerReader } from '@pinless-gate/protocol/certificate/der';
import { decodeTlv } from '@pinless-gate/protocol/tlv';
import { expect } from 'vitest';

/** That this is thrown, word for word. */
export const says = (run: () => unknown, message: string) =>
  expect(run).toThrow(expect.objectContaining({ message }));

/** The members of a sequence, each with its header. */
export const membersOf = (sequence: Uint8Array): Uint8Array[] =>
  new DerReader(decodeTlv(sequence).value).rest('sequence').map(({ encoded }) => encoded);
