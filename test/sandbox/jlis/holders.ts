import type { Jlis } from './jlis.ts';
import { type KeyPair, newRsaKey } from './keys.ts';

export interface Holder {
  /** Hex. */
  readonly serial: string;
  /** DER of the user-authentication certificate. */
  readonly certificate: Uint8Array;
  /** Shared by many holders: good for lists, and for a card where one is wanted. */
  readonly key: KeyPair;
}

const SHARED_KEYS = 2;

/**
 * Many holders at once, for the bulk of a list. Making a key takes longer than everything else, so they
 * share a few; each has a serial number and a certificate of its own.
 */
export async function holders(
  jlis: Jlis,
  count: number,
  keyCount = SHARED_KEYS,
): Promise<Holder[]> {
  const keys = await Promise.all(Array.from({ length: keyCount }, () => newRsaKey()));
  const keyOf = (i: number): KeyPair => keys[i % keys.length]!;
  const issued = await jlis.issueAll(
    Array.from({ length: count }, (_, i) => ({ publicKeyPem: keyOf(i).publicKeyPem })),
  );
  return issued.map(({ serial, der }, i) => ({ serial, certificate: der, key: keyOf(i) }));
}
