import { faultEffect, parseFault, parseStep } from '@pinless-gate/test/sandbox/card/fault';
import { describe, expect, test } from 'vitest';

describe('parseFault', () => {
  test.each([
    ['sign=leave', { atStep: 'sign', answer: 'leave' }],
    ['select=mute', { atStep: 'select', answer: 'mute' }],
    ['read-certificate=nonsense', { atStep: 'read-certificate', answer: 'nonsense' }],
    ['get-challenge=6F00', { atStep: 'get-challenge', answer: '6F00' }],
    ['token-info=250ms', { atStep: 'token-info', answer: 250 }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each(['sign', 'sign=', 'signing=leave', 'sign=6F0', 'sign=away', '=leave', 'sign=-1ms'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseFault(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
    },
  );
});

describe('parseStep', () => {
  test('an unknown step is refused with the known ones', () => {
    expect(parseStep('sign')).toBe('sign');
    expect(() => parseStep('verify')).toThrow(
      expect.objectContaining({ code: 'ERR_USAGE', hint: expect.stringContaining('sign') }),
    );
  });
});

describe('faultEffect', () => {
  test('at another step nothing happens', () => {
    expect(faultEffect([{ atStep: 'sign', answer: 'leave' }], 'select', 1)).toBeUndefined();
  });

  test('without a number it applies every time', () => {
    const faults = [{ atStep: 'sign', answer: 'mute' } as const];
    expect([1, 2].map((nth) => faultEffect(faults, 'sign', nth)?.kind)).toEqual(['mute', 'mute']);
  });

  test('with a number it applies that time only', () => {
    const faults = [{ atStep: 'load-certificate', answer: '6300', nth: 3 } as const];
    const kinds = [1, 2, 3, 4].map((nth) => faultEffect(faults, 'load-certificate', nth)?.kind);
    expect(kinds).toEqual([undefined, undefined, 'respond', undefined]);
  });

  test('nonsense differs each time', () => {
    const nonsense = () => {
      const effect = faultEffect([{ atStep: 'sign', answer: 'nonsense' }], 'sign', 1);
      return effect?.kind === 'respond' ? Buffer.from(effect.response).toString('hex') : '';
    };
    expect(new Set(Array.from({ length: 20 }, nonsense)).size).toBeGreaterThan(10);
  });
});
