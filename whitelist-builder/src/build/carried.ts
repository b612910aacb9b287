import { GateError } from '@pinless-gate/protocol/errors';
import type { ManifestFile } from '../bundle/directory.ts';
import { type BuildCache, SECTIONS } from './cache.ts';
import type { CacheFile } from './cache-file.ts';
import { ROW_KEY_LENGTH, rowKeyOf } from './outcome.ts';
import type { Partitions } from './partitions.ts';
import { PREFIX_LENGTH, UseSet } from './uses.ts';

/** The last list is not what this one can be made from: everything is put together anew. */
export class CarryError extends GateError {}

export function cannotCarry(why: string): CarryError {
  return new CarryError('ERR_BUILD_CARRY', `the last list is not carried on: ${why}`);
}

/** The list before this one, whose entries of rows that stay and clash with nothing are taken over. */
export class Carried {
  readonly list: ManifestFile;
  /** Uses that may stand in several rows: those rows are judged anew. */
  readonly clashing = new UseSet();
  /** Conversion values of entries of the last list that are not taken over as they are. */
  readonly removed: Partitions;
  /** Octets that entries taken over take in buckets. */
  length = 0;
  /** How many of their cards were checked when, Unix seconds; 0 where no list speaks of them. */
  readonly #checkedAt = new Map<number, number>();

  constructor(list: ManifestFile, removed: Partitions) {
    this.list = list;
    this.removed = removed;
  }

  /** `count` may be negative: of cards that turn out not to be taken over. */
  addChecked(checkedAt: number, count: number): void {
    this.#checkedAt.set(checkedAt, (this.#checkedAt.get(checkedAt) ?? 0) + count);
  }

  get unchecked(): number {
    return this.#checkedAt.get(0) ?? 0;
  }

  /** The oldest answer for one of their cards. */
  get revocationCheckedAt(): number {
    const times = [...this.#checkedAt].filter(([at, count]) => at > 0 && count > 0);
    return Math.min(...times.map(([at]) => at));
  }
}

/**
 * What is kept of the last build to carry its list on: that its footprints belong to these buckets, and what stood in
 * several rows. `carriedFrom` reads it.
 */
export async function keepLast(
  last: CacheFile,
  footprints: Uint8Array,
  buckets: readonly Uint8Array[],
  shared: readonly ReadonlySet<number>[],
): Promise<void> {
  last.put(linkOf(footprints, buckets), new Uint8Array(0));
  for (const prefixes of shared) {
    for (const prefix of prefixes) {
      const key = Buffer.alloc(ROW_KEY_LENGTH);
      key.writeUIntBE(prefix, 0, PREFIX_LENGTH);
      last.put(key, key.subarray(0, PREFIX_LENGTH));
    }
    await last.drain();
  }
  await last.commit();
}

/** Undefined where the rows that are known are not those of `list`. */
export function carriedFrom(
  list: ManifestFile,
  { rows, last, footprints }: Pick<BuildCache, 'rows' | 'last' | 'footprints'>,
  removed: Partitions,
): Carried | undefined {
  const { identity } = footprints;
  const link = identity && linkOf(identity, list.manifest.buckets);
  if (!rows.filled || !link || !last.section(link[0]!).find(link)) return undefined;
  const carried = new Carried(list, removed);
  for (let section = 0; section < SECTIONS; section++) {
    for (const prefix of last.section(section).values()) {
      if (prefix.length > 0) carried.clashing.addPrefix(prefix.readUIntBE(0, PREFIX_LENGTH));
    }
  }
  // What could not be read might have said that a row clashes.
  return last.damaged ? undefined : carried;
}

function linkOf(footprints: Uint8Array, buckets: readonly Uint8Array[]): Buffer {
  return rowKeyOf(Buffer.concat([footprints, ...buckets]));
}
