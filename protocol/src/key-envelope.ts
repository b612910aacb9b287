import { equal, toHex } from './bytes.ts';
import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError, GateError } from './errors.ts';
import { decodeSigned, encodeSigned, keyHash, type Signed, signerOf } from './signed.ts';
import { mechanismByName, mechanismName, type TransportMechanism } from './transport-mechanism.ts';

/** Why a gate does not take a key. Its code says which rule the envelope breaks. */
export class EnvelopeError extends GateError {}

export const ENVELOPE_FORMAT = 'pinless-gate/key-envelope/1';
const MAX_WRAPPED_LENGTH = 4096;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export type EnvelopeKind = 'event' | 'institution';

/**
 * A key on its way to one gate. OAEP tells nobody who wrapped it, so the publisher's signature around all of this does.
 * It stays at the gate beside the key: it is what says until when the key may be used. Times in Unix seconds.
 */
export interface KeyEnvelope {
  readonly kind: EnvelopeKind;
  /** Of an event key. */
  readonly eventId?: Uint8Array | undefined;
  /** 16 octets: of an event key the manifest's `eventKeyId`, of an institution key the beginning of its public key's SHA-256. */
  readonly keyId: Uint8Array;
  /** What the key is called in the gate's module. */
  readonly label: string;
  /** From 1; a rotation counts up. */
  readonly generation: number;
  /** The first second at which it may be used, and the first at which it may not any more. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly issuedAt: number;
  readonly gateId: Uint8Array;
  /** SHA-256 of the transport key's SubjectPublicKeyInfo. */
  readonly transportKeyHash: Uint8Array;
  readonly mechanism: TransportMechanism;
  /** The AES-256 key under RSA-OAEP; empty where the mechanism is `direct`. */
  readonly wrappedKek: Uint8Array;
  /** The key, under that AES key or under RSA-OAEP. */
  readonly wrappedKey: Uint8Array;
}

/** An institution key's id; an event key's comes of `eventKeyIdInput`. `spki`: SubjectPublicKeyInfo. */
export function institutionKeyId(spki: Uint8Array): Uint8Array {
  return keyHash(spki).slice(0, 16);
}

/** The octets that the issuer's publisher key signs, as `signedMessage(ENVELOPE_FORMAT, …)`. */
export function encodeEnvelopeBody(envelope: KeyEnvelope): Uint8Array {
  return encodeCbor({ ...envelope, mechanism: mechanismName(envelope.mechanism) });
}

export function encodeEnvelope(signed: Signed): Uint8Array {
  return encodeSigned(ENVELOPE_FORMAT, signed);
}

export interface ReceivedEnvelope {
  readonly envelope: KeyEnvelope;
  readonly signed: Signed;
}

/** Throws `FormatError` or `EnvelopeError` where it is not what the format says; nothing is verified yet. */
export function decodeEnvelope(bytes: Uint8Array): ReceivedEnvelope {
  const signed = decodeSigned(ENVELOPE_FORMAT, bytes);
  const map = CborMap.decode(signed.body, 'key-envelope');
  const kind = map.text('kind');
  if (kind !== 'event' && kind !== 'institution') {
    throw new EnvelopeError('ERR_ENVELOPE_KIND', `envelope of a key of kind "${kind}"`);
  }
  const name = map.text('mechanism');
  const mechanism = mechanismByName(name);
  if (!mechanism) {
    throw new EnvelopeError('ERR_ENVELOPE_MECHANISM', `envelope with mechanism "${name}"`, {
      hint: 'this program is older than the one that wrapped the key',
    });
  }
  const envelope: KeyEnvelope = {
    kind,
    ...(kind === 'event' && { eventId: map.bytes('eventId', 16) }),
    keyId: map.bytes('keyId', 16),
    label: map.text('label'),
    generation: map.uint('generation'),
    validFrom: map.uint('validFrom'),
    validUntil: map.uint('validUntil'),
    issuedAt: map.uint('issuedAt'),
    gateId: map.bytes('gateId', 16),
    transportKeyHash: map.bytes('transportKeyHash', 32),
    mechanism,
    wrappedKek: map.bytes('wrappedKek'),
    wrappedKey: map.bytes('wrappedKey'),
  };
  map.end();
  checkShape(envelope);
  return { envelope, signed };
}

