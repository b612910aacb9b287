import { fromBase64 } from '@pinless-gate/protocol/bytes';
import { FormatError, GateError } from '@pinless-gate/protocol/errors';
import {
  decodeJournalUpload,
  JOURNAL_UPLOAD_TYPE,
  type JournalReceipt,
  UPLOAD_SIGNATURE_HEADER,
} from '@pinless-gate/protocol/fleet';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type GateStore, isSignedByGate } from '../domain/gate.ts';
import {
  gateIdOf,
  type JournalStore,
  type Placement,
  readUpload,
  type UploadedEntry,
} from '../domain/journal.ts';
import { type Problem, ProblemError } from './problem.ts';

export const MAX_UPLOAD_LENGTH = 1024 * 1024;

export interface JournalRoutesDeps {
  readonly gates: Pick<GateStore, 'gate'>;
  readonly journal: JournalStore;
  readonly now: () => number;
  /** Told of every upload that was placed, and of its fresh entries where they were kept. */
  readonly onPlaced: (gateId: string, placement: Placement) => void;
}

export const journalRoutes = (deps: JournalRoutesDeps) =>
  new Hono().post(
    '/api/journal',
    bodyLimit({ maxSize: MAX_UPLOAD_LENGTH, onError: tooLarge }),
    async (c) => {
      const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (type !== JOURNAL_UPLOAD_TYPE) throw new ProblemError(WRONG_TYPE);
      const body = new Uint8Array(await c.req.arrayBuffer());
      const { gateId, entries } = await authentic(
        deps,
        body,
        c.req.header(UPLOAD_SIGNATURE_HEADER),
      );
      const placement = await deps.journal.receive(gateId, entries, deps.now());
      if (!placement) throw new ProblemError(DENIED);
      deps.onPlaced(gateId, placement);
      if (placement.outcome !== 'accepted') throw new ProblemError(misplaced(placement));
      return c.json<JournalReceipt>({ sequence: placement.sequence });
    },
  );

/** The upload's entries, once its gate's device key has vouched for these very octets. */
async function authentic(
  { gates }: JournalRoutesDeps,
  body: Uint8Array,
  header = '',
): Promise<{ gateId: string; entries: UploadedEntry[] }> {
  const upload = wellFormed(() => decodeJournalUpload(body));
  const signature = wellFormed(() => fromBase64(header));
  const gateId = gateIdOf(upload);
  const gate = await gates.gate(gateId);
  // One answer for both, so that nobody can ask which gates there are.
  if (!gate || !isSignedByGate(gate, body, signature)) throw new ProblemError(DENIED);
  return { gateId, entries: wellFormed(() => readUpload(upload)) };
}

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const cause = error.cause instanceof FormatError ? `: ${error.cause.message}` : '';
    throw new ProblemError({
      status: 400,
      code: error.code,
      title: 'the upload is not of the right form',
      detail: `${error.message}${cause}`,
    });
  }
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

const tooLarge = () => {
  throw new ProblemError({
    status: 413,
    code: 'ERR_HTTP_TOO_LARGE',
    title: `an upload has at most ${MAX_UPLOAD_LENGTH} octets`,
  });
};

const WRONG_TYPE: Problem = {
  status: 415,
  code: 'ERR_HTTP_CONTENT_TYPE',
  title: `an upload is of type ${JOURNAL_UPLOAD_TYPE}`,
};

const DENIED: Problem = {
  status: 403,
  code: 'ERR_UPLOAD_DENIED',
  title: 'the gate is not enrolled, or the signature is not by its device key',
};
