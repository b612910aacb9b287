import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Approval, approvalMessage } from '@pinless-gate/hsm/ceremony/approval';
import { AuditLog, type NewLogEntry } from '@pinless-gate/hsm/ceremony/audit-log';
import { operatorEntry } from '@pinless-gate/hsm/ceremony/operators';
import { type Step, stepDigest } from '@pinless-gate/hsm/ceremony/step';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { encodeJpkiCvc, encodeJpkiCvcBody } from '@pinless-gate/protocol/cvc/jpki';
import {
  encodeJpkiRequest,
  encodeJpkiRequestBody,
  jpkiRequestMessage,
} from '@pinless-gate/protocol/cvc/jpki-request';
import {
  DESTRUCTION_FORMAT,
  encodeDestruction,
  encodeDestructionBody,
  type KeyDestruction,
  VERIFIED_BY,
} from '@pinless-gate/protocol/key-destruction';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { keyHash, signedMessage } from '@pinless-gate/protocol/signed';
import { EVENT, KEY_ID } from './enrolling.ts';
import { NOW } from './fixture.ts';

/** What a ceremony brings, without a module. */

export interface RsaParty {
  readonly id: Uint8Array;
  readonly key: RsaPublicKey;
  readonly privateKey: KeyObject;
}

export function rsaParty(number: string): RsaParty {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = readPublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
  const id = fromHex(`${Buffer.from(number).toString('hex')}080530303100000000`);
  return { id, key: key as RsaPublicKey, privateKey };
}

export function jpkiRequest({ key }: RsaParty, signer: KeyObject): Uint8Array {
  const body = encodeJpkiRequestBody(key);
  return encodeJpkiRequest(body, sign('sha256', jpkiRequestMessage(body), signer));
}

export function jpkiCvc(issuer: RsaParty, subject: RsaParty): Uint8Array {
  const [issuerKeyId, subjectKeyId, publicKey] = [issuer.id, subject.id, subject.key];
  const body = encodeJpkiCvcBody({ issuerKeyId, subjectKeyId, publicKey });
  return encodeJpkiCvc(body, sign('sha256', body, issuer.privateKey));
}

interface Custodian {
  readonly name: string;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

function custodian(name: string): Custodian {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { name, pem: publicKey.export({ format: 'pem', type: 'spki' }).toString(), privateKey };
}

/** The log of a ceremony of two, line by line. */
export class TestCeremony {
  readonly lines: string[] = [];
  readonly #log = new AuditLog();
  readonly #people = [custodian('sato'), custodian('suzuki')];

  constructor() {
    const operators = this.#people.map(({ name, pem }) =>
      operatorEntry(name, 'key custodian', pem),
    );
    this.#write({
      kind: 'begin',
      format: 'pinless-gate/ceremony/1',
      nonce: '0'.repeat(32),
      approvals: 2,
      operators,
    });
  }

  get octets(): Uint8Array {
    return octetsOf(this.lines);
  }

  /** One approved step of this event. */
  step(outcome: 'done' | 'failed' | 'open', id = '00112233445566aa'): this {
    const at = new Date(NOW).toISOString();
    const step: Step = {
      format: 'pinless-gate/ceremony-step/1',
      id,
      ceremony: this.#log.id,
      action: 'event-key-wrap',
      details: { event: EVENT, key: `event-${EVENT}` },
      proposedAt: at,
      expiresAt: new Date(NOW + 3_600_000).toISOString(),
      after: { sequence: this.#log.sequence, hash: this.#log.head },
    };
    const approvals = this.#people.map(({ name, privateKey }): Approval => {
      const unsigned: Approval = {
        format: 'pinless-gate/ceremony-approval/1',
        operator: name,
        step: id,
        digest: stepDigest(step),
        at,
        signature: '',
      };
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
      return { ...unsigned, signature: toHex(sign('sha256', approvalMessage(unsigned), key)) };
    });
    this.#write({ kind: 'intent', step, approvals });
    if (outcome === 'done') this.#write({ kind: 'done', step: id, facts: { envelopes: ['one'] } });
    if (outcome === 'failed') this.#write({ kind: 'failed', step: id, code: 'ERR_HSM_PIN' });
    return this;
  }

  #write(entry: NewLogEntry): void {
    const line = this.#log.format(entry, NOW);
    this.#log.take(line);
    this.lines.push(line);
  }
}

export const octetsOf = (lines: readonly string[]): Uint8Array =>
  new Uint8Array(Buffer.from(lines.map((line) => `${line}\n`).join('')));

/** A gate's word, signed by whoever is asked to. */
export function destructionBy(
  signer: { sign(octets: Uint8Array): Uint8Array; readonly deviceKey: Uint8Array },
  gateId: string,
  more: Partial<KeyDestruction> = {},
): Uint8Array {
  const body = encodeDestructionBody({
    gateId: fromHex(gateId),
    eventId: fromHex(EVENT),
    keys: [{ label: `event-${EVENT}`, keyId: KEY_ID }],
    destroyedAt: NOW / 1000,
    verifiedBy: VERIFIED_BY,
    ...more,
  });
  const signature = signer.sign(signedMessage(DESTRUCTION_FORMAT, body));
  return encodeDestruction({ body, signer: keyHash(signer.deviceKey), signature });
}
