import { createHash } from 'node:crypto';
import { encodeBase32 } from './base32.ts';
import { concat, domain } from './bytes.ts';

const GATE_CODE = domain('pinless-gate/gate-code/1');
const LENGTH = 12;
const GROUP = 4;

/** SHA-256 of each key's SubjectPublicKeyInfo. */
export interface GateKeyHashes {
  readonly deviceKey: Uint8Array;
  readonly transportKey: Uint8Array;
}

/**
 * What one person reads aloud at the gate and another types at the console, to make sure that both mean the same keys:
 * three groups of four letters and digits. 60 bits, since whoever sits in between may try keys until a code fits.
 */
export function gateCode({ deviceKey, transportKey }: GateKeyHashes): string {
  const digest = createHash('sha256')
    .update(concat(GATE_CODE, deviceKey, transportKey))
    .digest();
  const digits = encodeBase32(new Uint8Array(digest).subarray(0, 10)).slice(0, LENGTH);
  return digits.match(new RegExp(`.{${GROUP}}`, 'g'))!.join('-');
}

/** As it was heard: case, dashes and white space do not count, nor does O for 0, or I and L for 1. */
export function sameGateCode(heard: string, code: string): boolean {
  const plain = (text: string) =>
    text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return plain(heard) === plain(code);
}
