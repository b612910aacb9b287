import type { Import } from './purchase.ts';

/** Rows a second and the time that is left, by what was seen since the first row was; undefined before. */
export interface ImportPace {
  readonly rowsPerSecond: number;
  readonly leftMs: number;
}

/** Tells the pace from one sight to the next: how long the file took to arrive is no part of it. */
export class PaceMeter {
  readonly #now: () => number;
  #first: { readonly at: number; readonly rows: number; readonly progress: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  see({ accepted, changed, unchanged, rejected, progress }: Import): ImportPace | undefined {
    const rows = accepted + changed + unchanged + rejected;
    const at = this.#now();
    if (rows === 0) return undefined;
    this.#first ??= { at, rows, progress };
    const passedMs = at - this.#first.at;
    const percent = progress - this.#first.progress;
    if (passedMs <= 0 || percent <= 0) return undefined;
    return {
      rowsPerSecond: ((rows - this.#first.rows) * 1000) / passedMs,
      leftMs: ((100 - progress) * passedMs) / percent,
    };
  }
}
