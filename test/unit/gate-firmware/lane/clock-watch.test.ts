import {
  BEYOND_MS,
  ClockWatch,
  LIST_MS,
  type ListTimes,
  STEP_MS,
} from '@pinless-gate/gate-firmware/lane/clock-watch';
import { describe, expect, test } from 'vitest';

const NOW = Date.UTC(2026, 11, 20, 15);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LIST = { issuedAt: (NOW - HOUR) / 1000, expiresAt: (NOW + DAY) / 1000 };

/** A machine whose clocks a test turns. */
function machine({ at = NOW, floor }: { at?: number; floor?: number } = {}) {
  const time = { wall: at, monotonic: 5000 };
  let list: ListTimes | undefined;
  const steps: number[] = [];
  const watch = new ClockWatch({
    wall: () => time.wall,
    monotonic: () => time.monotonic,
    floor,
    list: () => list,
    onStep: (ms) => steps.push(ms),
  });
  return {
    watch,
    steps,
    /** As time goes by, with a clock that is so much too fast. */
    pass(ms: number, drift = 0) {
      time.monotonic += ms;
      time.wall += ms + drift;
      watch.now();
    },
    follow(next: ListTimes) {
      list = next;
    },
    step(ms: number) {
      time.wall += ms;
    },
    get code() {
      return watch.fault?.code;
    },
  };
}

describe('at the start (K1, K2)', () => {
  test.each<[string, number, string | undefined]>([
    ['as it was', 0, undefined],
    ['a week later', 6 * DAY, undefined],
    ['a little behind the journal', -STEP_MS, undefined],
    ['an hour behind it', -HOUR, 'ERR_CLOCK_BACK'],
    ['a year behind it', -365 * DAY, 'ERR_CLOCK_BACK'],
    ['in 1970', -NOW, 'ERR_CLOCK_BACK'],
    ['a year on: nothing that is signed holds so long', 365 * DAY, 'ERR_CLOCK_FORWARD'],
    ['in 2038', 2 ** 31 * 1000 - NOW, 'ERR_CLOCK_FORWARD'],
    ['at the end of 9999', Date.UTC(9999, 11, 31) - NOW, 'ERR_CLOCK_FORWARD'],
  ])('%s', (_, by, code) => {
    const gate = machine({ at: NOW + by, floor: NOW });
    gate.follow(LIST);
    expect(gate.code).toBe(code);
    // Whatever the machine says: what is written then is neither before what was, nor in another year.
    if (code) expect(gate.watch.now()).toBe(NOW);
    else expect(gate.watch.now()).toBe(Math.max(NOW, NOW + by));
  });

  test('of a gate that never wrote, the list alone says that the clock is behind', () => {
    const gate = machine({ at: 0 });
    expect(gate.code).toBeUndefined();
    gate.follow(LIST);
    expect(gate.code).toBe('ERR_CLOCK_BACK');
    expect(gate.watch.now()).toBe(1000 * LIST.issuedAt - LIST_MS);
  });

  test.each([
    ['behind', -DAY],
    ['far on', 365 * DAY],
  ])('%s, then set: it goes on from there, and is watched', (_, by) => {
    const gate = machine({ at: NOW + by, floor: NOW });
    gate.follow(LIST);
    expect(gate.code).toBeDefined();
    gate.pass(HOUR);
    gate.step(-by);
    expect(gate.code).toBeUndefined();
    expect(gate.watch.now()).toBe(NOW + HOUR);
    gate.step(HOUR);
    expect(gate.code).toBe('ERR_CLOCK_FORWARD');
  });

  test.each([2 ** 31 * 1000, Date.UTC(2050, 0, 1), Date.UTC(9999, 11, 31, 23)])(
    'events are in %i too (K7)',
    (at) => {
      const gate = machine({ at, floor: at - DAY });
      gate.follow({ issuedAt: at / 1000 - 60, expiresAt: at / 1000 + 60 });
      expect([gate.code, gate.watch.now()]).toEqual([undefined, at]);
    },
  );
});

describe('while it runs (K1 to K6)', () => {
  const running = () => {
    const gate = machine({ floor: NOW - DAY });
    gate.follow(LIST);
    gate.pass(HOUR);
    return gate;
  };

  test.each<[string, number, string | undefined]>([
    ['a leap second', 1000, undefined],
    ['a leap second the other way', -1000, undefined],
    ['an hour back', -HOUR, 'ERR_CLOCK_BACK'],
    ['an hour on', HOUR, 'ERR_CLOCK_FORWARD'],
    ['a minute on, by somebody who plays with the time', MINUTE, 'ERR_CLOCK_FORWARD'],
    ['a year on', 365 * DAY, 'ERR_CLOCK_FORWARD'],
  ])('a step: %s', (_, by, code) => {
    const gate = running();
    gate.step(by);
    expect(gate.code).toBe(code);
    expect(gate.watch.now()).toBe(NOW + HOUR + (code || by < 0 ? 0 : by));
    gate.pass(MINUTE);
    gate.step(-by);
    expect(gate.code).toBeUndefined();
    expect(gate.watch.now()).toBe(NOW + HOUR + MINUTE + (code ? 0 : Math.max(0, by)));
  });

  test('five minutes a month are slewed away, and said', () => {
    const gate = running();
    for (let hour = 0; hour < 30 * 24; hour++) {
      gate.pass(HOUR, (5 * MINUTE) / (30 * 24));
      gate.follow({ ...LIST, expiresAt: LIST.expiresAt + hour * 3600 });
      expect(gate.code).toBeUndefined();
    }
    expect(gate.steps.length).toBeGreaterThan(100);
    expect(gate.steps.reduce((sum, step) => sum + step, 0)).toBeCloseTo(5 * MINUTE, -4);
  });

  test('many small steps are a large one: no time server moves a gate at will', () => {
    const gate = running();
    let steps = 0;
    while (!gate.code) {
      gate.pass(1000);
      gate.step(5000);
      steps += 1;
    }
    expect([gate.code, steps]).toEqual(['ERR_CLOCK_FORWARD', 3]);
  });

  test('a tolerated step is told once, with its size', () => {
    const gate = running();
    gate.step(3000);
    gate.watch.now();
    gate.watch.now();
    gate.pass(MINUTE);
    expect(gate.steps).toEqual([3000]);
  });

  test('what it says never goes back', () => {
    const gate = running();
    const said = [0, -2000, 5000, -HOUR, HOUR, 0].map((by) => {
      gate.step(by);
      gate.pass(10);
      return gate.watch.now();
    });
    expect(said).toEqual(said.toSorted((a, b) => a - b));
  });

  test('a list that ends long before tells of the clock; one that just ended does not', () => {
    const gate = running();
    gate.follow({ ...LIST, expiresAt: (NOW - MINUTE) / 1000 });
    expect(gate.code).toBeUndefined();
    gate.follow({ ...LIST, expiresAt: (NOW - BEYOND_MS) / 1000 });
    expect(gate.code).toBe('ERR_CLOCK_FORWARD');
    gate.follow(LIST);
    expect(gate.code).toBeUndefined();
  });

  test('the words say how far', () => {
    const gate = running();
    gate.step(-3 * HOUR);
    expect(gate.watch.fault?.message).toBe('the clock is 3 hours behind where it was');
  });
});
