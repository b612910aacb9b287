import type graphene from 'graphene-pk11';
import pkcs11js from 'pkcs11js';
import { ckrOf, hsmError } from './errors.ts';
import type { Handle } from './module.ts';

/**
 * One operation per session (PKCS#11 v2.40 5.11: a second C_SignInit is CKR_OPERATION_ACTIVE), so operations that
 * leave the main thread each borrow a session of their own and queue when all are taken.
 */
export class SessionPool {
  readonly #slot: graphene.Slot;
  readonly #free: Handle[] = [];
  readonly #waiting: ((session: Handle) => void)[] = [];
  #limit: number;
  #open = 0;
  #active = 0;
  #idle: (() => void)[] = [];

  constructor(slot: graphene.Slot, limit: number) {
    this.#slot = slot;
    this.#limit = limit;
  }

  use<T>(operation: (session: Handle) => Promise<T>): Promise<T> {
    return this.hold(async () => {
      const session = this.#free.pop() ?? this.#tryOpen() ?? (await this.#wait());
      try {
        return await operation(session);
      } finally {
        this.#release(session);
      }
    });
  }

  /** Counts an operation on a session that is not of the pool. */
  async hold<T>(operation: () => Promise<T>): Promise<T> {
    this.#active++;
    try {
      return await operation();
    } finally {
      if (--this.#active === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when no operation is under way. */
  async idle(): Promise<void> {
    if (this.#active === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #tryOpen(): Handle | undefined {
    if (this.#open >= this.#limit) return undefined;
    let session: Handle;
    try {
      session = this.#slot.module.lib.C_OpenSession(this.#slot.handle, pkcs11js.CKF_SERIAL_SESSION);
    } catch (error) {
      // The token allows fewer than we would like: make do with those that are open.
      if (ckrOf(error) !== pkcs11js.CKR_SESSION_COUNT || this.#open === 0) {
        throw hsmError('C_OpenSession', error);
      }
      this.#limit = this.#open;
      return undefined;
    }
    this.#open++;
    return session;
  }

  #wait(): Promise<Handle> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(session: Handle): void {
    const next = this.#waiting.shift();
    if (next) next(session);
    else this.#free.push(session);
  }
}
