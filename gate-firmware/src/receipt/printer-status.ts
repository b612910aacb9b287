import type { PrinterState } from './printer.ts';

/** DLE EOT 2: the printer answers at once, also while it is off line, why it is. */
export const ASK_OFFLINE_CAUSE = Uint8Array.of(0x10, 0x04, 0x02);

export type StatusAnswer =
  | { readonly kind: 'paper'; readonly state: PrinterState }
  | { readonly kind: 'offline-cause'; readonly state: PrinterState }
  | { readonly kind: 'garbage' };

/**
 * One status octet of ESC/POS. The fixed bits tell the two answers apart: DLE EOT is 0xx1xx10, GS r is
 * 0xx0xxxx. Anything else says nothing, above all not that all is well.
 */
export function decodeStatus(octet: number): StatusAnswer {
  if ((octet & 0b1001_0011) === 0b0001_0010) {
    return { kind: 'offline-cause', state: offlineCause(octet) };
  }
  if ((octet & 0b1001_0000) === 0) {
    const nearEnd = octet & 0b0000_0011;
    const end = octet & 0b0000_1100;
    // The sensors answer with two equal bits each.
    const paired = (nearEnd === 0 || nearEnd === 0b0011) && (end === 0 || end === 0b1100);
    if (paired) {
      const state = end !== 0 ? 'paper-out' : nearEnd !== 0 ? 'paper-low' : 'ok';
      return { kind: 'paper', state };
    }
  }
  return { kind: 'garbage' };
}

function offlineCause(octet: number): PrinterState {
  if (octet & 0b0000_0100) return 'cover-open';
  if (octet & 0b0010_0000) return 'paper-out';
  return octet & 0b0100_0000 ? 'offline' : 'ok';
}
