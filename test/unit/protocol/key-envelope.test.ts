import { toHex } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import { GATE_KEY_FORMAT } from '@pinless-gate/protocol/gate-key';
import {
  checkEnvelope,
  checkWindow,
  decodeEnvelope,
  ENVELOPE_FORMAT,
  encodeEnvelope,
  encodeEnvelopeBody,
  institutionKeyId,
  type KeyEnvelope,
  verifyEnvelopeSignature,
} from '@pinless-gate/protocol/key-envelope';
import { MAX_SIGNED_LENGTH } from '@pinless-gate/protocol/signed';
import { describe, expect, test } from 'vitest';
import {
  device,
  ENVELOPE,
  EVENT_ID,
  GATE_ID,
  publisher,
  sealed,
  transportKey,
} from './transport-fixture.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const RECIPIENT = { kind: 'event', gateId: GATE_ID, transportKey, eventId: EVENT_ID } as const;

describe('decodeEnvelope', () => {
  test.each<[string, KeyEnvelope]>([
    ['an event key', ENVELOPE],
    [
      'the key itself under OAEP',
      {
        ...ENVELOPE,
        mechanism: { hash: 'sha1', carrier: 'direct' },
        wrappedKek: new Uint8Array(0),
      },
    ],
    [
      'an institution key',
      withoutEvent({ ...ENVELOPE, kind: 'institution', label: 'institution' }),
    ],
  ])('%s comes back as it went', (_, envelope) => {
    expect(decodeEnvelope(sealed(envelope)).envelope).toEqual(envelope);
  });

  test('every beginning of an envelope is an error', () => {
    const whole = sealed(ENVELOPE);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeEnvelope(whole.subarray(0, length))).toThrow(code('ERR_CBOR'));
    }
  });

  test('every beginning of what is signed is an error', () => {
    const body = encodeEnvelopeBody(ENVELOPE);
    for (let length = 0; length < body.length; length++) {
      const cut = publisher.sign(ENVELOPE_FORMAT, body.subarray(0, length));
      expect(() => decodeEnvelope(encodeEnvelope(cut))).toThrow(code('ERR_CBOR'));
    }
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a publisher key', { kind: 'publisher' }, 'ERR_ENVELOPE_KIND'],
    ['an unknown mechanism', { mechanism: 'rsa-pkcs1' }, 'ERR_ENVELOPE_MECHANISM'],
    ['an unknown hash', { mechanism: 'rsa-oaep-md5' }, 'ERR_ENVELOPE_MECHANISM'],
    ['generation 0', { generation: 0 }, 'ERR_ENVELOPE_FIELD'],
    ['an empty window', { validUntil: ENVELOPE.validFrom }, 'ERR_ENVELOPE_FIELD'],
    ['no label', { label: '' }, 'ERR_ENVELOPE_FIELD'],
    ['a label that leaves its directory', { label: '../event' }, 'ERR_ENVELOPE_FIELD'],
    ['a label of 65 characters', { label: 'e'.repeat(65) }, 'ERR_ENVELOPE_FIELD'],
    ['no wrapped key', { wrappedKey: new Uint8Array(0) }, 'ERR_ENVELOPE_FIELD'],
    ['a wrapped key of 4097 octets', { wrappedKey: new Uint8Array(4097) }, 'ERR_ENVELOPE_FIELD'],
    ['no AES key where one is named', { wrappedKek: new Uint8Array(0) }, 'ERR_ENVELOPE_FIELD'],
    ['an AES key where none is named', { mechanism: 'rsa-oaep-sha256' }, 'ERR_ENVELOPE_FIELD'],
    ['a key id of 15 octets', { keyId: new Uint8Array(15) }, 'ERR_CBOR_TYPE'],
    ['an unknown member', { note: 'hello' }, 'ERR_CBOR_UNKNOWN'],
    ['an event id with an institution key', { kind: 'institution' }, 'ERR_CBOR_UNKNOWN'],
    ['a time before 1970', { validFrom: -1 }, 'ERR_CBOR_TYPE'],
  ])('%s', (_, change, expected) => {
    const { mechanism, ...rest } = ENVELOPE;
    const body = encodeCbor({
      ...rest,
      mechanism: `rsa-oaep-${mechanism.hash}+aes-256-${mechanism.carrier}`,
      ...(change as object),
    });
    const encoded = encodeEnvelope(publisher.sign(ENVELOPE_FORMAT, body));
    expect(() => decodeEnvelope(encoded)).toThrow(code(expected));
  });

  test('a document of another format', () => {
    const { body, signer, signature } = decodeEnvelope(sealed(ENVELOPE)).signed;
    const other = encodeCbor({ format: GATE_KEY_FORMAT, body, signer, signature });
    expect(() => decodeEnvelope(other)).toThrow(code('ERR_SIGNED_FORMAT'));
  });

  test('longer than any envelope', () => {
    const long = new Uint8Array(MAX_SIGNED_LENGTH + 1);
    expect(() => decodeEnvelope(long)).toThrow(code('ERR_SIGNED_LENGTH'));
  });
});

