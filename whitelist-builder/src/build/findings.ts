import { join } from 'node:path';
import type { FeedPlace } from '../purchase/feed.ts';
import { SpooledLines } from './spooled-lines.ts';

/** What a build has to say of single rows. What becomes of them: docs/whitelist.md. */
export const FINDING_KINDS = [
  'rejected',
  'replaced',
  'repeated',
  'merged',
  'left-out',
  'expiring',
  'pending',
  'cancelled',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding extends FeedPlace {
  readonly kind: FindingKind;
  /** Of `left-out` and `expiring`. */
  readonly purchaseId?: string;
  /** Of `rejected` and `left-out`; of `left-out` and `expiring` the reason is as `whitelist check` has it. */
  readonly field?: string;
  readonly reason?: string;
  /** The row that replaces this one, or that was there first. */
  readonly by?: FeedPlace;
}

/** Findings in the order they were made: counted, and set down until a report is written of them. */
export class Findings {
  readonly #spool: SpooledLines;
  readonly #counts = new Map<FindingKind, number>();

  constructor(directory: string) {
    this.#spool = new SpooledLines(join(directory, 'findings'));
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(finding: Finding): void {
    this.#counts.set(finding.kind, this.count(finding.kind) + 1);
    this.#spool.add(JSON.stringify(finding));
  }

  drain(): Promise<void> {
    return this.#spool.drain();
  }

  /** All of them, a line each, as JSON. */
  lines(): AsyncGenerator<string> {
    return this.#spool.lines();
  }

  close(): Promise<void> {
    return this.#spool.close();
  }
}
