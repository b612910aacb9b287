import type { Whitelist } from './store.ts';

/** The list in force. A tap holds on to the one that it began with; it is closed when no tap uses it. */
export class Lists {
  #current: Whitelist | undefined;
  readonly #users = new Map<Whitelist, number>();
  readonly #retired = new Set<Whitelist>();

  constructor(current: Whitelist | undefined) {
    this.#current = current;
  }

  get current(): Whitelist | undefined {
    return this.#current;
  }

  async use<T>(action: (list: Whitelist | undefined) => Promise<T>): Promise<T> {
    const list = this.#current;
    if (!list) return action(undefined);
    this.#users.set(list, (this.#users.get(list) ?? 0) + 1);
    try {
      return await action(list);
    } finally {
      this.#users.set(list, this.#users.get(list)! - 1);
      await this.#closeRetired();
    }
  }

  /** Undefined takes the list in force away. */
  async replace(next: Whitelist | undefined): Promise<void> {
    if (this.#current) this.#retired.add(this.#current);
    this.#current = next;
    await this.#closeRetired();
  }

  async close(): Promise<void> {
    if (this.#current) this.#retired.add(this.#current);
    this.#current = undefined;
    await this.#closeRetired();
  }

  async #closeRetired(): Promise<void> {
    for (const list of this.#retired) {
      if ((this.#users.get(list) ?? 0) > 0) continue;
      this.#retired.delete(list);
      this.#users.delete(list);
      await list.close();
    }
  }
}
