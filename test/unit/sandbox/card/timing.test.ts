import {
  modelledMs,
  NO_TIMING,
  parseDuration,
  parseTiming,
  waitUntil,
} from '@pinless-gate/test/sandbox/card/timing';
import { describe, expect, test } from 'vitest';
import { BUSY_MS } from '../../../busy.ts';

describe('parseTiming', () => {
  test('none takes no time', () => {
    expect(parseTiming('none')).toEqual(NO_TIMING);
  });

  test('what is not named takes no time', () => {
    expect(parseTiming('rsa=197ms')).toEqual({ ...NO_TIMING, rsaMs: 197 });
  });

  test('all parts', () => {
    const timing = parseTiming('rsa=0.2s,ecdsa=82ms,verify=15.5ms,command=1ms,rate=106k');
    expect(timing).toMatchObject({ rsaMs: 200, ecdsaMs: 82, verifyMs: 15.5, commandMs: 1 });
    expect(timing.octetMs).toBeCloseTo(0.0943, 4);
  });

  test.each([
    ['106k', 94.3],
    ['212k', 47.2],
    ['424k', 23.6],
    ['848k', 11.8],
  ])('an octet at %s takes %f µs', (rate, us) => {
    expect(parseTiming(`rate=${rate}`).octetMs * 1000).toBeCloseTo(us, 1);
  });

  test.each([
    ['', 'nothing'],
    ['rsa', 'no value'],
    ['rsa=', 'an empty value'],
    ['rsa=197', 'no unit'],
    ['rsa=-1ms', 'a negative duration'],
    ['rsa=61s', 'over a minute'],
    ['sign=1ms', 'an unknown part'],
    ['toString=1ms', 'an inherited name'],
    ['rate=424', 'a rate without k'],
    ['rate=0k', 'no rate'],
    ['rsa=1ms,rsa=2ms', 'a part twice'],
    ['none,rsa=1ms', 'none and more'],
  ])('"%s" is refused: %s', (spec) => {
    expect(() => parseTiming(spec)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });
});

describe('parseDuration', () => {
  test.each([
    ['3s', 3000],
    ['250ms', 250],
    ['1.5s', 1500],
    ['3', undefined],
    ['3m', undefined],
    ['', undefined],
    ['-3s', undefined],
  ])('%s is %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('modelledMs', () => {
  const timing = parseTiming('rsa=100ms,ecdsa=50ms,verify=10ms,command=1ms,rate=100k');

  test.each([
    ['rsa', 101.0],
    ['ecdsa', 51.0],
    ['verify', 11.0],
    [undefined, 1.0],
  ] as const)('%s', (work, ms) => {
    expect(modelledMs(timing, 0, 0, work)).toBeCloseTo(ms);
  });

  test('the air takes its time both ways', () => {
    expect(modelledMs(timing, 38, 258, undefined)).toBeCloseTo(1 + 29.6);
  });
});

describe('waitUntil', () => {
  test.each([0.3, 2, 7.5])('%f ms is never too early', async (ms) => {
    const deadline = performance.now() + ms;
    await waitUntil(deadline);
    expect(performance.now()).toBeGreaterThanOrEqual(deadline);
  });

  test('the past is not waited for', async () => {
    const before = performance.now();
    await waitUntil(before - 60_000);
    expect(performance.now() - before).toBeLessThan(500 + BUSY_MS);
  });
});
