import { CeremonyError } from './error.ts';
import { LogFile } from './log-file.ts';
import { PendingSteps } from './pending.ts';
import type { Step } from './step.ts';

export interface LogReport {
  readonly ceremony: string;
  readonly lines: number;
  readonly head: string;
  readonly done: number;
  readonly failed: number;
  /** Ids of steps that were begun, and of which nothing says how they ended. */
  readonly unfinished: readonly string[];
  /** Octets of an unfinished last line. */
  readonly torn: number;
}

/**
 * Follows the whole log, and looks for a tail that was cut off: in steps that are kept beside it, which say where the log
 * stood, and by a head that somebody remembered. What was cut after the newest of these, nothing shows.
 */
export async function verifyLog(directory: string, head?: string): Promise<LogReport> {
  const { log, torn } = await LogFile.open(directory, Date.now);
  if (head !== undefined && !log.hasHead(head)) {
    throw cut(`the log of ${log.sequence} lines never ended in ${head}`);
  }
  const steps = new PendingSteps(directory);
  const ours = (each: Step) => each.ceremony === log.id;
  const begun = (await steps.begun()).filter(ours);
  const waiting = (await steps.waiting()).filter(ours);
  const later = [...begun, ...waiting].find(({ after }) => !log.stoodAt(after));
  if (later)
    throw cut(
      `step ${later.id} was proposed after line ${later.after.sequence}, which is not there`,
    );
  const lost = begun.find(({ id }) => !log.hasBegun(id));
  if (lost) throw cut(`step ${lost.id} was begun, and the log does not have it`);
  const count = (kind: string) => log.entries.filter((entry) => entry.kind === kind).length;
  return {
    ceremony: log.id,
    lines: log.sequence,
    head: log.head,
    done: count('done'),
    failed: count('failed'),
    unfinished: log.unfinished.map(({ id }) => id),
    torn,
  };
}

function cut(message: string): CeremonyError {
  return new CeremonyError('ERR_CEREMONY_LOG_CUT', `audit log: ${message}`, {
    hint: 'lines were cut off its end: compare it with its copies',
  });
}
