import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeedPlace } from '../purchase/feed.ts';

/** What a build has to say of single rows. What becomes of them: docs/whitelist.md. */
export const FINDING_KINDS = [
  'rejected',
  'replaced',
  'repeated',
  'merged',
  'revoked',
  'expiring',
  'pending',
  'cancelled',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding extends FeedPlace {
  readonly kind: FindingKind;
  /** Of `rejected`. */
  readonly field?: string;
  readonly reason?: string;
  /** The row that replaces this one, or that was there first. */
  readonly by?: FeedPlace;
}

const WRITE_LENGTH = 64 * 1024;

/** Findings in the order they were made: counted, and set down until a report is written of them. */
export class Findings {
  readonly #path: string;
  readonly #counts = new Map<FindingKind, number>();
  #file: FileHandle | undefined;
  #waiting: string[] = [];
  #waitingLength = 0;

  constructor(directory: string) {
    this.#path = join(directory, 'findings');
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(finding: Finding): void {
    this.#counts.set(finding.kind, this.count(finding.kind) + 1);
    const line = `${JSON.stringify(finding)}\n`;
    this.#waiting.push(line);
    this.#waitingLength += line.length;
  }

  async drain(): Promise<void> {
    if (this.#waitingLength >= WRITE_LENGTH) await this.#write();
  }

  /** All of them, a line each, as JSON. */
  async *lines(): AsyncGenerator<string> {
    await this.#write();
    if (!this.#file) return;
    const file = await open(this.#path);
    try {
      yield* file.readLines({ autoClose: false });
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #write(): Promise<void> {
    if (this.#waitingLength === 0) return;
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#file ??= await open(this.#path, 'ax', 0o600);
    await this.#file.appendFile(text);
  }
}
