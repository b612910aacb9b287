import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  ENVELOPE_FORMAT,
  encodeEnvelope,
  encodeEnvelopeBody,
  type KeyEnvelope,
} from '@pinless-gate/protocol/key-envelope';
import { keyHash, type Signed, signedMessage } from '@pinless-gate/protocol/signed';

/** A P-256 key that signs documents, in plain memory. */
export interface Signer {
  readonly spki: Uint8Array;
  sign(format: string, body: Uint8Array): Signed;
}

const spkiOf = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }));

export function makeSigner(): Signer {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = spkiOf(publicKey);
  return {
    spki,
    sign: (format, body) => {
      const message = signedMessage(format, body);
      const signature = sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
      return { body, signer: keyHash(spki), signature: new Uint8Array(signature) };
    },
  };
}

export const publisher = makeSigner();
export const device = makeSigner();
export const transportKey = spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);

export const EVENT_ID = new Uint8Array(16).fill(1);
export const GATE_ID = new Uint8Array(16).fill(2);

export const ENVELOPE: KeyEnvelope = {
  kind: 'event',
  eventId: EVENT_ID,
  keyId: new Uint8Array(16).fill(3),
  label: 'event-01',
  generation: 1,
  validFrom: 1_796_000_000,
  validUntil: 1_796_100_000,
  issuedAt: 1_795_999_000,
  gateId: GATE_ID,
  transportKeyHash: keyHash(transportKey),
  mechanism: { hash: 'sha256', carrier: 'kwp' },
  wrappedKek: new Uint8Array(256).fill(4),
  wrappedKey: new Uint8Array(72).fill(5),
};

export function sealed(envelope: KeyEnvelope, by: Signer = publisher): Uint8Array {
  return encodeEnvelope(by.sign(ENVELOPE_FORMAT, encodeEnvelopeBody(envelope)));
}
