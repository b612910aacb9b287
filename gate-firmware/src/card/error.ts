import { type ErrorCode, GateError } from '@pinless-gate/protocol/errors';

/** What can go wrong between us and a card, by whose fault it is. */
export const CARD_CODES = {
  /** The card left the field, or was reset under us. */
  removed: 'ERR_CARD_REMOVED',
  /** It answered, but not what the standard allows. */
  fault: 'ERR_CARD_FAULT',
  /** It did not answer in time. */
  slow: 'ERR_CARD_SLOW',
} as const satisfies Record<string, ErrorCode>;

/** The card or its radio failed; the next card may be well. */
export class CardError extends GateError {}

/** The reader or the PC/SC service failed: no card can be read until it is back. */
export class ReaderError extends GateError {}
