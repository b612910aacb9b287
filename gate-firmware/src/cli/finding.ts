import { GateError } from '@pinless-gate/protocol/errors';

export interface Finding {
  readonly check: string;
  /** `unknown`: it could not be looked at, and `what` says why. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly what: string;
  readonly code?: string;
  /** What to do about it. */
  readonly action?: string;
}

/** Runs one check: what it returns is its words and its value, what it throws is its failure. */
export async function attempt<T>(
  check: string,
  action: string,
  run: () => Promise<readonly [unknown, T]>,
): Promise<{ finding: Finding; value?: T }> {
  try {
    const [what, value] = await run();
    return { finding: { check, outcome: 'ok', what: String(what) }, value };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = error instanceof GateError ? error.code : (error as NodeJS.ErrnoException).code;
    const hint = error instanceof GateError ? error.hint : undefined;
    const finding: Finding = {
      check,
      outcome: 'failed',
      what: error.message,
      action: hint ?? action,
    };
    return { finding: code === undefined ? finding : { ...finding, code } };
  }
}
