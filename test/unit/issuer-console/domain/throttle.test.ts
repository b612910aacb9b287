import { SignInThrottle } from '@pinless-gate/issuer-console/domain/throttle';
import { beforeEach, describe, expect, test } from 'vitest';

let now: number;
let throttle: SignInThrottle;
beforeEach(() => {
  now = 1_000_000;
  throttle = new SignInThrottle(() => now);
});

const fail = (times: number, account = 'a', address = '192.0.2.1') => {
  for (let i = 0; i < times; i++) throttle.failed(account, address);
};

describe('SignInThrottle', () => {
  test.each([
    [5, 0],
    [6, 1],
    [7, 2],
    [10, 16],
    [15, 512],
    [16, 900],
    [60, 900],
  ])('after %i failures of an account from one address: %i s', (times, waitS) => {
    fail(times);
    expect(throttle.waitS('a', '192.0.2.1')).toBe(waitS);
  });

  test('it passes with time, and is forgotten after an hour', () => {
    fail(7);
    now += 1999;
    expect(throttle.waitS('a', '192.0.2.1')).toBe(1);
    now += 1;
    expect(throttle.waitS('a', '192.0.2.1')).toBe(0);
    now += 3_600_000;
    fail(1);
    expect(throttle.waitS('a', '192.0.2.1')).toBe(0);
  });

  test('others do not wait, neither at that address nor with that account', () => {
    fail(20);
    expect(throttle.waitS('b', '192.0.2.1')).toBe(0);
    expect(throttle.waitS('a', '192.0.2.2')).toBe(0);
  });

  test('who signed in from there before is not held up by what others do', () => {
    throttle.succeeded('a', '192.0.2.1');
    for (let i = 0; i < 200; i++) throttle.failed('a', `198.51.100.${i}`);
    for (let i = 0; i < 200; i++) throttle.failed(`guess-${i}`, '192.0.2.1');
    expect(throttle.waitS('a', '192.0.2.1')).toBe(0);
    expect(throttle.waitS('a', '203.0.113.1')).toBe(60);
    expect(throttle.waitS('c', '192.0.2.1')).toBe(60);
  });

  test('success forgets that pair’s failures', () => {
    fail(9);
    throttle.succeeded('a', '192.0.2.1');
    expect(throttle.waitS('a', '192.0.2.1')).toBe(0);
  });

  test('a clock that is set back makes nobody wait for longer', () => {
    fail(6);
    now -= 500_000;
    expect(throttle.waitS('a', '192.0.2.1')).toBe(1);
  });
});
