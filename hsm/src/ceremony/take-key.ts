import { equal, toHex } from '@pinless-gate/protocol/bytes';
import {
  checkEnvelope,
  checkWindow,
  decodeEnvelope,
  EnvelopeError,
  type EnvelopeKind,
  type KeyEnvelope,
  verifyEnvelopeSignature,
} from '@pinless-gate/protocol/key-envelope';
import type { KeyInfo, KeyStore } from '../key-store.ts';
import type { KeyDirectory } from './key-directory.ts';

/** The gate that takes a key, and from whom it does. */
export interface Taker {
  readonly kind: EnvelopeKind;
  readonly gateId: Uint8Array;
  readonly eventId?: Uint8Array | undefined;
  /** SubjectPublicKeyInfo of those whose envelopes are taken. */
  readonly publishers: readonly Uint8Array[];
  /** Label of the transport key. */
  readonly transport: string;
  /** Unix seconds. */
  readonly now: number;
}

export interface TakenKey {
  readonly envelope: KeyEnvelope;
  readonly key: KeyInfo;
}

/**
 * Takes a key out of its envelope into the module. Who sent it is asked first, then whom it is for, then when; what
 * it is the module finds out. The envelope stays in the directory: it says until when the key may be used.
 */
export async function takeKey(
  store: KeyStore,
  directory: KeyDirectory,
  bytes: Uint8Array,
  taker: Taker,
): Promise<TakenKey> {
  const received = decodeEnvelope(bytes);
  const { envelope } = received;
  verifyEnvelopeSignature(received, taker.publishers);
  const transportKey = await store.publicKey(taker.transport);
  checkEnvelope(envelope, { ...taker, transportKey });
  checkWindow(envelope, taker.now);
  await refuseOlder(directory, envelope);
  const { kind, label, keyId, eventId } = envelope;
  if ((await store.keys()).some((key) => key.label === label)) {
    throw new EnvelopeError('ERR_ENVELOPE_TAKEN', `a key labelled "${label}" is there already`, {
      hint: 'an envelope is taken once; a new generation has a label of its own',
    });
  }
  // First the envelope: whoever dies between the two finds a window without a key, and not a key without a window.
  await directory.keepEnvelope(label, bytes);
  const { transport } = taker;
  try {
    const key = await store.unwrap({ transport, kind, label, keyId, eventId, wrapped: envelope });
    return { envelope, key };
  } catch (error) {
    await directory.dropEnvelope(label);
    throw error;
  }
}

/** Nobody brings an older key back, nor one that was destroyed here. */
async function refuseOlder(directory: KeyDirectory, envelope: KeyEnvelope): Promise<void> {
  const { kind, generation, eventId, keyId } = envelope;
  const newest = (await directory.envelopes())
    .map((held) => held.envelope)
    .filter((held) => held.kind === kind && sameEvent(held.eventId, eventId))
    .reduce((most, held) => Math.max(most, held.generation), 0);
  if (generation < newest) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_REPLAY',
      `the envelope is of generation ${generation}, this gate has had generation ${newest}`,
      { hint: 'where several are delivered, take the older ones first' },
    );
  }
  const record = eventId && (await directory.destruction(eventId));
  if (record?.destruction.keys.some((key) => equal(key.keyId, keyId))) {
    throw new EnvelopeError(
      'ERR_ENVELOPE_DESTROYED',
      `the key ${toHex(keyId)} was destroyed here after its event`,
      { hint: 'a key that was destroyed does not come back: make a new generation' },
    );
  }
}

function sameEvent(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equal(a, b);
}
