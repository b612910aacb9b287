import { equal } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';

const NONCE_LENGTH = 32;

/** Fresh nonces. A generator that repeats itself is broken, and then no card may be asked anything. */
export class Nonces {
  readonly #random: (length: number) => Uint8Array;
  #last: Uint8Array;

  constructor(random: (length: number) => Uint8Array) {
    this.#random = random;
    this.#last = random(NONCE_LENGTH);
  }

  next(): Uint8Array {
    const nonce = this.#random(NONCE_LENGTH);
    if (nonce.length !== NONCE_LENGTH || equal(nonce, this.#last)) {
      throw new GateError('ERR_NONCE', 'the random number generator repeats itself');
    }
    this.#last = nonce;
    return nonce;
  }
}
