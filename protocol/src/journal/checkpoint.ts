import { concat, domain, uint64 } from '../bytes.ts';
import { CborMap, encodeCbor } from '../cbor.ts';

/** The gate's device key vouches for everything up to and including `sequence`. */
export interface Checkpoint {
  readonly gateId: Uint8Array;
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly at: number;
  /** ECDSA P-256 with SHA-256 over `checkpointMessage`, plain r‖s. */
  readonly signature: Uint8Array;
}

const CHECKPOINT = domain('pinless-gate/checkpoint/1');

export function checkpointMessage(checkpoint: Omit<Checkpoint, 'signature'>): Uint8Array {
  const { gateId, sequence, hash, at } = checkpoint;
  return concat(CHECKPOINT, gateId, uint64(sequence), hash, uint64(at));
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return encodeCbor({ ...checkpoint });
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const map = CborMap.decode(bytes, 'checkpoint');
  const checkpoint: Checkpoint = {
    gateId: map.bytes('gateId', 16),
    sequence: map.uint('sequence'),
    hash: map.bytes('hash', 32),
    at: map.uint('at'),
    signature: map.bytes('signature', 64),
  };
  map.end();
  return checkpoint;
}
