import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  type Invited,
  type NewInvitation,
  office,
} from '@pinless-gate/issuer-console/domain/office';
import { enrolmentStore } from '@pinless-gate/issuer-console/store/enrolment';
import { keyDeliveryStore } from '@pinless-gate/issuer-console/store/keys';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  decodeEnrolmentOffer,
  ENROLMENT_TYPE,
  type EnrolmentStatement,
  encodeEnrolmentRequest,
  encodeEnrolmentStatement,
  enrolmentMessage,
} from '@pinless-gate/protocol/enrolment';
import { hashEnrolmentToken, parseEnrolmentToken } from '@pinless-gate/protocol/enrolment-token';
import { gateCode } from '@pinless-gate/protocol/gate-code';
import {
  ENVELOPE_FORMAT,
  encodeEnvelope,
  encodeEnvelopeBody,
  type KeyEnvelope,
} from '@pinless-gate/protocol/key-envelope';
import { keyHash, signedMessage } from '@pinless-gate/protocol/signed';
import { CONSOLE_ID, NOW, PUBLISHER, type TestConsole } from './fixture.ts';

const spki = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }));
export const transportKey = spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);

/** A gate before its enrolment: keys, and what it states of itself. */
export class NewGate {
  readonly deviceKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.deviceKey = spki(publicKey);
    this.#privateKey = privateKey;
  }

  sign(octets: Uint8Array): Uint8Array {
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return new Uint8Array(sign('sha256', octets, key));
  }

  statement(challenge: Uint8Array, more: Partial<EnrolmentStatement> = {}): EnrolmentStatement {
    return {
      consoleId: fromHex(CONSOLE_ID),
      challenge,
      tokenHash: new Uint8Array(32),
      deviceKey: this.deviceKey,
      transportKey,
      software: '0.1.0',
      module: {
        description: 'Implementation of PKCS11',
        version: '2.6',
        manufacturer: 'SoftHSM project',
        model: 'SoftHSM v2',
        serial: 'dc97b44e0caca822',
      },
      capabilities: ['rsa-oaep-sha1+aes-256-kwp'],
      ...more,
    };
  }

  /** A whole request with this token, as `gate enrol` makes it. */
  request(token: string, challenge: Uint8Array, more: Partial<EnrolmentStatement> = {}) {
    const tokenHash = hashEnrolmentToken(parseEnrolmentToken(token));
    const statement = encodeEnrolmentStatement(this.statement(challenge, { tokenHash, ...more }));
    const signature = this.sign(enrolmentMessage(statement));
    return post(encodeEnrolmentRequest({ token, statement, signature }));
  }
}

export const post = (body: Uint8Array): RequestInit => ({
  method: 'POST',
  body: Buffer.from(body),
  headers: { 'content-type': ENROLMENT_TYPE },
});

export async function challengeOf({ app }: TestConsole): Promise<Uint8Array> {
  const response = await app.request('/api/enrolment/offer', { method: 'POST' });
  return decodeEnrolmentOffer(new Uint8Array(await response.arrayBuffer())).challenge;
}

/** `gate invite`. */
export function invite(started: TestConsole, more: Partial<NewInvitation> = {}): Promise<Invited> {
  return officeOf(started).invite({
    name: '北ゲート 1',
    eventIds: [],
    validMs: 3_600_000,
    ...more,
  });
}

export function officeOf(started: TestConsole, publishers = [PUBLISHER.gate.deviceKey]) {
  return office({
    ...started.stores,
    enrolment: enrolmentStore(started.database.db),
    keys: keyDeliveryStore(started.database.db),
    consoleId: async () => CONSOLE_ID,
    by: { kind: 'command', id: 'test' },
    publishers,
    now: () => started.now,
    random: (length) => new Uint8Array(randomBytes(length)),
  });
}

export const EVENT = '2be552203c4c0f4f0703b037dfbd00e5';
export const KEY_ID = new Uint8Array(16).fill(6);
const DAY_S = 86_400;

/** A wrapped key in base64, open for a day around `NOW`; nobody can unwrap it. */
export function envelopeFor(gateId: string, more: Partial<KeyEnvelope> = {}): string {
  const body = encodeEnvelopeBody({
    kind: 'event',
    eventId: fromHex(EVENT),
    keyId: KEY_ID,
    label: `event-${EVENT}`,
    generation: 1,
    validFrom: NOW / 1000 - DAY_S,
    validUntil: NOW / 1000 + DAY_S,
    issuedAt: NOW / 1000,
    gateId: fromHex(gateId),
    transportKeyHash: keyHash(transportKey),
    mechanism: { hash: 'sha1', carrier: 'kwp' },
    wrappedKek: new Uint8Array(384),
    wrappedKey: new Uint8Array(randomBytes(72)),
    ...more,
  });
  const signature = PUBLISHER.sign(signedMessage(ENVELOPE_FORMAT, body));
  const signer = keyHash(PUBLISHER.gate.deviceKey);
  return Buffer.from(encodeEnvelope({ body, signer, signature })).toString('base64');
}

/** A gate that enrolled itself, the code that it shows, and a file with a key for it. */
export async function enrolledGate(started: TestConsole) {
  const { token, gateId } = await invite(started);
  const gate = new NewGate();
  await started.app.request('/api/enrolment', gate.request(token, await challengeOf(started)));
  const hashes = { deviceKey: keyHash(gate.deviceKey), transportKey: keyHash(transportKey) };
  const file = { name: 'event.envelope', content: envelopeFor(gateId) };
  return { gate, gateId, code: gateCode(hashes), file };
}
