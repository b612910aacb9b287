import type { Feed, FeedPlace } from '../purchase/feed.ts';
import type { LineProblem } from '../purchase/line.ts';
import { RejectFile } from '../purchase/rejects.ts';
import type { Findings } from './findings.ts';
import { LineSet } from './line-set.ts';
import { STATUSES } from './outcome.ts';
import { MANY_REJECTS, type RejectsAllowed, tooManyRejects } from './refusals.ts';
import type { Verdicts } from './uses.ts';

/** Rows that do not count, and what is said of them. */
export class RowVerdicts {
  readonly #limit: RejectsAllowed;
  readonly #feed: Feed;
  readonly #findings: Findings;
  readonly #file: RejectFile;
  readonly #rejected = new LineSet();
  readonly #dropped = new LineSet();

  constructor(limit: RejectsAllowed, feed: Feed, findings: Findings) {
    this.#limit = limit;
    this.#feed = feed;
    this.#findings = findings;
    this.#file = new RejectFile(limit.rejects);
  }

  get rejects(): number {
    return this.#file.count;
  }

  reject = (line: number, problem: LineProblem): void => {
    this.#rejected.add(line);
    const place = this.#place(line);
    this.#file.add(line, place, problem);
    this.#findings.add({ kind: 'rejected', ...place, ...problem });
  };

  /** What `findConflicts` is to tell. */
  onConflict(): Verdicts {
    const say = (kind: 'replaced' | 'repeated') => (line: number, other: number) => {
      this.#findings.add({ kind, ...this.#place(line), by: this.#place(other) });
    };
    return {
      rejected: this.#rejected,
      dropped: this.#dropped,
      reject: this.reject,
      replaced: say('replaced'),
      repeated: say('repeated'),
      unlisted: (line, status) => {
        const kind = STATUSES[status];
        if (kind === 'pending' || kind === 'cancelled') {
          this.#findings.add({ kind, ...this.#place(line) });
        }
      },
      fileNumber: (line) => this.#feed.fileNumber(line),
      where: (line) => this.#feed.where(line),
    };
  }

  /** Whether a row does not count; undefined where all do. */
  get left(): ((line: number) => boolean) | undefined {
    if (this.#rejected.size + this.#dropped.size === 0) return undefined;
    return (line) => this.#rejected.has(line) || this.#dropped.has(line);
  }

  /** Throws where bad lines are so many that reading on is of no use. */
  async stopEarly(): Promise<void> {
    if (this.rejects <= Math.max(this.#limit.allowRejects, MANY_REJECTS)) return;
    await this.#file.finish();
    throw tooManyRejects(this.#limit, this.rejects);
  }

  /** Once every row of so many was judged: writes the reject file, and throws where bad lines are too many. */
  async finish(lines: number): Promise<void> {
    await this.#file.finish();
    if (this.rejects <= this.#limit.allowRejects) return;
    throw tooManyRejects(this.#limit, this.rejects, lines);
  }

  #place(line: number): FeedPlace {
    return this.#feed.placeOf(line);
  }
}
