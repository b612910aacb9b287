import { type KeyedGate, type KeyRecord, keyState } from './keys.ts';

/** What is known of an event here; of one that no vendor registered, only its id. */
export interface KeyedEvent {
  readonly id: string;
  readonly name: string | undefined;
  readonly admission: { readonly from: number; readonly until: number } | undefined;
}

/**
 * How far an event's key is: no gate that a key can be wrapped for yet; to be wrapped; on its way; in every gate; over, and
 * not ordered to be destroyed; ordered; destroyed in every gate by its own word.
 */
export type KeyStage = 'gates' | 'wrap' | 'deliver' | 'ready' | 'over' | 'destroying' | 'destroyed';

/** A gate of an event, with what it has of the event's key. */
export interface GateHolding {
  readonly gateId: string;
  readonly name: string;
  /** It sent what a key is wrapped with. */
  readonly wrappable: boolean;
  readonly compared: boolean;
  readonly keys: readonly KeyRecord[];
}

export interface KeyReport {
  readonly event: KeyedEvent;
  readonly stage: KeyStage;
  readonly gates: readonly GateHolding[];
  readonly keys: readonly KeyRecord[];
  /** Gates that owe an answer. */
  readonly owing: readonly KeyRecord[];
  /** The highest generation; 0 where there is none. */
  readonly generation: number;
  /** Gates whose last window ends before admission does, or within two days where that is not known. */
  readonly lapsing: readonly GateHolding[];
  /** The first of these windows' ends. */
  readonly lapsesAt: number | undefined;
}

export interface KeyFacts {
  readonly now: number;
  readonly events: readonly KeyedEvent[];
  /** Those that are not revoked. */
  readonly gates: readonly KeyedGate[];
  readonly keys: readonly KeyRecord[];
}

/** Long enough to wrap anew: two operators, the officer, a way to the gates. */
export const RENEWAL_MS = 2 * 86_400_000;

/** Every event that has keys, gates or a name here: those under way first, then by their beginning. */
export function keyReports(facts: KeyFacts): KeyReport[] {
  const known = new Map(facts.events.map((event) => [event.id, event]));
  const named = [
    ...facts.keys.flatMap(({ eventId }) => eventId ?? []),
    ...facts.gates.flatMap(({ eventIds }) => eventIds),
  ];
  for (const id of named) {
    if (!known.has(id)) known.set(id, { id, name: undefined, admission: undefined });
  }
  return [...known.values()].map((event) => keyReport(event, facts)).sort(byUrgency);
}

export function keyReport(event: KeyedEvent, facts: KeyFacts): KeyReport {
  const { now } = facts;
  const keys = facts.keys.filter(({ eventId }) => eventId === event.id);
  const gates = holdingsOf(event, keys, facts);
  const held = keys.filter(({ gateRevoked }) => !gateRevoked);
  const owing = held.filter((key) => keyState(key, now) === 'no-answer');
  const stage = stageOf(gates, held, now);
  const lapsing = stage === 'deliver' || stage === 'ready' ? lapsingOf(event, gates, now) : [];
  const ends = lapsing.map(({ keys: own }) => endOf(own));
  return {
    event,
    stage,
    gates,
    keys,
    owing,
    generation: keys.reduce((most, { generation }) => Math.max(most, generation), 0),
    lapsing,
    lapsesAt: ends.length === 0 ? undefined : Math.min(...ends),
  };
}

/** Those that may be sent the key, and those that have had it. */
function holdingsOf(
  event: KeyedEvent,
  keys: readonly KeyRecord[],
  { gates }: KeyFacts,
): GateHolding[] {
  return gates
    .map(({ gateId, name, eventIds, wrappable, compared }) => ({
      meant: eventIds.length === 0 || eventIds.includes(event.id),
      holding: {
        gateId,
        name,
        wrappable,
        compared,
        keys: keys.filter((key) => key.gateId === gateId),
      },
    }))
    .filter(({ meant, holding }) => meant || holding.keys.length > 0)
    .map(({ holding }) => holding);
}

function stageOf(gates: readonly GateHolding[], keys: readonly KeyRecord[], now: number): KeyStage {
  const open = keys.filter(({ destroyedAt }) => destroyedAt === undefined);
  if (keys.length > 0 && open.length === 0) return 'destroyed';
  if (open.some(({ orderedAt }) => orderedAt !== undefined)) return 'destroying';
  const current = open.filter(({ validUntil }) => now < validUntil);
  if (open.length > 0 && current.length === 0) return 'over';
  if (current.length === 0) return gates.some(({ wrappable }) => wrappable) ? 'wrap' : 'gates';
  const ready = (gate: GateHolding) => gate.keys.some((key) => keyState(key, now) === 'taken');
  return gates.every(ready) ? 'ready' : 'deliver';
}

function lapsingOf(
  { admission }: KeyedEvent,
  gates: readonly GateHolding[],
  now: number,
): GateHolding[] {
  if (admission && now >= admission.until) return [];
  const needed = admission?.until ?? now + RENEWAL_MS;
  return gates.filter(({ keys }) => keys.length > 0 && endOf(keys) < needed);
}

function endOf(keys: readonly KeyRecord[]): number {
  return Math.max(...keys.map(({ validUntil }) => validUntil));
}

const ORDER: readonly KeyStage[] = [
  'over',
  'destroying',
  'deliver',
  'wrap',
  'gates',
  'ready',
  'destroyed',
];

function byUrgency(a: KeyReport, b: KeyReport): number {
  const owed = Number(b.owing.length > 0) - Number(a.owing.length > 0);
  if (owed !== 0) return owed;
  const stage = ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage);
  if (stage !== 0) return stage;
  const from = (report: KeyReport) => report.event.admission?.from ?? 0;
  return from(a) - from(b) || (a.event.id < b.event.id ? -1 : 1);
}
