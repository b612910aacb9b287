import { type ErrorCode, FormatError } from '../errors.ts';
import { CvcError } from './error.ts';

/** Why a CV certificate or request is refused: one of these, stable, for `--json`. */
export const CVC_REASONS = [
  'malformed',
  'algorithm',
  'curve',
  'key',
  'key-weak',
  'domain',
  'issuer',
  'signature',
  'not-yet-effective',
  'expired',
  'anchor-not-yet-effective',
  'anchor-expired',
  'role',
] as const;
export type CvcReason = (typeof CVC_REASONS)[number];

const REASONS: Readonly<Partial<Record<ErrorCode, CvcReason>>> = {
  ERR_CVC_ALGORITHM: 'algorithm',
  ERR_CVC_CURVE: 'curve',
  ERR_CVC_KEY: 'key',
  ERR_KEY_RSA: 'key',
  ERR_KEY_RSA_SIZE: 'key',
  ERR_KEY_POINT: 'key',
  ERR_CVC_KEY_WEAK: 'key-weak',
  ERR_CVC_DOMAIN: 'domain',
  ERR_CVC_ISSUER: 'issuer',
  ERR_CVC_SIGNATURE: 'signature',
  ERR_CVC_NOT_YET_EFFECTIVE: 'not-yet-effective',
  ERR_CVC_EXPIRED: 'expired',
  ERR_CVC_ANCHOR_NOT_YET_EFFECTIVE: 'anchor-not-yet-effective',
  ERR_CVC_ANCHOR_EXPIRED: 'anchor-expired',
  ERR_CVC_ROLE: 'role',
};

/** The reason that an error of this folder stands for; any other error is thrown again. */
export function cvcReason(error: unknown): CvcReason {
  if (error instanceof FormatError || error instanceof CvcError) {
    return REASONS[error.code] ?? 'malformed';
  }
  throw error;
}
