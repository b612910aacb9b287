import { GateEnrolmentError } from '../domain/gate.ts';
import { OfficeError } from '../domain/office.ts';
import { type RefusalCode, RefusedError } from '../domain/refusal.ts';

/** What an operator asked for in due form and cannot have. */
export async function acceptable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GateEnrolmentError || error instanceof OfficeError)) throw error;
    // The codes of these two are among those that pages have words for.
    throw new RefusedError('invalid', error.code as RefusalCode, error.message);
  }
}