describe('verifyEnvelopeSignature', () => {
  const received = decodeEnvelope(sealed(ENVELOPE));

  test('one of the publishers signed it', () => {
    expect(() => verifyEnvelopeSignature(received, [device.spki, publisher.spki])).not.toThrow();
  });

  test('somebody else wrapped a key for this gate', () => {
    const other = decodeEnvelope(sealed(ENVELOPE, device));
    expect(() => verifyEnvelopeSignature(other, [publisher.spki])).toThrow(
      code('ERR_ENVELOPE_SIGNATURE'),
    );
  });

  test('every octet that is signed counts', () => {
    const { body, signer, signature } = received.signed;
    for (let i = 0; i < body.length; i += 7) {
      const changed = body.slice();
      changed[i]! ^= 1;
      const signed = { body: changed, signer, signature };
      expect(() => verifyEnvelopeSignature({ ...received, signed }, [publisher.spki])).toThrow(
        code('ERR_ENVELOPE_SIGNATURE'),
      );
    }
  });

  test('a signature over the same octets as a document of another format', () => {
    const { body } = received.signed;
    const signed = publisher.sign(GATE_KEY_FORMAT, body);
    expect(() => verifyEnvelopeSignature({ ...received, signed }, [publisher.spki])).toThrow(
      code('ERR_ENVELOPE_SIGNATURE'),
    );
  });

  test('an RSA key is no publisher', () => {
    const signed = { ...received.signed, signer: ENVELOPE.transportKeyHash };
    expect(() => verifyEnvelopeSignature({ ...received, signed }, [transportKey])).toThrow(
      code('ERR_ENVELOPE_SIGNATURE'),
    );
  });
});

describe('checkEnvelope', () => {
  test('for this gate, its transport key and its event', () => {
    expect(() => checkEnvelope(ENVELOPE, RECIPIENT)).not.toThrow();
  });

  const other = new Uint8Array(16).fill(9);
  test.each<[string, Partial<KeyEnvelope>, string]>([
    ['another kind', { kind: 'institution' }, 'ERR_ENVELOPE_KIND'],
    ['another gate', { gateId: other }, 'ERR_ENVELOPE_GATE'],
    [
      'another transport key',
      { transportKeyHash: new Uint8Array(32) },
      'ERR_ENVELOPE_TRANSPORT_KEY',
    ],
    ['another event', { eventId: other }, 'ERR_ENVELOPE_EVENT'],
  ])('%s', (_, change, expected) => {
    expect(() => checkEnvelope({ ...ENVELOPE, ...change }, RECIPIENT)).toThrow(code(expected));
  });
});

describe('checkWindow', () => {
  const { validFrom, validUntil } = ENVELOPE;
  test.each([validFrom, validFrom + 1, validUntil - 1])('second %i is inside', (now) => {
    expect(() => checkWindow(ENVELOPE, now)).not.toThrow();
  });

  test.each([
    [validFrom - 1, 'ERR_ENVELOPE_NOT_YET'],
    [0, 'ERR_ENVELOPE_NOT_YET'],
    [validUntil, 'ERR_ENVELOPE_EXPIRED'],
    [validUntil + 1, 'ERR_ENVELOPE_EXPIRED'],
  ])('second %i: %s', (now, expected) => {
    expect(() => checkWindow(ENVELOPE, now)).toThrow(code(expected));
  });
});

test('an institution key is named by the hash of its public key', () => {
  expect(toHex(institutionKeyId(transportKey))).toBe(
    toHex(ENVELOPE.transportKeyHash.subarray(0, 16)),
  );
});

function withoutEvent({ eventId: _, ...rest }: KeyEnvelope): KeyEnvelope {
  return rest;
}
