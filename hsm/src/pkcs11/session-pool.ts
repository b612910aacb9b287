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
  #onIdle: (() => void) | undefined;

  constructor(slot: graphene.Slot, limit: number) {
    this.#slot = slot;
    this.#limit = limit;
  }

  async use<T>(operation: (session: Handle) => Promise<T>): Promise<T> {
    const session = this.#free.pop() ?? this.#tryOpen() ?? (await this.#wait());
    try {
      return await operation(session);
    } finally {
      this.#release(session);
    }
  }

  /** Resolves when no operation is under way. */
  async idle(): Promise<void> {
    if (this.#open === this.#free.length) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
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
    if (next) {
      next(session);
      return;
    }
    this.#free.push(session);
    if (this.#open === this.#free.length) this.#onIdle?.();
  }
}
