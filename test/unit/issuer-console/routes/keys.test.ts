import {
  DELIVERY_PATIENCE_MS,
  DESTRUCTION_PATIENCE_MS,
  keyState,
} from '@pinless-gate/issuer-console/domain/keys';
import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  encodeGateKey,
  encodeGateKeyBody,
  GATE_KEY_FORMAT,
  GATE_KEY_TYPE,
} from '@pinless-gate/protocol/gate-key';
import {
  DESTRUCTION_FORMAT,
  DESTRUCTION_TYPE,
  encodeDestruction,
  encodeDestructionBody,
  VERIFIED_BY,
} from '@pinless-gate/protocol/key-destruction';
import { keyHash, signedMessage } from '@pinless-gate/protocol/signed';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENT, envelopeFor, KEY_ID, NewGate, officeOf } from '../enrolling.ts';
import { GATE_A, GATE_B, NOW, startConsole, type TestConsole, TestGate } from '../fixture.ts';

const DAY_S = 86_400;
let started: TestConsole;
let gate: TestGate;
let other: TestGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  gate = new TestGate(GATE_A, 'A');
  other = new TestGate(GATE_B, 'B');
  await started.enrol(gate);
  await started.enrol(other);
});

function recordOf(by: TestGate, gateId = by.gate.id, keyId = KEY_ID): Uint8Array {
  const body = encodeDestructionBody({
    gateId: fromHex(gateId),
    eventId: fromHex(EVENT),
    keys: [{ label: `event-${EVENT}`, keyId }],
    destroyedAt: NOW / 1000 + DAY_S + 60,
    verifiedBy: VERIFIED_BY,
  });
  const signature = by.sign(signedMessage(DESTRUCTION_FORMAT, body));
  return encodeDestruction({ body, signer: keyHash(by.gate.deviceKey), signature });
}

/** A request as this gate signs it. */
function ask(
  by: TestGate,
  method: string,
  path: string,
  body: Uint8Array = new Uint8Array(),
  type = '',
) {
  const authorization = by.authorization(method, path, body, { at: started.now });
  const headers = { authorization, ...(type && { 'content-type': type }) };
  return started.app.request(path, {
    method,
    headers,
    ...(method !== 'GET' && { body: Buffer.from(body) }),
  });
}

interface Listed {
  readonly id: string;
  readonly envelope: string;
  readonly taken: boolean;
  readonly destroy: boolean;
}
const listed = async (by: TestGate) =>
  ((await (await ask(by, 'GET', '/api/keys')).json()) as { keys: Listed[] }).keys;
const codeOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { code: string }).code,
];
const states = async () =>
  (await officeOf(started).keys()).map((key) => `${key.gate} ${keyState(key, started.now)}`);

