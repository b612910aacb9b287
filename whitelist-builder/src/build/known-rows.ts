import type { Feed } from '../purchase/feed.ts';
import type { Revocation } from '../validity/revocation.ts';
import type { BuildCache } from './cache.ts';
import type { Carried } from './carried.ts';
import { Footprints } from './footprint.ts';
import type { Kept } from './kept.ts';
import { ROW_KEY_LENGTH, STATUSES } from './outcome.ts';
import type { Partitions } from './partitions.ts';
import type { RememberedHolders } from './remembered-holders.ts';
import { BUCKET_HEADER_LENGTH, type KnownRow, spool, spoolUses } from './spool.ts';
import { USE_LENGTH } from './uses.ts';

export interface KnownRowsJob {
  readonly feed: Feed;
  readonly cache: BuildCache;
  readonly holders: RememberedHolders;
  readonly revocation: Revocation | undefined;
  readonly candidates: Partitions;
  readonly entries: Partitions;
  readonly uses: Partitions;
  /** Undefined where the list is put together anew. */
  readonly carried: Carried | undefined;
}

/** A row of the feed that is to be checked; `bytes` undefined when too long. */
export interface Row extends KnownRow {
  readonly bytes: Uint8Array | undefined;
}

/** Of a row that is to be looked up: row key 16, line 6, offset 6, length 4. */
export const CANDIDATE_LENGTH = 32;
const LINE = 16;
const OFFSET = 22;
const LENGTH = 28;

/** Behind its row key. */
export function writeCandidate(octets: Buffer, at: number, place: KnownRow['place']): void {
  octets.writeUIntBE(place.line, at + LINE, 6);
  octets.writeUIntBE(place.offset, at + OFFSET, 6);
  octets.writeUInt32BE(place.length, at + LENGTH);
}

/** Octets of footprints that are held between the two times. */
const MAX_HELD = 24 * 1024 * 1024;

/** What becomes of a footprint. */
const GONE = 0;
const STAYS = 1;
/** The row is there, and others decide anew what becomes of it. */
const TOUCHED = 2;
/** The row is there, and is checked anew: somebody it lists may no longer be who they were. */
const CHANGED = 3;
/** The row is there, and what it became is not. */
const LOST = 4;

/**
 * The rows of the feed that the last build knew, a section of the cache at a time. Two times through all of them: only when
 * every other row is converted is it certain which of them clash with nothing.
 */
export class KnownRows {
  readonly #job: KnownRowsJob;
  readonly #held: Footprints[] = [];
  #heldLength = 0;
  /** Of each footprint of each section. */
  readonly #states: Uint8Array[] = [];
  readonly #isOnlyNumber: (octets: Buffer, from: number, to: number) => boolean;
  /** Cards of the section of which no list speaks. */
  #unasked = 0;
  /** Rows that need not be checked. */
  count = 0;
  /** Those of them whose entries stay as they are. */
  carriedCount = 0;
  /** Octets in buckets of what was set down. */
  entriesLength = 0;

  constructor(job: KnownRowsJob) {
    this.#job = job;
    this.#isOnlyNumber = (octets, from, to) => job.holders.isOnlyNumber(octets, from, to);
  }

  /** Gives the rows of a section that are not known, or not as they are now. */
  async *unknown(section: number): AsyncGenerator<Row> {
    const known = this.#footprints(section);
    const candidates = await this.#job.candidates.read(section);
    const states = new Uint8Array(known.count);
    this.#states.push(states);
    for (let at = 0; at < candidates.length; at += CANDIDATE_LENGTH) {
      const number = known.find(candidates, at);
      if (number >= 0) this.#meet(known, number, states);
      if (number >= 0 && states[number] === STAYS) this.count++;
      else yield this.#toCheck(candidates, at);
    }
    this.#job.carried?.addChecked(0, this.#unasked);
    this.#unasked = 0;
  }

  /** Afterwards, of each section again: sets down what is known, and gives rows of which too little is. */
  async *touched(section: number): AsyncGenerator<Row> {
    const { cache, candidates: spooled, uses } = this.#job;
    const known = this.#footprints(section);
    const states = this.#states[section]!;
    let kept: Kept | undefined;
    const outcomeOf = (key: Buffer) => {
      kept ??= cache.rows.section(section);
      return kept.find(key);
    };
    this.#judge(known, states, outcomeOf);
    const some = states.includes(TOUCHED) || states.includes(LOST);
    const candidates = some ? await spooled.read(section) : Buffer.alloc(0);
    for (let at = 0; at < candidates.length; at += CANDIDATE_LENGTH) {
      const number = known.find(candidates, at);
      if (number < 0 || (states[number] !== TOUCHED && states[number] !== LOST)) continue;
      const row = rowAt(candidates, at);
      const octets = known.cardCountOf(number) > 0 ? outcomeOf(row.key) : undefined;
      if (octets) {
        const checkedAt = this.#checkedAt(known, number)!;
        this.entriesLength += spool(this.#job, row, { octets, checkedAt });
      } else if (known.cardCountOf(number) === 0) {
        spoolUses(uses, row, known.octets, known.usesFrom(number), known.usesTo(number));
      } else {
        states[number] = LOST;
        this.count--;
        yield this.#toCheck(candidates, at);
      }
    }
    this.#keep(section, known, states);
  }

  /** Where they are few they are read once. */
  #footprints(section: number): Footprints {
    const held = this.#held[section];
    if (held) return held;
    const octets = this.#job.cache.footprints.octets(section);
    if (this.#heldLength + octets.length > MAX_HELD) return new Footprints(octets);
    this.#heldLength += octets.length;
    this.#held[section] = new Footprints(Buffer.from(octets));
    return this.#held[section];
  }

  #toCheck(candidates: Buffer, at: number): Row {
    const { place, key } = rowAt(candidates, at);
    return {
      place,
      key: Buffer.from(key),
      bytes: this.#job.feed.readAt(place.offset, place.length),
    };
  }

