import { fingerprint } from '@pinless-gate/protocol/bundle';
import type { Built } from '../build/build.ts';
import type { LeftOutTally } from '../build/left-out.ts';
import type { LineSet } from '../build/line-set.ts';

const MAX_LINES_LISTED = 1000;

/** What `--json` and the report say of a build. Long lists of lines are cut: the counts are not. */
export function summaryOf({ manifest, hash, gathered, tally, ...built }: Built): object {
  const firstPlaces = (lines: LineSet) => {
    return lines.first(MAX_LINES_LISTED).map((row) => {
      const { file, line } = built.placeOf(row);
      return file === undefined ? line : `${file}:${line}`;
    });
  };
  return {
    version: manifest.version,
    entries: manifest.entryCount,
    fingerprint: fingerprint(hash),
    buckets: manifest.buckets.length,
    rejects: built.rejects,
    leftOut: countLeftOut(built.leftOut),
    leftOutReasons: built.leftOut.counts,
    leftOutLines: firstPlaces(built.leftOut.rows),
    unchecked: tally.unchecked,
    expiring: tally.expiring,
    expiringLines: firstPlaces(tally.expiringLines),
    pending: built.pending,
    cancelled: built.cancelled,
    cached: gathered.cached,
  };
}

export function countLeftOut({ counts }: LeftOutTally): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
