import { encodeResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { SW_END_OF_FILE, SW_OUTSIDE_FILE } from '@pinless-gate/protocol/apdu/status-word';
import { status, success } from './command.ts';
import type { Exchange } from './virtual-card.ts';

/**
 * A part of a file. Le of 00 asks for what there is; a number asks for exactly so many octets, and fewer come
 * with 6282 (ISO/IEC 7816-4 5.3.4).
 */
export function readPart(content: Uint8Array, offset: number, ne: number): Exchange {
  if (offset >= content.length) return status(SW_OUTSIDE_FILE);
  const data = content.subarray(offset, offset + ne);
  const askedForAll = ne === 0x100 || ne === 0x1_0000;
  if (data.length === ne || askedForAll) return success(data);
  return { response: encodeResponseApdu({ data, sw: SW_END_OF_FILE }) };
}
