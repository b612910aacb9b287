import { createHash, createPublicKey, verify } from 'node:crypto';
import { concat, domain, equal, uint64 } from './bytes.ts';
import { CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { FormatError, GateError } from './errors.ts';

/** A journal that does not hold together. The message names the sequence number where it breaks. */
export class JournalError extends GateError {}

/** Times: `at` in Unix milliseconds, `monotonicMs` counts from the start of the gate's process. */
interface EntryBase {
  readonly sequence: number;
  readonly gateId: Uint8Array;
  readonly at: number;
  readonly monotonicMs: number;
  /** Which list was in force: version and fingerprint; absent before the first list. */
  readonly list?: { readonly version: number; readonly fingerprint: string } | undefined;
}

export interface Entered {
  readonly ticketNo: string;
  /** The how-manieth entry of this ticket, from 1. */
  readonly entry: number;
}

export interface DecisionEntry extends EntryBase {
  readonly kind: 'decision';
  readonly outcome: 'admitted' | 'refused';
  /** A refusal reason of `refusal.ts`; present exactly when refused. */
  readonly reason?: string | undefined;
  /** Present where the card is listed; of a stranger's card nothing is kept. */
  readonly conversionValue?: Uint8Array | undefined;
  /** Tickets this tap used, empty when refused. */
  readonly tickets: readonly Entered[];
  /** Short code by which staff find this tap; of a stranger it dies with the hour. */
  readonly code: string;
  /** Microseconds per step of the tap. */
  readonly steps: Readonly<Record<string, number>>;
}

/** The list changed, the gate started or stopped, or something broke. */
export interface NoteEntry extends EntryBase {
  readonly kind: 'start' | 'stop' | 'list' | 'fault';
  /** An error code or a short word; never card data. */
  readonly detail: string;
}

export type JournalEntry = DecisionEntry | NoteEntry;

/** Detail of a `fault`: the gate's key computed conversion values that no tap asked for. */
export const UNEXPLAINED_CALLS = 'ERR_HSM_UNEXPLAINED';

const KINDS = ['start', 'stop', 'list', 'fault'] as const;
const FIRST = domain('pinless-gate/journal/1');

/** What the first entry of a gate's journal names as its predecessor. */
export function journalOrigin(gateId: Uint8Array): Uint8Array {
  return createHash('sha256').update(concat(FIRST, gateId)).digest();
}

export function hashEntry(encoded: Uint8Array): Uint8Array {
  return createHash('sha256').update(encoded).digest();
}

/** One entry with the hash of the entry before it (protocol.md 7). */
export function encodeJournalEntry(entry: JournalEntry, previous: Uint8Array): Uint8Array {
  const base = {
    version: 1,
    kind: entry.kind,
    sequence: entry.sequence,
    gateId: entry.gateId,
    at: entry.at,
    monotonicMs: entry.monotonicMs,
    list: entry.list && { ...entry.list },
    previous,
  };
  if (entry.kind !== 'decision') return encodeCbor({ ...base, detail: entry.detail });
  return encodeCbor({
    ...base,
    outcome: entry.outcome,
    reason: entry.reason,
    conversionValue: entry.conversionValue,
    tickets: entry.tickets.map((ticket) => ({ ...ticket })),
    code: entry.code,
    steps: { ...entry.steps },
  });
}

export interface ChainedEntry {
  readonly entry: JournalEntry;
  readonly previous: Uint8Array;
}

export function decodeJournalEntry(bytes: Uint8Array): ChainedEntry {
  const map = CborMap.decode(bytes, 'journal entry');
  const version = map.uint('version');
  if (version !== 1) throw new FormatError('ERR_JOURNAL_VERSION', `entry of version ${version}`);
  const previous = map.bytes('previous', 32);
  const kind = map.text('kind');
  const base = {
    sequence: map.uint('sequence'),
    gateId: map.bytes('gateId', 16),
    at: map.uint('at'),
    monotonicMs: map.uint('monotonicMs'),
    list: map.has('list') ? decodeList(map.map('list')) : undefined,
  };
  const entry: JournalEntry =
    kind === 'decision'
      ? { ...base, kind, ...decodeDecision(map) }
      : { ...base, kind: decodeKind(kind), detail: map.text('detail') };
  map.end();
  return { entry, previous };
}

function decodeKind(text: string): NoteEntry['kind'] {
  const kind = KINDS.find((known) => known === text);
  if (!kind) throw new FormatError('ERR_JOURNAL_KIND', 'journal entry of unknown kind');
  return kind;
}

function decodeList(map: CborMap): { version: number; fingerprint: string } {
  const list = { version: map.uint('version'), fingerprint: map.text('fingerprint') };
  map.end();
  return list;
}

function decodeDecision(map: CborMap): Omit<DecisionEntry, keyof EntryBase | 'kind'> {
  const outcome = map.text('outcome');
  const reason = map.textOrUndefined('reason');
  if (outcome !== 'admitted' && outcome !== 'refused') {
    throw new FormatError('ERR_JOURNAL_OUTCOME', 'decision of unknown outcome');
  }
  if ((outcome === 'refused') !== (reason !== undefined)) {
    throw new FormatError('ERR_JOURNAL_OUTCOME', 'a refusal has a reason, an admission has none');
  }
  const steps = map.map('steps');
  return {
    outcome,
    reason,
    conversionValue: map.bytesOrUndefined('conversionValue', 16),
    tickets: map.array('tickets').map(decodeEntered),
    code: map.text('code'),
    steps: Object.fromEntries(steps.keys().map((step) => [step, steps.uint(step)])),
  };
}

function decodeEntered(value: CborValue): Entered {
  const map = new CborMap(value, 'journal ticket');
  const entered = { ticketNo: map.text('ticketNo'), entry: map.uint('entry') };
  map.end();
  return entered;
}

/** The gate's device key vouches for everything up to and including `sequence`. */
export interface Checkpoint {
  readonly gateId: Uint8Array;
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly at: number;
  /** ECDSA P-256 with SHA-256 over `checkpointMessage`, plain r‖s. */
  readonly signature: Uint8Array;
}

const CHECKPOINT = domain('pinless-gate/checkpoint/1');

export function checkpointMessage(checkpoint: Omit<Checkpoint, 'signature'>): Uint8Array {
  const { gateId, sequence, hash, at } = checkpoint;
  return concat(CHECKPOINT, gateId, uint64(sequence), hash, uint64(at));
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return encodeCbor({ ...checkpoint });
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const map = CborMap.decode(bytes, 'checkpoint');
  const checkpoint: Checkpoint = {
    gateId: map.bytes('gateId', 16),
    sequence: map.uint('sequence'),
    hash: map.bytes('hash', 32),
    at: map.uint('at'),
    signature: map.bytes('signature', 64),
  };
  map.end();
  return checkpoint;
}

/** Where a chain stands: its last entry that held, or sequence 0 and the journal's origin. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/**
 * Follows the chain, entry by entry in order. Feed it every entry from the first, or from the one after
 * `from`; it throws a `JournalError` at the first one that does not belong where it stands.
 */
export class JournalVerifier {
  readonly #gateId: Uint8Array;
  #hash: Uint8Array;
  #sequence: number;

  constructor(gateId: Uint8Array, from?: ChainPosition) {
    this.#gateId = gateId;
    this.#hash = from?.hash ?? journalOrigin(gateId);
    this.#sequence = from?.sequence ?? 0;
  }

  /** Sequence number of the last entry that held. */
  get sequence(): number {
    return this.#sequence;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  entry(encoded: Uint8Array): JournalEntry {
    const expected = this.#sequence + 1;
    let chained: ChainedEntry;
    try {
      chained = decodeJournalEntry(encoded);
    } catch (cause) {
      throw new JournalError('ERR_JOURNAL_ENTRY', `entry ${expected} cannot be read`, { cause });
    }
    const { entry, previous } = chained;
    if (entry.sequence !== expected) {
      throw new JournalError(
        'ERR_JOURNAL_SEQUENCE',
        `entry ${entry.sequence} stands where ${expected} belongs`,
      );
    }
    if (!equal(entry.gateId, this.#gateId)) {
      throw new JournalError('ERR_JOURNAL_GATE', `entry ${expected} is of another gate`);
    }
    if (!equal(previous, this.#hash)) {
      throw new JournalError(
        'ERR_JOURNAL_CHAIN',
        `entry ${expected} does not follow the one before`,
      );
    }
    this.#sequence = expected;
    this.#hash = hashEntry(encoded);
    return entry;
  }

  /** A checkpoint over the entry just fed. `deviceKey` is the gate's SubjectPublicKeyInfo. */
  checkpoint(checkpoint: Checkpoint, deviceKey: Uint8Array): void {
    const { sequence } = checkpoint;
    if (sequence !== this.#sequence || !equal(checkpoint.hash, this.#hash)) {
      throw new JournalError(
        'ERR_JOURNAL_CHECKPOINT',
        `checkpoint ${sequence} is of other entries`,
      );
    }
    const key = createPublicKey({ key: Buffer.from(deviceKey), format: 'der', type: 'spki' });
    const signed = checkpointMessage(checkpoint);
    if (
      !equal(checkpoint.gateId, this.#gateId) ||
      !verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, checkpoint.signature)
    ) {
      throw new JournalError('ERR_JOURNAL_SIGNATURE', `checkpoint ${sequence} is not of this gate`);
    }
  }
}
