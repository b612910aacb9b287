/** Wakes those who wait for the next change of anything. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  readonly happened = (): void => {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  };

  /** Resolves after the next change, or when the signal aborts. */
  readonly next = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
}
