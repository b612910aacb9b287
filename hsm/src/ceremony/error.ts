import { GateError } from '@pinless-gate/protocol/errors';

/** A ceremony step that may not be done, an approval that counts for nothing, or a log that does not hold. */
export class CeremonyError extends GateError {}
