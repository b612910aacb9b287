import type { GateError } from '@pinless-gate/protocol/errors';
import type { Logger } from '@pinless-gate/runtime/log';

/** Logs a lasting trouble when it begins, when it changes and when it ends: once each. */
export function troubleLog(log: Logger, what: string): (error: GateError | undefined) => void {
  let last: string | undefined;
  return (error) => {
    if (error?.code === last) return;
    last = error?.code;
    if (error) log.warn({ code: error.code, hint: error.hint }, `${what}: ${error.message}`);
    else log.info(`${what}: well again`);
  };
}
