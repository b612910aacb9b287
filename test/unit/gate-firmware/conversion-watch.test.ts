import { ConversionWatch, WATCH_WINDOWS } from '@pinless-gate/gate-firmware/conversion-watch';
import { LANE_LIMITS, limitCalls } from '@pinless-gate/gate-firmware/hsm-calls';
import { expect, test } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const [short, long] = WATCH_WINDOWS;

function watching() {
  const clock = { ms: 1e6 };
  const states: (string | undefined)[] = [];
  const watch = new ConversionWatch({
    now: () => clock.ms,
    onState: (error) => states.push(error?.code),
  });
  return { clock, states, watch };
}

/** One tap as the lane does it: the call, and 400 ms later the decision that is on record. */
function tapped({ clock, watch }: ReturnType<typeof watching>): void {
  watch.called();
  clock.ms += 400;
  watch.explained();
}

test('an evening of taps without a pause is no alarm', () => {
  const gate = watching();
  for (let i = 0; i < 20_000; i++) {
    tapped(gate);
    if (i % 25 === 0) {
      gate.watch.explained();
      gate.watch.called();
    }
  }
  expect(gate.states).toEqual([]);
  expect(gate.watch.unexplained).toBe(0);
});

test('taps cut off, a list check that failed: what a bad day leaves is no alarm', () => {
  const gate = watching();
  for (let hour = 0; hour < 12; hour++) {
    for (let i = 0; i < long!.spare; i++) {
      gate.watch.called();
      gate.clock.ms += HOUR_MS / long!.spare;
    }
  }
  expect(gate.states).toEqual([]);
});

test('10,000 values asked for in the place of the gate trip it at once', async () => {
  const store = new FakeKeyStore();
  await store.generate('event-1', 'event');
  const { clock, states, watch } = watching();
  let answered = 0;
  const keys = limitCalls(store, {
    ...LANE_LIMITS,
    now: () => clock.ms,
    onCall: (operation) => operation === 'mac' && watch.called(),
  });
  let trippedAt = 0;
  for (let i = 1; i <= 10_000; i++) {
    clock.ms += 1;
    const serial = Uint8Array.of(i >> 8, i);
    await keys.mac('event-1', serial).then(() => answered++, expectRate);
    if (states.length > 0 && trippedAt === 0) trippedAt = i;
  }
  expect(trippedAt).toBe(short!.spare + 1);
  expect(states).toEqual(['ERR_HSM_UNEXPLAINED']);
  expect(answered).toBeLessThanOrEqual(LANE_LIMITS.burst + 10_000 / LANE_LIMITS.everyMs);
});

const expectRate = (error: unknown) => expect(error).toMatchObject({ code: 'ERR_HSM_RATE' });

test('who asks slowly, between real taps, trips the longer window', () => {
  const gate = watching();
  let asked = 0;
  while (gate.states.length === 0) {
    for (let i = 0; i < 20; i++) tapped(gate);
    gate.watch.called();
    asked++;
    gate.clock.ms += MINUTE_MS / (short!.spare - 1) - 8000;
    expect(asked).toBeLessThanOrEqual(long!.spare + 1);
  }
  expect(asked).toBe(long!.spare + 1);
});

test('told once, and once more when it is over', () => {
  const { clock, states, watch } = watching();
  for (let i = 0; i < 100; i++) watch.called();
  expect(states).toEqual(['ERR_HSM_UNEXPLAINED']);
  clock.ms += HOUR_MS - 10_000;
  expect(watch.unexplained).toBe(100);
  clock.ms += 20_000;
  expect(watch.unexplained).toBe(0);
  expect(states).toEqual(['ERR_HSM_UNEXPLAINED', undefined]);
});

test('explanations of an earlier hour excuse nothing', () => {
  const { clock, states, watch } = watching();
  for (let i = 0; i < 500; i++) watch.explained();
  clock.ms += HOUR_MS + 10_000;
  for (let i = 0; i <= short!.spare; i++) watch.called();
  expect(states).toEqual(['ERR_HSM_UNEXPLAINED']);
});
