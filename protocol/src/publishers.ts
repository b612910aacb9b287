import { createPublicKey } from 'node:crypto';
import {
  BundleError,
  decodeSignatures,
  encodeSignatures,
  type ManifestSignature,
  type Publishers,
  sha256,
  verifyManifestSignatures,
} from './bundle.ts';
import { compare, equal } from './bytes.ts';
import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';

// Who may publish, as those say who may: the first set stands in a gate's configuration, every later one is
// signed by the set before it and by itself. Keys change so without anybody at the gates.

export const PUBLISHERS_FORMAT = 'pinless-gate/publishers/1';
export const MAX_PUBLISHERS_LENGTH = 64 * 1024;
const MAX_KEYS = 16;

export interface PublisherSet {
  readonly eventId: Uint8Array;
  /** 1 follows the configuration, then one more each time. */
  readonly number: number;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly publishers: Publishers;
  /**
   * The list version that a gate counts as applied last once it takes this set, whatever it applied before. For
   * the day after somebody published with a stolen key: gates can come back from a version that ran away.
   */
  readonly listFloor?: number | undefined;
}

/** What the set before it allows, and which number it has; 0 is the configuration. */
export interface PublishersInForce {
  readonly number: number;
  readonly publishers: Publishers;
}

/** The octets that are signed. Keys are put in the order of their ids. */
export function encodePublisherSet(set: PublisherSet): Uint8Array {
  const { eventId, number, issuedAt, publishers, listFloor } = set;
  return encodeCbor({
    format: PUBLISHERS_FORMAT,
    eventId,
    number,
    issuedAt,
    listFloor,
    threshold: publishers.threshold,
    keys: [...publishers.keys].sort((a, b) => compare(sha256(a), sha256(b))),
  });
}

/** Throws `FormatError`. The keys themselves are read when a signature is verified under them. */
export function decodePublisherSet(bytes: Uint8Array): PublisherSet {
  const map = CborMap.decode(bytes, 'publishers');
  const format = map.text('format');
  if (format !== PUBLISHERS_FORMAT) {
    throw new FormatError('ERR_PUBLISHERS_FORMAT', `publishers of format "${format}"`);
  }
  const set: PublisherSet = {
    eventId: map.bytes('eventId', 16),
    number: map.uint('number'),
    issuedAt: map.uint('issuedAt'),
    listFloor: map.uintOrUndefined('listFloor'),
    publishers: { threshold: map.uint('threshold'), keys: map.array('keys').map(octets) },
  };
  map.end();
  const { keys, threshold } = set.publishers;
  const ids = keys.map(sha256);
  if (keys.length > MAX_KEYS || ids.some((id, i) => i > 0 && compare(ids[i - 1]!, id) >= 0)) {
    throw new FormatError('ERR_PUBLISHERS_KEYS', 'publisher keys too many, twice or out of order');
  }
  if (threshold < 1 || threshold > keys.length) {
    throw new FormatError('ERR_PUBLISHERS_THRESHOLD', `${threshold} of ${keys.length} publishers`);
  }
  if (set.number < 1) throw new FormatError('ERR_PUBLISHERS_NUMBER', 'number below 1');
  return set;
}

function octets(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FormatError('ERR_CBOR_TYPE', 'publishers.keys: not byte strings');
}

/** A set with its signatures, as one file. */
export interface SignedPublisherSet {
  readonly set: Uint8Array;
  readonly signatures: readonly ManifestSignature[];
}

export function encodeSignedPublisherSet({ set, signatures }: SignedPublisherSet): Uint8Array {
  return encodeCbor({ set, signatures: encodeSignatures(signatures) });
}

export function decodeSignedPublisherSet(bytes: Uint8Array): SignedPublisherSet {
  const map = CborMap.decode(bytes, 'signed publishers');
  const signed = {
    set: map.bytes('set'),
    signatures: decodeSignatures(map.bytes('signatures')),
  };
  map.end();
  return signed;
}

/** The file of a bundle directory that holds set number n. */
export function publishersName(number: number): string {
  return `publishers-${number}`;
}

/**
 * The set that follows the one in force: for this event, numbered next, signed by as many of those before and by as
 * many of its own as either asks for. Throws `BundleError` or `FormatError`, and then nothing changes.
 */
export function verifyPublisherSet(
  bytes: Uint8Array,
  before: PublishersInForce,
  eventId: Uint8Array,
): PublisherSet {
  const { set: encoded, signatures } = decodeSignedPublisherSet(bytes);
  const set = decodePublisherSet(encoded);
  if (!equal(set.eventId, eventId)) {
    throw new BundleError('ERR_PUBLISHERS_EVENT', 'publishers of another event');
  }
  if (set.number !== before.number + 1) {
    throw new BundleError(
      'ERR_PUBLISHERS_NUMBER',
      `publishers ${set.number} do not follow publishers ${before.number}`,
    );
  }
  verifyManifestSignatures(encoded, signatures, before.publishers);
  for (const key of set.publishers.keys) requireP256(key);
  verifyManifestSignatures(encoded, signatures, set.publishers);
  return set;
}

function requireP256(spki: Uint8Array): void {
  let curve: string | undefined;
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    curve = key.asymmetricKeyDetails?.namedCurve;
  } catch (cause) {
    throw new FormatError('ERR_PUBLISHERS_KEYS', 'a publisher key cannot be read', { cause });
  }
  if (curve !== 'prime256v1') {
    throw new FormatError('ERR_PUBLISHERS_KEYS', 'a publisher key is not an EC P-256 key');
  }
}
