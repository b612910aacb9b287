import type { Issuer } from './issuer.ts';

/** What the given CRLs say. Unix seconds. */
export interface Revocation {
  isRevoked(issuer: Issuer, serial: Uint8Array): boolean;
  /** Since when the answer for this issuer is known to hold; undefined where no CRL covers it. */
  checkedAt(issuer: Issuer): number | undefined;
}

export async function readRevocation(
  _paths: readonly string[],
  _issuers: readonly Issuer[],
  _now: number,
): Promise<Revocation> {
  throw new Error('x');
}

/** Of the issuer whose CRL is the oldest; undefined where one has none. */
export function checkedAtForAll(
  issuers: readonly Issuer[],
  revocation: Revocation | undefined,
): number | undefined {
  const times = issuers.map((issuer) => revocation?.checkedAt(issuer));
  return times.includes(undefined) ? undefined : Math.min(...(times as number[]));
}
