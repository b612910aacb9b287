import { limitCalls } from '@pinless-gate/gate-firmware/hsm-calls';
import { describe, expect, test } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';

const EVENT = 'event-1';
const data = new Uint8Array(78);
const tooMany = expect.objectContaining({ code: 'ERR_HSM_RATE' });

async function limited(burst: number) {
  const store = new FakeKeyStore();
  await store.generate(EVENT, 'event');
  const clock = { ms: 0 };
  const calls: [string, boolean][] = [];
  const keys = limitCalls(store, {
    burst,
    everyMs: 200,
    now: () => clock.ms,
    onCall: (operation, refused) => calls.push([operation, refused]),
  });
  return { keys, clock, calls };
}

describe('limitCalls', () => {
  test('as many HMACs at once as the burst, and not one more', async () => {
    const { keys, calls } = await limited(3);
    for (let i = 0; i < 3; i++) expect(await keys.mac(EVENT, data)).toHaveLength(64);
    await expect(keys.mac(EVENT, data)).rejects.toThrow(tooMany);
    expect(calls.map(([, refused]) => refused)).toEqual([false, false, false, true]);
  });

  test('one is gained back after its time, not before', async () => {
    const { keys, clock } = await limited(1);
    await keys.mac(EVENT, data);
    clock.ms = 199;
    await expect(keys.mac(EVENT, data)).rejects.toThrow(tooMany);
    clock.ms = 200;
    await keys.mac(EVENT, data);
    await expect(keys.mac(EVENT, data)).rejects.toThrow(tooMany);
  });

  test('a quiet night gains no more than the burst', async () => {
    const { keys, clock } = await limited(2);
    clock.ms = 1e9;
    await keys.mac(EVENT, data);
    await keys.mac(EVENT, data);
    await expect(keys.mac(EVENT, data)).rejects.toThrow(tooMany);
  });

  test('a batch counts as its members', async () => {
    const { keys } = await limited(3);
    await expect(keys.macAll(EVENT, [data, data, data, data])).rejects.toThrow(tooMany);
  });

  test('signatures are counted and not limited', async () => {
    const { keys, calls } = await limited(1);
    await keys.generate('device', 'device');
    for (let i = 0; i < 5; i++) await keys.sign('device', data);
    expect(calls).toEqual(Array.from({ length: 5 }, () => ['sign', false]));
  });
});