  #meet(known: Footprints, number: number, states: Uint8Array): void {
    const { carried } = this.#job;
    if (states[number] === STAYS) {
      // Once more: which of them counts is decided anew.
      const to = known.usesTo(number);
      for (let at = known.usesFrom(number); at < to; at += USE_LENGTH) {
        carried?.clashing.add(known.octets, at);
      }
    } else if (states[number] === GONE) {
      if (this.#isUnasked(known, number)) {
        states[number] = STAYS;
        this.#unasked += known.cardCountOf(number);
        return;
      }
      const checkedAt = this.#checkedAt(known, number);
      states[number] = checkedAt ? STAYS : CHANGED;
      if (carried && checkedAt) for (const at of checkedAt) carried.addChecked(at, 1);
    }
  }

  /** Nobody is asked about the cards of a row, and nothing of them can have changed. */
  #isUnasked(known: Footprints, number: number): boolean {
    if (this.#job.revocation || !known.isLasting(number)) return false;
    return known.everyHolder(number, this.#isOnlyNumber);
  }

  /** Of each card; undefined where what was kept no longer holds. */
  #checkedAt(known: Footprints, number: number): number[] | undefined {
    const { holders, revocation } = this.#job;
    if (!known.isLasting(number)) return undefined;
    const times: number[] = [];
    for (const holder of known.holdersOf(number)) {
      const at = holders.checkedAt(holder, revocation);
      if (at === undefined) return undefined;
      times.push(at);
    }
    return times;
  }

  /** Which rows are taken over with their entries, and which entries are not. */
  #judge(
    known: Footprints,
    states: Uint8Array,
    outcomeOf: (key: Buffer) => Buffer | undefined,
  ): void {
    const { cache, carried } = this.#job;
    for (let number = 0; number < known.count; number++) {
      const stays = states[number] === STAYS;
      if (stays && cache.rows.anew) {
        const key = known.keyOf(number);
        const octets = outcomeOf(key);
        if (octets) cache.rows.keep(key, octets);
        else states[number] = LOST;
      }
      if (states[number] === STAYS && (!carried || this.#isTouched(known, number, carried))) {
        states[number] = TOUCHED;
      }
      if (!carried) continue;
      if (states[number] === STAYS) {
        const headers = BUCKET_HEADER_LENGTH * known.cardCountOf(number);
        this.carriedCount++;
        carried.length += headers + known.sealedLengthOf(number);
        continue;
      }
      for (const card of known.cardsOf(number)) carried.removed.append(card);
      if (!stays) continue;
      for (const at of this.#checkedAt(known, number)!) carried.addChecked(at, -1);
    }
  }

  /** Also where there is something to say of the row that names its line. */
  #isTouched(known: Footprints, number: number, { clashing }: Carried): boolean {
    const to = known.usesTo(number);
    for (let at = known.usesFrom(number); at < to; at += USE_LENGTH) {
      if (clashing.has(known.octets, at)) return true;
    }
    return known.statusOf(number) !== STATUSES.indexOf('paid') || known.isExpiring(number);
  }

  /** Footprints of rows that are there, for the next build: mostly long runs. */
  #keep(section: number, known: Footprints, states: Uint8Array): void {
    const { footprints } = this.#job.cache;
    const stays = (number: number) => states[number] === STAYS || states[number] === TOUCHED;
    const runs: [number, number][] = [];
    for (let from = 0; from < known.count; ) {
      let to = from;
      while (to < known.count && stays(to)) to++;
      runs.push([known.startOf(from), known.startOf(to)]);
      from = Math.max(to, from + 1);
    }
    footprints.keepRuns(section, known.octets, runs);
  }
}

function rowAt(candidates: Buffer, at: number): KnownRow {
  return {
    key: candidates.subarray(at, at + ROW_KEY_LENGTH),
    place: {
      line: candidates.readUIntBE(at + LINE, 6),
      offset: candidates.readUIntBE(at + OFFSET, 6),
      length: candidates.readUInt32BE(at + LENGTH),
    },
  };
}
