import { tellRefusals } from '@pinless-gate/gate-firmware/whitelist/refused-lists';
import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';
import { expect, test } from 'vitest';

test.each<[string, (ErrorCode | undefined)[], string[]]>([
  [
    'once, however often it is looked at',
    ['ERR_BUNDLE_ROLLBACK', 'ERR_BUNDLE_ROLLBACK'],
    ['ERR_BUNDLE_ROLLBACK'],
  ],
  [
    'again after one that was taken',
    ['ERR_BUNDLE_HASH', undefined, 'ERR_BUNDLE_HASH'],
    ['ERR_BUNDLE_HASH', 'ERR_BUNDLE_HASH'],
  ],
  [
    'of another reason',
    ['ERR_BUNDLE_HASH', 'ERR_LIST_STORAGE'],
    ['ERR_BUNDLE_HASH', 'ERR_LIST_STORAGE'],
  ],
  ['not of a source that does not answer', ['ERR_BUNDLE_MISSING'], []],
  [
    'which refuses nothing between',
    ['ERR_BUNDLE_HASH', 'ERR_BUNDLE_MISSING', 'ERR_BUNDLE_HASH'],
    ['ERR_BUNDLE_HASH'],
  ],
  ['not of what is no list’s fault', ['ERR_HSM_DOWN'], []],
])('a gate tells of lists that it refuses: %s', (_, failures, told) => {
  const codes: string[] = [];
  const look = tellRefusals(({ code }) => codes.push(code));
  for (const code of failures) look(code && new GateError(code, 'why'));
  expect(codes).toEqual(told);
});
