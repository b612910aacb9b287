import { createHash } from 'node:crypto';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { CborMap, type CborValue, encodeCbor } from '@pinless-gate/protocol/cbor';
import { GateError, readOr } from '@pinless-gate/protocol/errors';
import type { Actor, Scope } from './permission.ts';

/** The audit log is not what was written. */
export class AuditError extends GateError {}

/** Who changed something: an id of ours, never a name. `command` is a program on the console's machine. */
export interface Author {
  readonly kind: 'operator' | 'api-key' | 'gate' | 'command' | 'console';
  readonly id: string;
}

/** Of whom a change is, and when: what every store asks for before it changes anything. */
export interface Origin {
  readonly by: Author;
  /** Unix milliseconds. */
  readonly at: number;
}

/** One change. Subjects are ids; facts are words and numbers of ours: no secret, nothing of a person. */
export interface Change {
  /** `noun.verb`, stable. */
  readonly action: string;
  readonly subjects: readonly string[];
  readonly vendorId?: string | undefined;
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
  /** Where it is not of whoever began all this. */
  readonly by?: Author | undefined;
}

export interface AuditEntry extends Omit<Change, 'by'>, Origin {
  readonly sequence: number;
  /** SHA-256 of the entry before; zeros before the first. */
  readonly previous: Uint8Array;
}

export interface KeptEntry {
  readonly entry: AuditEntry;
  readonly hash: Uint8Array;
}

const FORMAT = 'pinless-gate/audit/1';
export const AUDIT_ORIGIN = new Uint8Array(32);

export const authorOf = ({ kind, id }: Actor): Author => ({ kind, id });

/** Deterministic: one entry, one sequence of octets. */
export function encodeAuditEntry(entry: AuditEntry): Uint8Array {
  const { sequence, previous, at, by, action, subjects, vendorId, facts } = entry;
  return encodeCbor({
    format: FORMAT,
    sequence,
    previous,
    at,
    by: { kind: by.kind, id: by.id },
    action,
    subjects,
    vendor: vendorId,
    facts,
  });
}

/** Throws `ERR_CBOR…`, or `ERR_AUDIT_FORMAT` where it is of another format. */
export function decodeAuditEntry(raw: Uint8Array): AuditEntry {
  const map = CborMap.decode(raw, 'audit entry');
  if (map.text('format') !== FORMAT) {
    throw new AuditError('ERR_AUDIT_FORMAT', 'an audit entry is of an unknown format');
  }
  const by = map.map('by');
  const facts = map.has('facts') ? map.map('facts') : undefined;
  const entry: AuditEntry = {
    sequence: map.uint('sequence'),
    previous: map.bytes('previous', 32),
    at: map.uint('at'),
    by: { kind: by.text('kind') as Author['kind'], id: by.text('id') },
    action: map.text('action'),
    subjects: map.array('subjects').map(String),
    vendorId: map.textOrUndefined('vendor'),
    facts: facts && Object.fromEntries(facts.keys().map((key) => [key, fact(facts.value(key))])),
  };
  by.end();
  map.end();
  return entry;
}

function fact(value: CborValue | undefined): string | number {
  return typeof value === 'number' ? value : String(value);
}

export function hashAuditEntry(raw: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(raw).digest());
}

/** Somewhere in the chain: its end, or a place that was noted before. */
export interface AuditPosition {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** Walks the chain from its beginning; throws `AuditError` where it is broken. */
export class AuditVerifier {
  readonly #noted: AuditPosition | undefined;
  #end: AuditPosition = { sequence: 0, hash: AUDIT_ORIGIN };

  /** `noted`: what the chain ended with at an earlier time, kept outside of the database. */
  constructor(noted?: AuditPosition) {
    this.#noted = noted;
  }

  take(raw: Uint8Array, held: Uint8Array): void {
    const next = this.#end.sequence + 1;
    const { sequence, previous } = readOr(
      () => decodeAuditEntry(raw),
      () => {
        throw broken(`entry ${next} was changed`);
      },
    );
    if (sequence !== next) throw broken(`entry ${next} is missing`);
    if (!equal(previous, this.#end.hash)) throw broken(`entry ${next} does not follow the last`);
    const hash = hashAuditEntry(raw);
    if (!equal(hash, held)) throw broken(`entry ${next} was changed`);
    if (this.#noted?.sequence === sequence && !equal(this.#noted.hash, hash)) {
      throw broken(`entry ${next} is not the one that was noted`);
    }
    this.#end = { sequence, hash };
  }

  /** `head`: what the database says that the end is. */
  finish(head: AuditPosition): AuditPosition {
    const { sequence, hash } = this.#end;
    if (head.sequence !== sequence || !equal(head.hash, hash)) {
      throw broken(`it ends with entry ${sequence}, and ${head.sequence} were written`);
    }
    if (this.#noted && this.#noted.sequence > sequence) {
      throw broken(`entry ${this.#noted.sequence} was noted, and it ends with ${sequence}`);
    }
    return this.#end;
  }
}

function broken(why: string): AuditError {
  return new AuditError('ERR_AUDIT_CHAIN', `the audit log is not whole: ${why}`, {
    hint: 'keep the database as it is, and compare it with a backup',
  });
}

/** `12:3f…`: as `audit verify` prints the end of the chain and takes it back. */
export function formatPosition({ sequence, hash }: AuditPosition): string {
  return `${sequence}:${toHex(hash)}`;
}

export interface AuditLog {
  /** The newest first, older than `before`. */
  entries(
    scope: Scope,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<KeptEntry[]>;
  /** The oldest first, later than `after`; takes no lock, and leaves none out that is committed later. */
  since(
    scope: Scope,
    page: { readonly after: number; readonly limit: number },
  ): Promise<KeptEntry[]>;
  /**
   * Told after each commit of this process that left entries, until what is given back is called. Another
   * process at the same database is not heard: who must not miss its entries asks now and then.
   */
  onAppended(tell: () => void): () => void;
  /** Walks all of it. */
  verify(noted?: AuditPosition): Promise<AuditPosition>;
}
