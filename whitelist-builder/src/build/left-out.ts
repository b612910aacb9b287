import { join } from 'node:path';
import type { FeedPlace } from '../purchase/feed.ts';
import type { LeftOutCard } from '../purchase/listing.ts';
import type { LeftOut } from '../validity/revocation.ts';
import type { Findings } from './findings.ts';
import { LineSet } from './line-set.ts';
import { SpooledLines } from './spooled-lines.ts';

/** Cards that are not listed, though their purchase is: why, and the rows they stand in. */
export interface LeftOutTally {
  readonly counts: Partial<Record<LeftOut, number>>;
  readonly rows: LineSet;
}

/** `1 revoked, 2 on-hold` */
export function reasonsOf({ counts }: LeftOutTally): string {
  return Object.entries(counts)
    .map(([reason, count]) => `${count.toLocaleString('en')} ${reason}`)
    .join(', ');
}

interface LeftOutLine extends LeftOutCard {
  readonly row: number;
  readonly purchaseId: string;
}

/** Cards left out, set down until it is known which of their rows count. */
export class LeftOutCards {
  readonly #spool: SpooledLines;

  constructor(directory: string) {
    this.#spool = new SpooledLines(join(directory, 'left-out'));
  }

  add(row: number, purchaseId: string, card: LeftOutCard): void {
    const line: LeftOutLine = { row, purchaseId, ...card };
    this.#spool.add(JSON.stringify(line));
  }

  drain(): Promise<void> {
    return this.#spool.drain();
  }

  /** Those of rows that `counts`, told to `findings`. */
  async settle(
    counts: (row: number) => boolean,
    findings: Findings,
    placeOf: (row: number) => FeedPlace,
  ): Promise<LeftOutTally> {
    const tally = { counts: {} as Partial<Record<LeftOut, number>>, rows: new LineSet() };
    for await (const line of this.#spool.lines()) {
      const { row, purchaseId, field, reason } = JSON.parse(line) as LeftOutLine;
      if (!counts(row)) continue;
      tally.rows.add(row);
      tally.counts[reason] = (tally.counts[reason] ?? 0) + 1;
      findings.add({ kind: 'left-out', ...placeOf(row), purchaseId, field, reason });
      await findings.drain();
    }
    return tally;
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}
