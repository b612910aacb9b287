import { GateError } from '../errors.ts';

/** A card-verifiable certificate that does not hold: its code says which rule it breaks. */
export class CvcError extends GateError {}
