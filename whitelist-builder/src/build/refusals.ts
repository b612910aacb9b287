import { GateError } from '@pinless-gate/protocol/errors';
import type { LineProblem } from '../purchase/line.ts';
import { FeedError } from '../purchase/ndjson.ts';
import { ValidityError } from '../validity/proven-only.ts';
import { type LeftOutTally, reasonsOf } from './left-out.ts';

/** Why a feed becomes no list. */

/** So many bad lines end a build that does not allow them, before the whole feed is converted. */
export const MANY_REJECTS = 100_000;

/** What of a job decides when bad lines end it. */
export interface RejectsAllowed {
  /** How many lines may be bad without stopping the build. */
  readonly allowRejects: number;
  /** Path of the reject file. */
  readonly rejects: string;
}

/** Rows that turned out bad after all were judged: by line. The build begins anew without them. */
export type LateRefusals = ReadonlyMap<number, LineProblem>;

/** Never told: what comes of it is a bad line for each row. */
export class LateRefusalError extends GateError {
  readonly rows: LateRefusals;

  constructor(rows: LateRefusals) {
    super('ERR_BUILD_LINK_CONFLICT', `${rows.size} rows link cards with different chips`);
    this.rows = rows;
  }
}

/** `lines` of the feed; undefined where it was not read to its end. */
export function tooManyRejects(job: RejectsAllowed, rejects: number, lines?: number): FeedError {
  const allowed = job.allowRejects > 0 ? `, ${job.allowRejects} allowed` : '';
  const what =
    lines === undefined ? `more than ${MANY_REJECTS} lines` : `${rejects} of ${lines} lines`;
  return new FeedError('ERR_FEED_REJECTS', `${what} rejected${allowed}`, {
    hint: `see ${job.rejects}${lines === undefined ? '' : `; --allow-rejects ${rejects} builds without them`}`,
  });
}

export function nothingToList(feed: string, lines: number, left: LeftOutTally): FeedError {
  const why = left.rows.size > 0 ? `; cards left out: ${reasonsOf(left)}` : '';
  return new FeedError('ERR_FEED_EMPTY', `${feed}: nothing to list in ${lines} lines${why}`);
}

/** Whether a row counts is known only at the end: cards of rows that are replaced are nobody's to prove. */
export function notProven(cards: number): ValidityError {
  const message = `${cards} cards are not proven valid`;
  return new ValidityError('ERR_VALIDITY_UNPROVEN', message, {
    hint: 'whitelist check --report says which purchases; validity.unproven = "leave-out" builds without them',
  });
}
