import type { CborMap, CborValue } from '../cbor.ts';
import { FormatError } from '../errors.ts';
import { type Direction, type LaneMode, parseDirection, parseLaneMode } from '../lane-mode.ts';
import { decodeEntered, type Entered, encodeEntered } from './entered.ts';

/** What a tap came to. */
export interface DecisionBody {
  readonly outcome: 'admitted' | 'refused';
  /** A refusal reason of `refusal.ts`; present exactly when refused. */
  readonly reason?: string | undefined;
  /** Present where the card is listed; of a stranger's card nothing is kept. */
  readonly conversionValue?: Uint8Array | undefined;
  /** Tickets this tap used, in the order of the party; empty when refused. */
  readonly tickets: readonly Entered[];
  /** Short code by which staff find this tap; of a stranger it dies with the hour. */
  readonly code: string;
  /** Microseconds per step of the tap. */
  readonly steps: Readonly<Record<string, number>>;
  /** Absent: in. Never stated as such. */
  readonly direction?: Exclude<Direction, 'in'> | undefined;
  /** Absent: normal. Never stated as such. What a `rehearsal` decided counted nothing. */
  readonly mode?: Exclude<LaneMode, 'normal'> | undefined;
}

export function encodeDecision(decision: DecisionBody): Record<string, CborValue | undefined> {
  return {
    outcome: decision.outcome,
    reason: decision.reason,
    conversionValue: decision.conversionValue,
    tickets: decision.tickets.map(encodeEntered),
    code: decision.code,
    steps: { ...decision.steps },
    direction: decision.direction,
    mode: decision.mode,
  };
}

export function decodeDecision(map: CborMap): DecisionBody {
  const outcome = map.text('outcome');
  const reason = map.textOrUndefined('reason');
  if (outcome !== 'admitted' && outcome !== 'refused') {
    throw new FormatError('ERR_JOURNAL_OUTCOME', 'decision of unknown outcome');
  }
  if ((outcome === 'refused') !== (reason !== undefined)) {
    throw new FormatError('ERR_JOURNAL_OUTCOME', 'a refusal has a reason, an admission has none');
  }
  const steps = map.map('steps');
  return {
    outcome,
    reason,
    conversionValue: map.bytesOrUndefined('conversionValue', 16),
    tickets: map.array('tickets').map(decodeEntered),
    code: map.text('code'),
    steps: Object.fromEntries(steps.keys().map((step) => [step, steps.uint(step)])),
    ...decodeWay(map),
  };
}

/** One meaning, one encoding: what absence says is never stated. */
export function decodeWay(map: CborMap): Pick<DecisionBody, 'direction' | 'mode'> {
  const direction = map.has('direction') ? parseDirection(map.text('direction')) : undefined;
  const mode = map.has('mode') ? parseLaneMode(map.text('mode')) : undefined;
  if (direction === 'in' || mode === 'normal') {
    throw new FormatError('ERR_JOURNAL_WAY', 'states what goes without saying');
  }
  // Absent members stay absent, so that entries of before read as they did.
  return { ...(direction && { direction }), ...(mode && { mode }) };
}
