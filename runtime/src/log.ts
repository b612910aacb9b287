import pino, { type Logger } from 'pino';

export type { Logger };

/**
 * Structured lines on standard error, one a decision. Never card data: callers log codes, durations and
 * ids of ours.
 */
export function createLog(name: string, level = 'info'): Logger {
  return pino(
    { name, level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  );
}
