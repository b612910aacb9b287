import { GateError } from '@pinless-gate/protocol/errors';

/** An act that staff may not do, or that would do nothing. `hint` says what may help. */
export class StaffError extends GateError {}

export function refuse(code: `ERR_${string}`, message: string, hint?: string): never {
  throw new StaffError(code, message, hint === undefined ? {} : { hint });
}
