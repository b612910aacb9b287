import {
  decodeJournalUpload,
  JOURNAL_UPLOAD_TYPE,
  type JournalReceipt,
} from '@pinless-gate/protocol/fleet';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import {
  gateIdOf,
  type JournalStore,
  type Placement,
  readUpload,
  type UploadedEntry,
} from '../domain/journal.ts';
import { DENIED, type GateAuth } from './gate-auth.ts';
import { bodyTooLarge, type Problem, ProblemError, requireType, wellFormed } from './problem.ts';

export const MAX_UPLOAD_LENGTH = 1024 * 1024;

export interface JournalRoutesDeps {
  readonly authentic: GateAuth;
  readonly journal: JournalStore;
  readonly now: () => number;
  /** Told of every upload that was placed, and of its fresh entries where they were kept. */
  readonly onPlaced: (gateId: string, placement: Placement) => void;
}

export const journalRoutes = (deps: JournalRoutesDeps) =>
  new Hono().post(
    '/api/journal',
    bodyLimit({ maxSize: MAX_UPLOAD_LENGTH, onError: bodyTooLarge(MAX_UPLOAD_LENGTH) }),
    async (c) => {
      requireType(c, JOURNAL_UPLOAD_TYPE);
      const body = new Uint8Array(await c.req.arrayBuffer());
      const { id: gateId } = await deps.authentic(c, body);
      const entries = entriesOf(gateId, body);
      const placement = await deps.journal.receive(gateId, entries, deps.now());
      if (!placement) throw new ProblemError(DENIED);
      deps.onPlaced(gateId, placement);
      if (placement.outcome !== 'accepted') throw new ProblemError(misplaced(placement));
      return c.json<JournalReceipt>({ sequence: placement.sequence });
    },
  );

/** A gate uploads its own entries. */
function entriesOf(gateId: string, body: Uint8Array): UploadedEntry[] {
  const upload = wellFormed(() => decodeJournalUpload(body));
  if (gateIdOf(upload) !== gateId) throw new ProblemError(DENIED);
  return wellFormed(() => readUpload(upload));
}

function misplaced(placement: Exclude<Placement, { outcome: 'accepted' }>): Problem {
  const { outcome, sequence } = placement;
  if (outcome === 'gap') {
    return {
      status: 409,
      code: 'ERR_JOURNAL_GAP',
      title: 'entries are missing before these',
      detail: `send again from entry ${sequence + 1}`,
      more: { sequence },
    };
  }
  // No `sequence` to go on from: sending again cannot mend it, so the gate has to stop and say so.
  return {
    status: 409,
    code: 'ERR_JOURNAL_CONFLICT',
    title: 'entries differ from what this gate sent before',
    detail: `entry ${placement.at} is not the one held, or does not follow it`,
    more: { held: sequence, at: placement.at },
  };
}