describe('a key on its way', () => {
  test('is given to its gate alone, as it was put, and the gate tells what became of it', async () => {
    const envelope = envelopeFor(GATE_A);
    expect(await officeOf(started).putKeys([envelope])).toEqual({ put: 1, known: 0 });
    expect(await officeOf(started).putKeys([envelope])).toEqual({ put: 0, known: 1 });
    expect(await states()).toEqual(['A waiting']);
    expect(await listed(other)).toEqual([]);
    expect(await states()).toEqual(['A waiting']);

    const [mine] = await listed(gate);
    expect(mine).toMatchObject({ envelope, taken: false, destroy: false });
    expect(await states()).toEqual(['A delivered']);
    const path = `/api/keys/${mine!.id}/taken`;
    expect((await ask(other, 'POST', path)).status).toBe(404);
    expect((await ask(gate, 'POST', path)).status).toBe(204);
    expect((await ask(gate, 'POST', path)).status).toBe(204);
    expect(await states()).toEqual(['A taken']);
    expect(await listed(gate)).toMatchObject([{ taken: true }]);
  });

  test('is ordered to be destroyed, and never before its window is over', async () => {
    await officeOf(started).putKeys([envelopeFor(GATE_A), envelopeFor(GATE_B)]);
    expect(await officeOf(started).orderDestruction(EVENT)).toBe(2);
    expect(await listed(gate)).toMatchObject([{ destroy: false }]);
    started.now = NOW + 1000 * DAY_S;
    expect(await listed(gate)).toMatchObject([{ destroy: true }]);
    const record = recordOf(gate);
    expect((await ask(gate, 'POST', '/api/keys/destroyed', record, DESTRUCTION_TYPE)).status).toBe(
      204,
    );
    expect(await states()).toEqual(['A destroyed', 'B expired']);
    expect(await listed(gate)).toEqual([]);
    started.now += DESTRUCTION_PATIENCE_MS;
    expect(await states()).toEqual(['A destroyed', 'B no-answer']);
  });

  test('a gate that does not fetch it in an hour owes an answer', async () => {
    await officeOf(started).putKeys([envelopeFor(GATE_A)]);
    started.now += DELIVERY_PATIENCE_MS - 1;
    expect(await states()).toEqual(['A waiting']);
    started.now += 1;
    expect(await states()).toEqual(['A no-answer']);
  });

  test('a record counts for the keys that it names, of the gate that signed it', async () => {
    await officeOf(started).putKeys([envelopeFor(GATE_A)]);
    const send = (by: TestGate, record: Uint8Array) =>
      ask(by, 'POST', '/api/keys/destroyed', record, DESTRUCTION_TYPE);
    const notOwn = [403, 'ERR_KEYS_GATE'];
    expect(await codeOf(await send(other, recordOf(gate)))).toEqual(notOwn);
    expect(await codeOf(await send(gate, recordOf(other, GATE_A)))).toEqual(notOwn);
    expect(await codeOf(await send(gate, recordOf(gate, GATE_B)))).toEqual(notOwn);
    expect((await send(gate, recordOf(gate, GATE_A, new Uint8Array(16)))).status).toBe(204);
    expect(await states()).toEqual(['A waiting']);
  });

  test('of an unknown or a revoked gate nothing is put, also not of the others', async () => {
    await officeOf(started).revoke(GATE_B);
    for (const id of [GATE_B, EVENT]) {
      const put = officeOf(started).putKeys([envelopeFor(GATE_A), envelopeFor(id)]);
      await expect(put).rejects.toMatchObject({ code: 'ERR_KEYS_GATE' });
    }
    expect(await officeOf(started).keys()).toEqual([]);
  });

  test('what is no envelope is not put', async () => {
    const cut = envelopeFor(GATE_A).slice(0, 40);
    await expect(officeOf(started).putKeys([cut])).rejects.toMatchObject({ name: 'FormatError' });
  });

  test.each([
    ['GET', '/api/keys'],
    ['POST', '/api/keys/destroyed'],
    ['PUT', '/api/gate-key'],
    ['POST', `/api/keys/${'0'.repeat(64)}/taken`],
  ])('%s %s is for gates that are known and not revoked', async (method, path) => {
    const type = path.endsWith('gate-key') ? GATE_KEY_TYPE : DESTRUCTION_TYPE;
    const stranger = new TestGate(GATE_A, 'A');
    expect(await codeOf(await ask(stranger, method, path, undefined, type))).toEqual([
      403,
      'ERR_GATE_DENIED',
    ]);
    await officeOf(started).revoke(GATE_A);
    expect(await codeOf(await ask(gate, method, path, undefined, type))).toEqual([
      403,
      'ERR_GATE_REVOKED',
    ]);
  });
});

describe('PUT /api/gate-key', () => {
  function gateKey(by: TestGate, gateId = by.gate.id): Uint8Array {
    const { transportKey } = new NewGate().statement(new Uint8Array(32));
    const body = encodeGateKeyBody({
      gateId: fromHex(gateId),
      deviceKey: by.gate.deviceKey,
      transportKey,
      mechanisms: [{ hash: 'sha1', carrier: 'kwp' }],
    });
    const signature = by.sign(signedMessage(GATE_KEY_FORMAT, body));
    return encodeGateKey({ body, signer: keyHash(by.gate.deviceKey), signature });
  }
  const put = (by: TestGate, key: Uint8Array) =>
    ask(by, 'PUT', '/api/gate-key', key, GATE_KEY_TYPE);

  test('is kept for whoever wraps keys', async () => {
    const key = gateKey(gate);
    expect((await put(gate, key)).status).toBe(204);
    const recipients = await officeOf(started).recipients();
    const base64 = Buffer.from(key).toString('base64');
    expect(recipients.map((one) => one.gateKey)).toEqual([base64, undefined]);
  });

  test.each([
    ['of another gate', () => gateKey(other)],
    ['of its own key under another id', () => gateKey(gate, GATE_B)],
    ['of another key under its own id', () => gateKey(new TestGate(GATE_A, 'A'))],
  ])('one %s is refused', async (_, key) => {
    expect(await codeOf(await put(gate, key()))).toEqual([403, 'ERR_KEYS_GATE']);
  });
});
