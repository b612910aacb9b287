import { FormatError, GateError, readOr } from '@pinless-gate/protocol/errors';
import { describe, expect, test } from 'vitest';

describe('readOr', () => {
  const fail = (error: Error) => () => {
    throw error;
  };

  test('gives what was read', () => {
    expect(readOr(() => 1, fail(new TypeError('not called')))).toBe(1);
  });

  test('gives what becomes of an error of the format', () => {
    const error = new FormatError('ERR_HEX', 'not hexadecimal');
    expect(readOr(fail(error), (given) => given.code)).toBe('ERR_HEX');
  });

  test.each([
    ['a defect', new TypeError('x')],
    ['another error of ours', new GateError('ERR_ISOLATED_DOWN', 'gone')],
  ])('passes %s', (_, error) => {
    expect(() => readOr(fail(error), () => undefined)).toThrow(error);
  });
});
