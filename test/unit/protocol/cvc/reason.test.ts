import { CvcError } from '@pinless-gate/protocol/cvc/error';
import { CVC_REASONS, cvcReason } from '@pinless-gate/protocol/cvc/reason';
import { type ErrorCode, FormatError, GateError } from '@pinless-gate/protocol/errors';
import { describe, expect, test } from 'vitest';

describe('cvcReason', () => {
  test.each<[ErrorCode, string]>([
    ['ERR_CVC_ALGORITHM', 'algorithm'],
    ['ERR_CVC_CURVE', 'curve'],
    ['ERR_CVC_KEY', 'key'],
    ['ERR_KEY_RSA', 'key'],
    ['ERR_KEY_POINT', 'key'],
    ['ERR_CVC_KEY_WEAK', 'key-weak'],
    ['ERR_CVC_DOMAIN', 'domain'],
    ['ERR_CVC_ISSUER', 'issuer'],
    ['ERR_CVC_SIGNATURE', 'signature'],
    ['ERR_CVC_NOT_YET_EFFECTIVE', 'not-yet-effective'],
    ['ERR_CVC_EXPIRED', 'expired'],
    ['ERR_CVC_ANCHOR_NOT_YET_EFFECTIVE', 'anchor-not-yet-effective'],
    ['ERR_CVC_ANCHOR_EXPIRED', 'anchor-expired'],
    ['ERR_CVC_ROLE', 'role'],
    ['ERR_TLV_TRUNCATED', 'malformed'],
    ['ERR_CVC_LAYOUT', 'malformed'],
  ])('%s is %s', (code, reason) => {
    expect(cvcReason(new FormatError(code, 'x'))).toBe(reason);
    expect(cvcReason(new CvcError(code, 'x'))).toBe(reason);
    expect(CVC_REASONS).toContain(reason);
  });

  test.each([
    ['a defect', new TypeError('x')],
    ['an error of another kind', new GateError('ERR_CVC_SIGNATURE', 'x')],
    ['no error', 'x'],
  ])('%s is thrown again', (_, error) => {
    expect(() => cvcReason(error)).toThrow();
  });
});
