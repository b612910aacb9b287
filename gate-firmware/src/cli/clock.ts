import { parseArgs } from 'node:util';
import { parseOperatorId, parseReason } from '@pinless-gate/protocol/journal/act';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import { type Command, EXIT_OK, UsageError } from '@pinless-gate/runtime/program';
import { readGateConfig } from '../config.ts';
import { isoTime } from '../journal/shown.ts';
import { systemClock } from '../lane/clock.ts';
import { withJournal } from './journal.ts';
import { configFile } from './options.ts';

/**
 * `gate clock accept`: somebody looked at another clock and says that this one is right, and that the journal
 * was written with one that was ahead. A gate that has it noted believes the machine again.
 */
export const acceptClockCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      operator: { type: 'string' },
      reason: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const { operator, reason } = values;
  if (operator === undefined || reason === undefined) {
    throw new UsageError('--operator and --reason are wanted: the journal keeps both');
  }
  const id = parseOperatorId(operator);
  const { journalDirectory } = await readGateConfig(configFile(values.config));
  const unlock = await lockDirectory(journalDirectory);
  try {
    return await withJournal(values.config, async (journal) => {
      const was = journal.newestTime();
      const at = systemClock.now();
      const { sequence } = journal.append({
        kind: 'act',
        act: 'clock',
        operator: { id, role: 'lead' },
        reason: parseReason(reason),
        tickets: [],
        detail: 'accepted',
        at,
        monotonicMs: Math.round(systemClock.monotonic()),
      });
      const before = was === undefined ? undefined : isoTime(was);
      io.out(
        values.json
          ? JSON.stringify({ sequence, at: isoTime(at), before })
          : `entry ${sequence}: it is ${isoTime(at)}; the journal ended at ${before ?? 'nothing'}`,
      );
      return EXIT_OK;
    });
  } finally {
    await unlock();
  }
};
