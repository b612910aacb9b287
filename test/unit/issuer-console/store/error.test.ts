import { guarded } from '@pinless-gate/issuer-console/store/error';
import { GateError } from '@pinless-gate/protocol/errors';
import { describe, expect, test } from 'vitest';

const caught = (error: unknown) =>
  guarded('look up', async () => {
    throw error;
  }).catch((failure: unknown) => failure as GateError);

describe('guarded', () => {
  test.each([
    ['a constraint', { code: '23505', detail: 'Key (x)=(SECRET)' }, 'ERR_STORE_QUERY', '23505'],
    ['a cut link', { code: 'ECONNREFUSED' }, 'ERR_STORE_UNREACHABLE', 'ECONNREFUSED'],
    ['a server that stops', { code: '57P01' }, 'ERR_STORE_UNREACHABLE', '57P01'],
    ['no code', { message: 'SECRET' }, 'ERR_STORE_QUERY', 'gave up'],
    ['a code that is a sentence', { code: 'SECRET in here' }, 'ERR_STORE_QUERY', 'gave up'],
    ['nothing', undefined, 'ERR_STORE_QUERY', 'gave up'],
  ])('%s', async (_, error, code, says) => {
    const failure = await caught(error && Object.assign(new Error('SECRET'), error));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(failure.cause).toBeUndefined();
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('SECRET');
  });

  test('errors of ours and defects pass', async () => {
    for (const error of [new GateError('ERR_X', 'x'), new TypeError('x'), new RangeError('x')]) {
      expect(await caught(error)).toBe(error);
    }
  });
});
