import type { CborMap, CborValue } from '../cbor.ts';
import { FormatError } from '../errors.ts';
import { type Direction, parseDirection } from '../lane-mode.ts';
import { decodeEntered, type Entered, encodeEntered } from './entered.ts';

/**
 * `passed`: went through, with an admission (`of`) or while the barrier was held open (without one);
 * `annulled`: admitted, nobody seen, the admission is given back;
 * `missing`: admitted, nobody seen, the admission stands: the gate cannot know that nobody went;
 * `unexpected`: went through a barrier that nothing had opened.
 */
export const PASSAGE_OUTCOMES = ['passed', 'annulled', 'missing', 'unexpected'] as const;

export type PassageOutcome = (typeof PASSAGE_OUTCOMES)[number];

/** What the passage sensor saw of an admission, or without one. */
export interface PassageBody {
  readonly outcome: PassageOutcome;
  /** Sequence of the decision or act that admitted. */
  readonly of?: number | undefined;
  readonly direction: Direction;
  /** Of how many people this entry tells, from 1. */
  readonly people: number;
  /** Whose: fewer than people where somebody was let in without a ticket, none where there is no `of`. */
  readonly tickets: readonly Entered[];
}

export function encodePassage(passage: PassageBody): Record<string, CborValue | undefined> {
  return {
    outcome: passage.outcome,
    of: passage.of,
    direction: passage.direction,
    people: passage.people,
    tickets: passage.tickets.map(encodeEntered),
  };
}

export function decodePassage(map: CborMap): PassageBody {
  const outcome = decodeOutcome(map.text('outcome'));
  const of = map.uintOrUndefined('of');
  const people = map.uint('people');
  const tickets = map.array('tickets').map(decodeEntered);
  const bound = outcome === 'passed' ? undefined : outcome !== 'unexpected';
  if (bound !== undefined && bound !== (of !== undefined)) {
    throw new FormatError('ERR_JOURNAL_PASSAGE', 'names the wrong kind of admission');
  }
  if (people === 0 || tickets.length > (of === undefined ? 0 : people)) {
    throw new FormatError('ERR_JOURNAL_PASSAGE', 'people and tickets do not agree');
  }
  return { outcome, of, direction: parseDirection(map.text('direction')), people, tickets };
}

function decodeOutcome(text: string): PassageOutcome {
  const outcome = PASSAGE_OUTCOMES.find((known) => known === text);
  if (!outcome) throw new FormatError('ERR_JOURNAL_PASSAGE', 'passage of unknown outcome');
  return outcome;
}
