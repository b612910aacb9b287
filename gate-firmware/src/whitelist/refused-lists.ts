import type { GateError } from '@pinless-gate/protocol/errors';

/** A source that does not answer, or not whole, is looked at again: it refuses nothing. */
const UNREACHED = 'ERR_BUNDLE_MISSING';
const REFUSALS = /^ERR_(?:BUNDLE|LIST|PUBLISHERS)_/;

/**
 * Tells once of a list that is there and cannot be taken, however often it is looked at; again after one that was
 * taken, or where the reason is another.
 */
export function tellRefusals(
  tell: (refusal: GateError) => void,
): (failure: GateError | undefined) => void {
  let told: string | undefined;
  return (failure) => {
    if (failure?.code === UNREACHED) return;
    const refusal = failure && REFUSALS.test(failure.code) ? failure : undefined;
    if (refusal && refusal.code !== told) tell(refusal);
    told = refusal?.code;
  };
}
