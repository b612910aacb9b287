import type { CborMap, CborValue } from './cbor.ts';
import { FormatError } from './errors.ts';

/** Rules that the publishers sign together with the list (protocol.md 6). Durations in seconds. */
export interface Policy {
  /** Names of the venue's gates, as printed on tickets. */
  readonly gates: readonly string[];
  /** How much too early or too late is still in time. */
  readonly toleranceS: number;
  /** Age of the list, counted from its issue, after which lanes show amber. */
  readonly staleAfterS: number;
  /** Age of the list after which lanes refuse, whatever its expiry says. */
  readonly refuseAfterS: number;
  /** Age of the oldest check of a holder's certificate after which lanes show amber; absent: no matter. */
  readonly revocationStaleAfterS?: number | undefined;
  /** Age of that check after which lanes refuse, as they do where nothing was checked; absent: no matter. */
  readonly revocationRefuseAfterS?: number | undefined;
}

export function encodePolicy(policy: Policy): CborValue {
  return { ...policy };
}

export function decodePolicy(map: CborMap): Policy {
  const policy: Policy = {
    gates: map.array('gates').map((gate) => {
      if (typeof gate !== 'string') throw new FormatError('ERR_POLICY', 'policy.gates: not text');
      return gate;
    }),
    toleranceS: map.uint('toleranceS'),
    staleAfterS: map.uint('staleAfterS'),
    refuseAfterS: map.uint('refuseAfterS'),
    revocationStaleAfterS: map.uintOrUndefined('revocationStaleAfterS'),
    revocationRefuseAfterS: map.uintOrUndefined('revocationRefuseAfterS'),
  };
  map.end();
  return policy;
}
