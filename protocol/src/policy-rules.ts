import { CborMap, type CborValue } from './cbor.ts';
import { FormatError } from './errors.ts';

/**
 * What a venue asks of tickets beyond their own gate, window and number of entries: data, so that it is
 * signed with the list and read as sentences (rule-sentences.ts). What each rule does at a lane is in
 * test/vectors/rules. Times in Unix seconds, durations in seconds.
 */

/** A part of the venue: its tickets may enter through any of its gates, not only through the one printed. */
export interface Zone {
  readonly name: string;
  readonly gates: readonly string[];
}

export const REENTRY = ['none', 'after-exit', 'free'] as const;
/**
 * `none`: one entry a stay. `after-exit`: who has left may come back, which uses no entry; who is inside may
 * not enter. `free`: nobody asks who is inside; each entry counts.
 */
export type Reentry = (typeof REENTRY)[number];

/** Both ends included, wider by the policy's tolerance. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/** For the tickets of some categories. Of several rules for one ticket each must hold. */
export interface Rule {
  /** Absent: every ticket. */
  readonly categories?: readonly string[] | undefined;
  /** How often a ticket may enter at most: in all, on one day, through one gate. */
  readonly entries?: number | undefined;
  readonly entriesPerDay?: number | undefined;
  readonly entriesPerGate?: number | undefined;
  readonly reentry?: Reentry | undefined;
  /** Minute of the local day, 0 to 1439, at which everybody counts as gone; a day begins then too. */
  readonly checkOutMinute?: number | undefined;
  /** From one entry to the next. */
  readonly minimumS?: number | undefined;
  /** Only in one of these, besides the ticket's own. */
  readonly windows?: readonly Window[] | undefined;
  /** A ticket that enters `with` another one does so together with it or while it is inside. */
  readonly companion?: 'required' | undefined;
}

/** What the lane does for a ticket with such a flag: light the lamp, or wait for staff. */
export interface Attention {
  readonly flag: string;
  readonly lane: 'lamp' | 'wait';
}

/** Nobody enters. Begins at `from`, is over at `until`; without gates it is for all. */
export interface Pause {
  readonly gates?: readonly string[] | undefined;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

const MOST = { zones: 64, gates: 256, rules: 64, categories: 64, windows: 64, flags: 32 } as const;
const MAX_TEXT = 100;
const MINUTES_A_DAY = 1440;
const MAX_ENTRIES = 9999;
const MAX_DURATION_S = 366 * 86_400;

export const encodeZone = (zone: Zone): CborValue => ({ ...zone });
export const encodeAttention = (attention: Attention): CborValue => ({ ...attention });
export const encodePause = (pause: Pause): CborValue => ({ ...pause });
export const encodeRule = (rule: Rule): CborValue => ({
  ...rule,
  windows: rule.windows?.map((window) => ({ ...window })),
});

export function decodeZones(map: CborMap): Zone[] {
  const zones = list(map, 'zones', MOST.zones, (value) => {
    const zone = new CborMap(value, 'policy.zones');
    const decoded = { name: text(zone, 'name'), gates: texts(zone, 'gates', MOST.gates) };
    zone.end();
    return decoded;
  });
  requireDistinct(
    zones.map(({ name }) => name),
    'policy.zones',
  );
  return zones;
}

export function decodeRules(map: CborMap): Rule[] {
  return list(map, 'rules', MOST.rules, (value) => {
    const rule = new CborMap(value, 'policy.rules');
    const decoded: Rule = {
      categories: rule.has('categories') ? texts(rule, 'categories', MOST.categories) : undefined,
      entries: within(rule, 'entries', 1, MAX_ENTRIES),
      entriesPerDay: within(rule, 'entriesPerDay', 1, MAX_ENTRIES),
      entriesPerGate: within(rule, 'entriesPerGate', 1, MAX_ENTRIES),
      reentry: oneOf(rule, 'reentry', REENTRY),
      checkOutMinute: within(rule, 'checkOutMinute', 0, MINUTES_A_DAY - 1),
      minimumS: within(rule, 'minimumS', 1, MAX_DURATION_S),
      windows: rule.has('windows') ? list(rule, 'windows', MOST.windows, decodeWindow) : undefined,
      companion: oneOf(rule, 'companion', ['required']),
    };
    rule.end();
    const { categories: _, ...says } = decoded;
    if (Object.values(says).every((member) => member === undefined)) {
      throw wrong('policy.rules: a rule that says nothing');
    }
    return decoded;
  });
}

export function decodeAttention(map: CborMap): Attention[] {
  const attention = list(map, 'attention', MOST.flags, (value) => {
    const one = new CborMap(value, 'policy.attention');
    const decoded = {
      flag: text(one, 'flag'),
      lane: oneOf(one, 'lane', ['lamp', 'wait']) ?? missing('policy.attention.lane'),
    };
    one.end();
    return decoded;
  });
  requireDistinct(
    attention.map(({ flag }) => flag),
    'policy.attention',
  );
  return attention;
}

export function decodePauses(map: CborMap): Pause[] {
  return list(map, 'paused', MOST.windows, (value) => {
    const one = new CborMap(value, 'policy.paused');
    const pause: Pause = {
      gates: one.has('gates') ? texts(one, 'gates', MOST.gates) : undefined,
      from: one.uintOrUndefined('from'),
      until: one.uintOrUndefined('until'),
    };
    one.end();
    const { from = 0, until = Number.POSITIVE_INFINITY } = pause;
    if (from >= until) throw wrong('policy.paused: is over before it begins');
    return pause;
  });
}

function decodeWindow(value: CborValue): Window {
  const map = new CborMap(value, 'policy.rules.windows');
  const window = { from: map.uint('from'), until: map.uint('until') };
  map.end();
  if (window.from >= window.until) throw wrong('policy.rules.windows: ends before it begins');
  return window;
}

/** Not empty: what is not there is left out. */
function list<T>(map: CborMap, key: string, most: number, decode: (value: CborValue) => T): T[] {
  const values = map.array(key);
  if (values.length === 0 || values.length > most) {
    throw wrong(`policy.${key}: must be 1 to ${most}, there are ${values.length}`);
  }
  return values.map(decode);
}

function texts(map: CborMap, key: string, most: number): string[] {
  const values = list(map, key, most, (value) => checkText(value, key));
  requireDistinct(values, `policy.${key}`);
  return values;
}

function text(map: CborMap, key: string): string {
  return checkText(map.text(key), key);
}

function checkText(value: CborValue, key: string): string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) {
    throw wrong(`policy.${key}: must be text of 1 to ${MAX_TEXT} characters`);
  }
  return value;
}

function within(map: CborMap, key: string, least: number, most: number): number | undefined {
  const value = map.uintOrUndefined(key);
  if (value !== undefined && (value < least || value > most)) {
    throw wrong(`policy.rules.${key}: must be ${least} to ${most}`);
  }
  return value;
}

function oneOf<T extends string>(map: CborMap, key: string, known: readonly T[]): T | undefined {
  const value = map.textOrUndefined(key);
  const found = known.find((one) => one === value);
  if (value !== undefined && found === undefined) {
    throw wrong(`policy.${key}: must be one of ${known.join(', ')}`);
  }
  return found;
}

function requireDistinct(values: readonly string[], what: string): void {
  if (new Set(values).size < values.length) throw wrong(`${what}: one stands twice`);
}

function missing(what: string): never {
  throw wrong(`${what}: is missing`);
}

const wrong = (message: string) => new FormatError('ERR_POLICY', message);
