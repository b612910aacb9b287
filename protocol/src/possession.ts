import { concat, domain, fromHex, uint64 } from './bytes.ts';

const POSSESSION = domain('pinless-gate/possession/1');

/** DigestInfo of a SHA-256 hash, up to the hash itself (RFC 8017 9.2 note 1). */
const SHA256_DIGEST_INFO = fromHex('3031300d060960864801650304020105000420');

export interface PossessionChallenge {
  readonly eventId: Uint8Array;
  readonly gateId: Uint8Array;
  readonly unixMs: number;
  /** 32 fresh random octets. */
  readonly nonce: Uint8Array;
}

/** What the card's user-authentication key signs, before hashing (protocol.md 1.3). */
export function possessionMessage(challenge: PossessionChallenge): Uint8Array {
  const { eventId, gateId, unixMs, nonce } = challenge;
  if (eventId.length !== 16 || gateId.length !== 16 || nonce.length !== 32) {
    throw new RangeError('event id and gate id have 16 octets, the nonce has 32');
  }
  return concat(POSSESSION, eventId, gateId, uint64(unixMs), nonce);
}

export function sha256DigestInfo(hash: Uint8Array): Uint8Array {
  if (hash.length !== 32) throw new RangeError(`a SHA-256 hash has 32 octets, not ${hash.length}`);
  return concat(SHA256_DIGEST_INFO, hash);
}
