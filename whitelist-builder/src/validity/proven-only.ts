import { GateError } from '@pinless-gate/protocol/errors';
import type { Revocation } from './revocation.ts';

/** Certificates of which nobody proves that they are good, where that is to stop everything. */
export class ValidityError extends GateError {}

/** What becomes of cards that are not proven valid: they are left out, or nothing is built. */
export type Unproven = 'leave-out' | 'fail';

/** Nothing counts as good that is not proven: what a source does not know is left out. */
export function provenOnly(source: Revocation): Revocation {
  return {
    of: (card) => {
      const answer = source.of(card);
      return answer.status === 'unknown' ? { status: 'revoked', reason: 'not-proven' } : answer;
    },
  };
}