function checkShape(envelope: KeyEnvelope): void {
  const { label, generation, validFrom, validUntil, mechanism, wrappedKek, wrappedKey } = envelope;
  const wrong = (what: string) => new FormatError('ERR_ENVELOPE_FIELD', `envelope: ${what}`);
  if (!LABEL.test(label)) throw wrong('no key label');
  if (generation < 1) throw wrong('generation below 1');
  if (validFrom >= validUntil) throw wrong('a window that ends before it begins');
  if ((mechanism.carrier === 'direct') !== (wrappedKek.length === 0)) {
    throw wrong(
      `${wrappedKek.length} octets of a wrapped AES key with ${mechanismName(mechanism)}`,
    );
  }
  for (const { length } of [wrappedKek, wrappedKey]) {
    if (length > MAX_WRAPPED_LENGTH) throw wrong(`${length} wrapped octets`);
  }
  if (wrappedKey.length === 0) throw wrong('no wrapped key');
}

/** Throws `ERR_ENVELOPE_SIGNATURE` unless one of these publishers signed it. */
export function verifyEnvelopeSignature(
  { signed }: ReceivedEnvelope,
  publishers: readonly Uint8Array[],
): void {
  if (signerOf(ENVELOPE_FORMAT, signed, publishers)) return;
  throw new EnvelopeError(
    'ERR_ENVELOPE_SIGNATURE',
    "the envelope is not signed by this gate's issuer",
    { hint: 'anybody can wrap a key for this gate; only the issuer may' },
  );
}

/** Whom an envelope must be for. */
export interface Recipient {
  readonly gateId: Uint8Array;
  /** SubjectPublicKeyInfo. */
  readonly transportKey: Uint8Array;
  /** The event that this gate serves, where it is known. */
  readonly eventId?: Uint8Array | undefined;
  readonly kind: EnvelopeKind;
}

/** Throws the `EnvelopeError` of the first rule that the envelope breaks. */
export function checkEnvelope(envelope: KeyEnvelope, recipient: Recipient): void {
  const { kind, gateId, transportKeyHash, eventId } = envelope;
  if (kind !== recipient.kind) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_KIND',
      `the envelope holds an ${kind} key, an ${recipient.kind} key is wanted`,
    );
  }
  if (!equal(gateId, recipient.gateId)) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_GATE',
      `the envelope is for gate ${toHex(gateId)}, this is ${toHex(recipient.gateId)}`,
    );
  }
  if (!equal(transportKeyHash, keyHash(recipient.transportKey))) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_TRANSPORT_KEY',
      "the envelope is for another transport key than this gate's",
      { hint: 'have the key wrapped again for the transport key that this gate has now' },
    );
  }
  if (eventId && recipient.eventId && !equal(eventId, recipient.eventId)) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_EVENT',
      `the envelope is for event ${toHex(eventId)}, this gate serves ${toHex(recipient.eventId)}`,
    );
  }
}

/** Throws where `now` (Unix seconds) is outside of the window. */
export function checkWindow(
  { validFrom, validUntil, kind }: Pick<KeyEnvelope, 'validFrom' | 'validUntil' | 'kind'>,
  now: number,
): void {
  const until = new Date(1000 * validUntil).toISOString();
  const from = new Date(1000 * validFrom).toISOString();
  if (now >= validUntil) {
    throw new EnvelopeError('ERR_ENVELOPE_EXPIRED', `the ${kind} key was valid until ${until}`, {
      hint: "have a new one wrapped for this gate, or check the gate's clock",
    });
  }
  if (now < validFrom) {
    throw new EnvelopeError('ERR_ENVELOPE_NOT_YET', `the ${kind} key is valid from ${from}`, {
      hint: "wait until then, or check the gate's clock",
    });
  }
}
