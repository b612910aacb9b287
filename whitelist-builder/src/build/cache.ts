import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Converter } from '@pinless-gate/hsm/conversion-value';
import { toHex, utf8 } from '@pinless-gate/protocol/bytes';
import { lockDirectory } from '@pinless-gate/runtime/directory-lock';
import type { ListingRules } from '../purchase/listing.ts';
import { CacheFile } from './cache-file.ts';
import { type CacheError, isUnfinishedSections } from './sealed-sections.ts';

/**
 * Rises with every change of the code that makes another outcome of the same row: what is kept is
 * then made anew.
 */
const OUTCOMES = 3;
export const SECTIONS = 256;

/** Everything besides a row that decides what it becomes: under other settings nothing kept is of use. */
export function settingsOf(rules: ListingRules): Uint8Array {
  const { gates, admission, shape, issuers, now } = rules;
  const authorities = issuers.map(({ name, nameDer, generations }) => ({
    name,
    dn: toHex(nameDer),
    generations: generations.map(({ fingerprint, certificate: { notBefore, notAfter } }) => {
      return [fingerprint, notBefore <= now && now <= notAfter];
    }),
  }));
  const settings = { OUTCOMES, gates: [...gates], admission, shape, authorities };
  return createHash('sha256')
    .update(utf8(JSON.stringify(settings)))
    .digest();
}

/** What a build keeps for the next one, in a directory; without a directory it keeps nothing. */
export interface CacheJob {
  readonly directory: string | undefined;
  readonly converter: Converter;
  readonly rules: ListingRules;
  /** Is told why a cache is not used. */
  readonly warn: (error: CacheError) => void;
}

/** The files of a cache. */
export interface BuildCache {
  /** Row key to outcome. */
  readonly rows: CacheFile;
  /** Row key to footprint, of the rows of the last feed alone. */
  readonly footprints: CacheFile;
  /** What the last list was made of (`carriedFrom`). */
  readonly last: CacheFile;
  /** Card and sealed parts to the sealed entry that they share. */
  readonly merged: CacheFile;
  /** Certificates that stand for others (`RememberedHolders`). */
  readonly holders: CacheFile;
}

/** Files of the same key; those of another are told and made anew. One build at a time has a directory. */
export async function withCache<T>(
  job: CacheJob,
  work: (cache: BuildCache) => Promise<T>,
): Promise<T> {
  const { directory } = job;
  if (directory === undefined) return withFiles(job, work);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unlock = await lockDirectory(directory);
  try {
    for (const name of await readdir(directory)) {
      if (isUnfinishedSections(name)) await rm(join(directory, name));
    }
    return await withFiles(job, work);
  } finally {
    await unlock();
  }
}

const FILES = [
  { name: 'rows', additions: true },
  { name: 'footprints', additions: false },
  { name: 'last', additions: false },
  { name: 'merged', additions: true },
  { name: 'holders', additions: false },
] as const;

async function withFiles<T>(job: CacheJob, work: (cache: BuildCache) => Promise<T>): Promise<T> {
  const key = await job.converter.cacheKey(job.rules.eventId, settingsOf(job.rules));
  const told = new Set<string>();
  const warn = (error: CacheError) => {
    if (!told.has(error.code)) job.warn(error);
    told.add(error.code);
  };
  const { directory } = job;
  const opening = FILES.map(({ name, additions }) => {
    return CacheFile.open({ directory, name, key, warn, additions });
  });
  try {
    const [rows, footprints, last, merged, holders] = await Promise.all(opening);
    return await work({
      rows: rows!,
      footprints: footprints!,
      last: last!,
      merged: merged!,
      holders: holders!,
    });
  } finally {
    for (const file of await Promise.allSettled(opening)) {
      if (file.status === 'fulfilled') await file.value.close();
    }
    key.key.fill(0);
  }
}
