import { randomBytes } from 'node:crypto';
import type { Logger } from '@pinless-gate/runtime/log';
import type { Hono } from 'hono';
import type { GateConfig } from '../config.ts';
import type { Journaling } from '../journaling.ts';
import type { Lane } from '../lane/lane.ts';
import { ShortCodes } from '../lane/short-code.ts';
import type { Metrics } from '../metrics.ts';
import type { Lists } from '../whitelist/lists.ts';
import { Acts } from './acts.ts';
import { Admissions } from './admissions.ts';
import { createStaffApp } from './app.tsx';
import { Board } from './board.ts';
import type { StaffTable } from './config.ts';
import { Operators } from './operators.ts';
import { readOperators } from './operators-file.ts';
import { RecentTaps } from './recent-taps.ts';
import { Sessions } from './sessions.ts';

export interface DeskParts {
  readonly config: GateConfig;
  readonly staff: StaffTable;
  readonly lane: Lane;
  readonly lists: Lists;
  readonly journaling: Journaling;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Where staff of this lane look and act: everything behind the staff page and `gate staff`. */
export function openStaffDesk(parts: DeskParts): Hono {
  const { config, staff, lane, lists, journaling, metrics } = parts;
  const { modes, look, passages } = lane.crossing;
  const ledger = journaling.ledger(config.eventId);
  const { clock } = journaling;
  const taps = new RecentTaps(() => clock.now());
  lane.taps.add((tap) => taps.add(tap));
  const undoWithinMs = 1000 * staff.undo_within_s;
  const common = { ledger, modes, look, taps, passages, list: () => lists.current, undoWithinMs };
  const codes = new ShortCodes(randomBytes);
  const admissions = new Admissions({
    ...common,
    letIn: (admission) => lane.letIn(admission),
    direction: config.direction,
    newCode: () => codes.code(undefined, clock.now()),
    proofs: staff.proofs,
  });
  const acts = new Acts({
    ...common,
    admissions,
    reprint: (sequence) => lane.receipts.reprint(sequence),
    onDone: ({ act }, { id, role }) => {
      metrics.acts.inc({ act, role });
      parts.log.info({ act, operator: id, role }, 'staff act');
    },
    onBroken: (error) => lane.fail(error),
  });
  const { name: gateName, timeZone } = config;
  const notReady = () => lane.notReady;
  return createStaffApp({
    acts,
    board: new Board({ ...common, gateName, timeZone, notReady }),
    operators: new Operators({
      read: () => readOperators(staff.operators),
      monotonic: () => clock.monotonic(),
      onRefused: () => metrics.staffRefused.inc(),
    }),
    sessions: new Sessions(() => clock.monotonic(), 60_000 * staff.session_minutes),
    proofs: staff.proofs,
  });
}
