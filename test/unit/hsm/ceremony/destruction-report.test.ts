import { recordDestruction } from '@pinless-gate/hsm/ceremony/destroy-event-keys';
import { reportDestruction } from '@pinless-gate/hsm/ceremony/destruction-report';
import { decodeDestruction } from '@pinless-gate/protocol/key-destruction';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { EVENT_ID, makeOtherGate, NOW } from './transport-stage.ts';

const [A, B, C] = [1, 2, 3].map((octet) => new Uint8Array(16).fill(octet)) as Uint8Array[];
const FIRST = new Uint8Array(16).fill(8);
const SECOND = new Uint8Array(16).fill(9);
let stores: FakeKeyStore[];
let gates: { id: Uint8Array; name: string; deviceKey: Uint8Array }[];

beforeAll(async () => {
  stores = [await makeOtherGate(), await makeOtherGate(), await makeOtherGate()];
  gates = [];
  for (const [i, id] of [A!, B!, C!].entries()) {
    gates.push({ id, name: `gate ${i}`, deviceKey: await stores[i]!.publicKey('device') });
  }
});

interface Said {
  readonly by?: number;
  readonly eventId?: Uint8Array;
  readonly keyIds?: readonly Uint8Array[];
  readonly at?: number;
}

async function record(gateId: Uint8Array, said: Said) {
  const { by = 0, eventId = EVENT_ID, keyIds = [FIRST], at = NOW } = said;
  const keys = keyIds.map((keyId, i) => ({ label: `event-${i}`, keyId }));
  const facts = { gateId, eventId, keys, destroyedAt: at };
  return decodeDestruction(await recordDestruction(stores[by]!, 'device', facts));
}

const outcomes = (...records: Awaited<ReturnType<typeof record>>[]) =>
  reportDestruction(EVENT_ID, gates, records, [FIRST]).gates.map(({ outcome }) => outcome);

describe('reportDestruction', () => {
  test('names the gate that has not answered', async () => {
    const answers = [await record(A!, {}), await record(B!, { by: 1 })];
    const report = reportDestruction(EVENT_ID, gates, answers, [FIRST]);
    expect(report.complete).toBe(false);
    expect(report.gates.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['gate 0', 'destroyed'],
      ['gate 1', 'destroyed'],
      ['gate 2', 'no-answer'],
    ]);
  });

  test('complete when all have', async () => {
    const answers = [
      await record(A!, {}),
      await record(B!, { by: 1 }),
      await record(C!, { by: 2 }),
    ];
    expect(reportDestruction(EVENT_ID, gates, answers, [FIRST]).complete).toBe(true);
  });

  test('a record that another gate signed', async () => {
    expect(outcomes(await record(A!, { by: 1 }))[0]).toBe('not-verified');
  });

  test('a false record does not hide a true one', async () => {
    expect(outcomes(await record(A!, { by: 1 }), await record(A!, {}))[0]).toBe('destroyed');
  });

  test('a record of another event is none', async () => {
    expect(outcomes(await record(A!, { eventId: B! }))[0]).toBe('no-answer');
  });

  test('a record that leaves a generation out', async () => {
    const answers = [await record(A!, {})];
    const [one] = reportDestruction(EVENT_ID, gates, answers, [FIRST, SECOND]).gates;
    expect(one).toMatchObject({ outcome: 'incomplete', why: expect.stringContaining('0909') });
  });

  test('generations destroyed one after the other', async () => {
    const answers = [await record(A!, {}), await record(A!, { keyIds: [SECOND], at: NOW + 5 })];
    const [one] = reportDestruction(EVENT_ID, gates, answers, [FIRST, SECOND]).gates;
    expect(one).toMatchObject({ outcome: 'destroyed', destroyedAt: NOW + 5 });
  });
});
