import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { decodeGateKey } from '@pinless-gate/protocol/gate-key';
import {
  decodeDestruction,
  encodeDestruction,
  encodeDestructionBody,
} from '@pinless-gate/protocol/key-destruction';
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeEnvelopeBody,
} from '@pinless-gate/protocol/key-envelope';
import { type FuzzTarget, hold } from '../target.ts';

export const DOCUMENT_KINDS = ['envelope', 'destruction', 'gate-key'] as const;

/** Signed documents of keys on their way. The first octet says what the others are. */
export const documents: FuzzTarget = {
  name: 'documents',
  open: (seeds) => {
    const signed = new Set(seeds.map(toHex));
    return (input) => {
      const octets = input.subarray(1);
      switch (DOCUMENT_KINDS[(input[0] ?? 0) % DOCUMENT_KINDS.length]!) {
        case 'envelope': {
          const received = decodeEnvelope(octets);
          hold(equal(encodeEnvelope(received.signed), octets), 'an envelope changed');
          const body = encodeEnvelopeBody(received.envelope);
          hold(equal(body, received.signed.body), 'what is in an envelope changed');
          return true;
        }
        case 'destruction': {
          const received = decodeDestruction(octets);
          hold(equal(encodeDestruction(received.signed), octets), 'a record changed');
          const body = encodeDestructionBody(received.destruction);
          hold(equal(body, received.signed.body), 'what is in a record changed');
          return true;
        }
        case 'gate-key':
          decodeGateKey(octets);
          hold(signed.has(toHex(input)), 'a gate key that its device key did not sign');
          return true;
      }
    };
  },
};
