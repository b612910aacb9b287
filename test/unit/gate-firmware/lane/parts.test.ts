import { randomBytes } from 'node:crypto';
import { StepTimes } from '@pinless-gate/gate-firmware/lane/clock';
import { Nonces } from '@pinless-gate/gate-firmware/lane/nonce';
import { ShortCodes } from '@pinless-gate/gate-firmware/lane/short-code';
import { toHex } from '@pinless-gate/protocol/bytes';
import { describe, expect, test } from 'vitest';
import { HOUR_MS, withCode } from '../fixture.ts';

const CARD = new Uint8Array(16).fill(1);
const OTHER = new Uint8Array(16).fill(2);
const AT = 400_000 * HOUR_MS;

describe('ShortCodes', () => {
  test('has a form that can be read aloud', () => {
    const codes = new ShortCodes(randomBytes);
    for (let i = 0; i < 500; i++) {
      expect(codes.code(undefined, AT)).toMatch(/^[ACDEFHJKLMNPRTUVWXY]\d-\d\d$/);
    }
  });

  test('is the same for a card all the hour, to the last millisecond', () => {
    const codes = new ShortCodes(randomBytes);
    const first = codes.code(CARD, AT);
    expect(codes.code(CARD, AT + HOUR_MS - 1)).toBe(first);
    expect(codes.code(OTHER, AT)).not.toBe(codes.code(undefined, AT));
  });

  test('dies with the hour, even where the clock goes back to it', () => {
    let drawn = 0;
    const codes = new ShortCodes((length) => new Uint8Array(length).fill(++drawn));
    const first = codes.code(CARD, AT);
    const next = codes.code(CARD, AT + HOUR_MS);
    expect(next).not.toBe(first);
    expect(codes.code(CARD, AT)).not.toBe(first);
  });

  test('of two gates have nothing in common', () => {
    const [one, two] = [new ShortCodes(randomBytes), new ShortCodes(randomBytes)];
    const cards = Array.from({ length: 20 }, (_, i) => new Uint8Array(16).fill(i));
    const all = (codes: ShortCodes) => cards.map((card) => codes.code(card, AT)).join();
    expect(all(one)).not.toBe(all(two));
    expect(all(one)).toBe(all(one));
  });

  test('an unknown card has another one each time', () => {
    const codes = new ShortCodes(randomBytes);
    const drawn = new Set(Array.from({ length: 50 }, () => codes.code(undefined, AT)));
    expect(drawn.size).toBeGreaterThan(30);
  });
});

describe('Nonces', () => {
  test('gives 32 fresh octets each time', () => {
    const nonces = new Nonces(randomBytes);
    const drawn = Array.from({ length: 100 }, () => toHex(nonces.next()));
    expect(new Set(drawn).size).toBe(100);
    expect(drawn.every((one) => one.length === 64)).toBe(true);
  });

  test.each<[string, (length: number) => Uint8Array]>([
    ['always the same', (length) => new Uint8Array(length).fill(7)],
    ['nothing but zeros', (length) => new Uint8Array(length)],
    ['too few octets', () => randomBytes(31)],
    ['none', () => new Uint8Array(0)],
  ])('a generator that gives %s', (_, random) => {
    expect(() => new Nonces(random).next()).toThrow(withCode('ERR_NONCE'));
  });

  test('stays broken while the generator is, from its first repetition on', () => {
    let stuck = false;
    const nonces = new Nonces((length) => (stuck ? new Uint8Array(length) : randomBytes(length)));
    nonces.next();
    stuck = true;
    nonces.next();
    expect(() => nonces.next()).toThrow(withCode('ERR_NONCE'));
    expect(() => nonces.next()).toThrow(withCode('ERR_NONCE'));
  });
});

describe('StepTimes', () => {
  test('splits the time of a tap into steps, in microseconds', () => {
    let now = 5000;
    const times = new StepTimes({ now: () => 0, monotonic: () => now });
    now += 1.5;
    times.end('identify');
    now += 0.0004;
    times.end('convert');
    now += 60;
    times.end('sign');
    expect(times.steps).toEqual({ identify: 1500, convert: 0, sign: 60_000 });
    expect(Object.keys(times.steps)).toEqual(['identify', 'convert', 'sign']);
    expect(times.totalMs).toBeCloseTo(61.5004);
  });
});
