import { z } from 'zod';
import { isResponderUrl } from './ocsp-client.ts';
import type { Unproven } from './proven-only.ts';

/** What event.toml says of proving certificates valid: `[validity]`. */
export interface ValidityPlan {
  readonly source: 'crl' | 'ocsp';
  /** Where OCSP is asked. */
  readonly responder?: string | undefined;
  /** An older answer proves nothing, whatever its nextUpdate says. */
  readonly max_age_hours: number;
  readonly unproven: Unproven;
  /** A response without our nonce is taken for so long after it was produced; absent: never. */
  readonly without_nonce_seconds?: number | undefined;
  readonly hash: 'sha1' | 'sha256';
  readonly timeout_seconds: number;
  /** Signs requests: label of a key in the HSM, and the path of its certificate. */
  readonly requestor?: { readonly key: string; readonly certificate: string } | undefined;
  /** Requests under way at once. */
  readonly concurrency: number;
}

export const DEFAULT_VALIDITY = {
  max_age_hours: 24,
  unproven: 'leave-out',
  hash: 'sha1',
  timeout_seconds: 10,
  concurrency: 8,
} as const;

const MAX_CONCURRENCY = 64;
const text = z.string().min(1).max(100);

export const validityTable = z
  .strictObject({
    source: z.enum(['crl', 'ocsp']),
    responder: z
      .string()
      .refine(isResponderUrl, { error: 'must be an http or https address' })
      .optional(),
    max_age_hours: z.number().positive().optional(),
    unproven: z.enum(['leave-out', 'fail']).optional(),
    without_nonce_seconds: z.number().positive().optional(),
    hash: z.enum(['sha1', 'sha256']).optional(),
    timeout_seconds: z.number().positive().max(600).optional(),
    requestor: z.strictObject({ key: text, certificate: text }).optional(),
    concurrency: z.int().min(1).max(MAX_CONCURRENCY).optional(),
  })
  .refine(({ source, responder }) => source === 'crl' || responder !== undefined, {
    path: ['responder'],
    error: 'is needed where source is "ocsp"',
  });
