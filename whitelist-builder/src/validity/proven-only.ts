import { GateError } from '@pinless-gate/protocol/errors';
import type { Revocation, RevocationAnswer, Subject } from './revocation.ts';

/** Certificates of which nobody proves that they are good, where that is to stop everything. */
export class ValidityError extends GateError {}

/** What becomes of cards that are not proven valid: they are left out, or nothing is built. */
export type Unproven = 'leave-out' | 'fail';

/** Nothing counts as good that is not proven: what a source does not know is taken for revoked. */
export class ProvenOnly implements Revocation {
  readonly #source: Revocation;
  readonly #unproven: Unproven;

  constructor(source: Revocation, unproven: Unproven) {
    this.#source = source;
    this.#unproven = unproven;
  }

  of(card: Subject): RevocationAnswer {
    const answer = this.#source.of(card);
    if (answer.status !== 'unknown') return answer;
    if (this.#unproven === 'leave-out') return { status: 'revoked', reason: 'not-proven' };
    throw new ValidityError('ERR_VALIDITY_UNPROVEN', 'a card is not proven valid', {
      hint: 'whitelist check --report says which purchases; validity.unproven = "leave-out" builds without them',
    });
  }
}
