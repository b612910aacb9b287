import type { CborMap, CborValue } from './cbor.ts';
import { FormatError } from './errors.ts';
import { isTimeZone } from './local-time.ts';
import {
  type Attention,
  decodeAttention,
  decodePauses,
  decodeRules,
  decodeZones,
  encodeAttention,
  encodePause,
  encodeRule,
  encodeZone,
  type Pause,
  type Rule,
  type Zone,
} from './policy-rules.ts';

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
  /** Of the event (`Asia/Tokyo`): days and hours of the rules are meant there. */
  readonly timeZone?: string | undefined;
  readonly zones?: readonly Zone[] | undefined;
  readonly rules?: readonly Rule[] | undefined;
  readonly attention?: readonly Attention[] | undefined;
  readonly paused?: readonly Pause[] | undefined;
  /** Absent: all tickets of a card enter at one tap. `parts`: one, with those that enter with it. */
  readonly arrival?: 'parts' | undefined;
  /** Whether staff compare the face before the lane opens; absent: no. */
  readonly faceCheck?: 'staff' | undefined;
  /** How long the turnstile waits for somebody to pass. */
  readonly passage?: { readonly annulAfterS: number } | undefined;
}

const MAX_ANNUL_AFTER_S = 600;

export function encodePolicy(policy: Policy): CborValue {
  return {
    ...policy,
    zones: policy.zones?.map(encodeZone),
    rules: policy.rules?.map(encodeRule),
    attention: policy.attention?.map(encodeAttention),
    paused: policy.paused?.map(encodePause),
    passage: policy.passage && { ...policy.passage },
  };
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
    timeZone: map.textOrUndefined('timeZone'),
    zones: map.has('zones') ? decodeZones(map) : undefined,
    rules: map.has('rules') ? decodeRules(map) : undefined,
    attention: map.has('attention') ? decodeAttention(map) : undefined,
    paused: map.has('paused') ? decodePauses(map) : undefined,
    arrival: only(map, 'arrival', 'parts'),
    faceCheck: only(map, 'faceCheck', 'staff'),
    passage: map.has('passage') ? decodePassage(map.map('passage')) : undefined,
  };
  map.end();
  const contradiction = policyContradiction(policy);
  if (contradiction) throw new FormatError('ERR_POLICY', `policy: ${contradiction}`);
  return policy;
}

/** What does not go together, in words; undefined where all of it does. */
export function policyContradiction(policy: Policy): string | undefined {
  const { gates, timeZone, zones = [], rules = [], paused = [] } = policy;
  if (timeZone !== undefined && !isTimeZone(timeZone)) return 'timeZone is not known here';
  const byDay = rules.some((rule) => (rule.entriesPerDay ?? rule.checkOutMinute) !== undefined);
  if (byDay && timeZone === undefined) return 'a rule by day or hour needs a timeZone';
  if (rules.some((one, i) => rules.slice(i + 1).some((other) => hoursDiffer(one, other)))) {
    return 'two rules for one category check out at different hours';
  }
  const named = [...zones, ...paused].flatMap((one) => one.gates ?? []);
  const unknown = named.find((gate) => !gates.includes(gate));
  return unknown === undefined ? undefined : `"${unknown}" is not one of its gates`;
}

function hoursDiffer(one: Rule, other: Rule): boolean {
  const [first, second] = [one.checkOutMinute, other.checkOutMinute];
  if (first === undefined || second === undefined || first === second) return false;
  const { categories: of } = other;
  return !one.categories || !of || one.categories.some((category) => of.includes(category));
}

function decodePassage(map: CborMap): { annulAfterS: number } {
  const annulAfterS = map.uint('annulAfterS');
  map.end();
  if (annulAfterS < 1 || annulAfterS > MAX_ANNUL_AFTER_S) {
    throw new FormatError('ERR_POLICY', `policy.passage: must be 1 to ${MAX_ANNUL_AFTER_S} s`);
  }
  return { annulAfterS };
}

/** What is not there is left out: the other value has no encoding. */
function only<T extends string>(map: CborMap, key: string, value: T): T | undefined {
  const given = map.textOrUndefined(key);
  if (given !== undefined && given !== value) {
    throw new FormatError('ERR_POLICY', `policy.${key}: must be "${value}"`);
  }
  return given as T | undefined;
}
