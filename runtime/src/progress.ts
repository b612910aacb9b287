import type { Io } from './program.ts';

const REDRAW_MS = 200;

/** Rows done, rate and time left, on standard error: redrawn on a terminal, sparse elsewhere. */
export class Progress {
  readonly #io: Io;
  readonly #what: string;
  readonly #now: () => number;
  readonly #start: number;
  #drawn: number;
  #intervalMs: number;

  /** `now` counts milliseconds, monotonic. */
  constructor(io: Io, what: string, now: () => number) {
    this.#io = io;
    this.#what = what;
    this.#now = now;
    this.#start = now();
    this.#drawn = this.#start;
    this.#intervalMs = io.interactive ? REDRAW_MS : 5000;
  }

  /** `fraction` of the whole that is done, 0 to 1, where it is known. */
  update(rows: number, fraction?: number): void {
    const now = this.#now();
    if (now - this.#drawn < this.#intervalMs) return;
    this.#drawn = now;
    this.#show(progressLine(this.#what, rows, now - this.#start, fraction));
  }

  end(rows: number): void {
    const elapsedMs = this.#now() - this.#start;
    const line = `${this.#what}: ${rows.toLocaleString('en')} in ${formatSeconds(elapsedMs)}, ${rate(rows, elapsedMs)}`;
    this.#io.err(this.#io.interactive ? `\r\x1b[K${line}` : line);
  }

  #show(line: string): void {
    // A cursor-up keeps the redrawn line in its place: `err` always ends the line.
    this.#io.err(this.#io.interactive ? `\r\x1b[K${line}\x1b[1A` : line);
  }
}

export function progressLine(
  what: string,
  rows: number,
  elapsedMs: number,
  fraction: number | undefined,
): string {
  const left =
    fraction === undefined || fraction <= 0
      ? ''
      : `, ${Math.round(fraction * 100)} %, ${formatSeconds((elapsedMs / fraction) * (1 - fraction))} left`;
  return `${what}: ${rows.toLocaleString('en')}, ${rate(rows, elapsedMs)}${left}`;
}

function rate(rows: number, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (rows * 1000) / elapsedMs : 0;
  return `${Math.round(perSecond).toLocaleString('en')}/s`;
}

function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
