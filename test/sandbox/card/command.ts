import { type CommandApdu, decodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { encodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { SW_SUCCESS, SW_WRONG_LENGTH } from '@pinless-gate/protocol/apdu/status-word';
import { EMPTY } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import type { Exchange, Work } from './virtual-card.ts';

/** Status words that only cards give: `protocol` names those that a terminal acts on. */
export const SW_INCOMPATIBLE_FILE = 0x6981;
export const SW_NO_CURRENT_FILE = 0x6986;
export const SW_CHANNEL_NOT_SUPPORTED = 0x6881;
export const SW_SECURE_MESSAGING_NOT_SUPPORTED = 0x6882;

/** A command as a card looks at it: all parts present, and whether its lengths were extended. */
export interface CardCommand extends Required<CommandApdu> {
  readonly extended: boolean;
  /** INS, P1 and P2 as one number: what most of a card's decisions are about. */
  readonly head: number;
}

/** Undefined for octets that are no command: a card answers those with 6700. */
export function parseCommand(bytes: Uint8Array): CardCommand | undefined {
  try {
    const { cla, ins, p1, p2, data = EMPTY, ne = 0 } = decodeCommandApdu(bytes);
    const extended = bytes.length > 5 && bytes[4] === 0;
    return { cla, ins, p1, p2, data, ne, extended, head: (ins << 16) | (p1 << 8) | p2 };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

export function status(sw: number, work?: Work): Exchange {
  return exchange(EMPTY, sw, work);
}

export function success(data: Uint8Array, work?: Work): Exchange {
  return exchange(data, SW_SUCCESS, work);
}

export const WRONG_LENGTH = status(SW_WRONG_LENGTH);

function exchange(data: Uint8Array, sw: number, work?: Work): Exchange {
  const response = encodeResponseApdu({ data, sw });
  return work === undefined ? { response } : { response, work };
}
