import { createHash } from 'node:crypto';
import { concat, equal } from './bytes.ts';

/** What a block of EMSA-PSS is made from. Names are those of node:crypto. */
export interface PssParameters {
  readonly digest: Uint8Array;
  readonly hash: string;
  readonly mgfHash: string;
  readonly saltLength: number;
}

const TRAILER = 0xbc;

/** EMSA-PSS-VERIFY (RFC 8017 9.1.2); the steps are its numbers. `block` has ceil(emBits / 8) octets. */
export function isPssBlock(
  block: Uint8Array,
  emBits: number,
  { digest, hash, mgfHash, saltLength }: PssParameters,
): boolean {
  const dbLength = block.length - digest.length - 1;
  const padding = dbLength - saltLength - 1;
  if (padding < 0 || block.at(-1) !== TRAILER) return false; // 3, 4
  const h = block.subarray(dbLength, -1);
  const unused = 8 * block.length - emBits;
  if (block[0]! >> (8 - unused)) return false; // 6
  const mask = mgf1(h, dbLength, mgfHash);
  const db = mask.map((octet, i) => octet ^ block[i]!);
  db[0]! &= 0xff >> unused; // 9
  if (db[padding] !== 0x01 || db.subarray(0, padding).some((octet) => octet !== 0)) return false; // 10
  const salt = db.subarray(padding + 1);
  const expected = createHash(hash).update(new Uint8Array(8)).update(digest).update(salt).digest();
  return equal(expected, h);
}

/** MGF1 (RFC 8017 B.2.1). */
function mgf1(seed: Uint8Array, length: number, hash: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let have = 0, counter = 0; have < length; counter++) {
    const octets = Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter);
    const part = createHash(hash).update(seed).update(octets).digest();
    parts.push(part);
    have += part.length;
  }
  return concat(...parts).subarray(0, length);
}
