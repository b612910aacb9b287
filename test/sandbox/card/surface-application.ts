import { randomBytes } from 'node:crypto';
import {
  SW_CONDITIONS_NOT_SATISFIED,
  SW_FILE_NOT_FOUND,
  SW_INS_NOT_SUPPORTED,
  SW_REFERENCE_NOT_FOUND,
  SW_SECURITY_STATUS_NOT_SATISFIED,
  SW_SUCCESS,
  SW_WRONG_P1_P2,
} from '@pinless-gate/protocol/apdu/status-word';
import { equal, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import {
  type CardCommand,
  SW_INCOMPATIBLE_FILE,
  SW_NO_CURRENT_FILE,
  status,
  success,
  WRONG_LENGTH,
} from './command.ts';
import { readPart } from './read-binary.ts';
import { RetryCounter } from './retry-counter.ts';
import { type CardKey, paddable } from './signing.ts';
import type { Exchange, Step } from './virtual-card.ts';

export const SURFACE_AID = fromHex('d3921000310001010402');
const EF_RECORD = 0x0001;
const EF_SIGNER = 0x0004;
const EF_BIRTH_DATE = 0x0011;
const EF_NUMBER_B = 0x0012;
const EF_NUMBER_A = 0x0013;
const EF_KEY = 0x001a;
const OTHER_FILES = [0x0002, 0x0003, 0x0005, 0x0006, 0x0014, 0x0015, 0x001c, 0x001e];
const TRIES = 10;
const SIGNATURE_LENGTH = 256;
/** SET SESSION KEY: this application has no secure messaging. */
const SW_NO_SESSION_KEY = 0x66f1;

export interface SurfaceOptions {
  /** EF 0001 and EF 0004. */
  readonly record: Uint8Array;
  readonly signer: Uint8Array;
  readonly key: CardKey;
  /** Six digits. */
  readonly reference: string;
  /** Of ten. */
  readonly triesLeft?: number;
  /** What an emulator does that has a card of its own behind it: every birth date is right. */
  readonly acceptsAnyReference?: boolean;
}

/** The card-surface check application (protocol.md 1.4), as far as it is publicly known. */
export class SurfaceApplication {
  readonly #options: SurfaceOptions;
  /** Counters outlive resets. The values of both numbers are unknown to everybody, but they count. */
  readonly #counters = new Map(
    [EF_BIRTH_DATE, EF_NUMBER_B, EF_NUMBER_A].map((file) => [file, new RetryCounter(TRIES)]),
  );
  #currentFile: number | undefined;
  #opened = false;

  constructor(options: SurfaceOptions) {
    this.#options = options;
    const birthDate = this.#counters.get(EF_BIRTH_DATE)!;
    for (let left = TRIES; left > (options.triesLeft ?? TRIES); left--) birthDate.fail();
  }

  /** What was selected and opened dies with the selection. */
  forget(): void {
    this.#currentFile = undefined;
    this.#opened = false;
  }

  stepOf({ cla, ins, p1, data }: CardCommand): Step | undefined {
    if (cla === 0x80) return ins === 0x2a ? 'sign' : undefined;
    if (ins === 0xb0) return 'read-surface';
    if (ins === 0x20) return data.length === 0 ? 'query-tries' : 'verify-birth-date';
    return ins === 0xa4 && p1 === 0x04 ? 'select' : undefined;
  }

  exchange(command: CardCommand): Exchange {
    if (command.cla === 0x80) return this.#proprietary(command);
    switch (command.ins) {
      case 0xa4:
        return this.#selectFile(command);
      case 0xb0:
        return this.#readBinary(command);
      case 0x20:
        return this.#verify(command);
      case 0x84:
        return command.ne === 0 ? WRONG_LENGTH : success(randomBytes(command.ne));
      case 0x88:
        // The key signs by COMPUTE DIGITAL SIGNATURE alone.
        return status(SW_CONDITIONS_NOT_SATISFIED);
      default:
        return status(SW_INS_NOT_SUPPORTED);
    }
  }

  #proprietary(command: CardCommand): Exchange {
    if (command.ins === 0x2a) return this.#sign(command);
    return status(command.ins === 0xa2 ? SW_NO_SESSION_KEY : SW_INS_NOT_SUPPORTED);
  }

  #selectFile({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x02 || p2 !== 0x0c) return status(SW_WRONG_P1_P2);
    if (data.length !== 2) return WRONG_LENGTH;
    const file = (data[0]! << 8) | data[1]!;
    if (!this.#exists(file)) return status(SW_FILE_NOT_FOUND);
    this.#currentFile = file;
    return status(SW_SUCCESS);
  }

  #readBinary({ p1, p2, data, ne, extended }: CardCommand): Exchange {
    if (data.length > 0 || ne === 0 || extended) return WRONG_LENGTH;
    let offset = (p1 << 8) | p2;
    if (p1 & 0x80) {
      if (p1 & 0x60) return status(SW_WRONG_P1_P2);
      if (!this.#exists(p1 & 0x1f)) return status(SW_FILE_NOT_FOUND);
      this.#currentFile = p1 & 0x1f;
      offset = p2;
    }
    const file = this.#currentFile;
    if (file === undefined) return status(SW_NO_CURRENT_FILE);
    if (file === EF_KEY || this.#counters.has(file)) return status(SW_INCOMPATIBLE_FILE);
    if (file === EF_SIGNER) return readPart(this.#options.signer, offset, ne);
    if (file === EF_RECORD && this.#opened) return readPart(this.#options.record, offset, ne);
    return status(SW_SECURITY_STATUS_NOT_SATISFIED);
  }

  #verify({ p1, p2, data }: CardCommand): Exchange {
    const reference = this.#reference(p2);
    const counter = reference === undefined ? undefined : this.#counters.get(reference);
    if (p1 !== 0x00) return status(SW_WRONG_P1_P2);
    if (!counter) return status(SW_REFERENCE_NOT_FOUND);
    const isBirthDate = reference === EF_BIRTH_DATE;
    if (data.length === 0) {
      return status(isBirthDate && this.#opened ? SW_SUCCESS : counter.status);
    }
    if (counter.blocked) return status(RetryCounter.BLOCKED);
    const { acceptsAnyReference = false, reference: digits } = this.#options;
    const right = isBirthDate && (acceptsAnyReference || equal(data, utf8(digits)));
    if (!right) {
      if (isBirthDate) this.#opened = false;
      return status(counter.fail());
    }
    counter.refill();
    this.#opened = true;
    return status(SW_SUCCESS);
  }

  /** Signs whatever it is given, for anyone. P2 00 is the application's own key. */
  #sign({ p1, p2, data, ne }: CardCommand): Exchange {
    if (p1 !== 0x00) return status(SW_WRONG_P1_P2); // untested on cards
    if (p2 !== 0x00 && this.#reference(p2) !== EF_KEY) return status(SW_REFERENCE_NOT_FOUND);
    const block = paddable(p1, data);
    if (block === undefined || ne < SIGNATURE_LENGTH) return WRONG_LENGTH;
    return success(this.#options.key.signPadded(block), 'rsa');
  }

  #reference(p2: number): number | undefined {
    if (p2 === 0x80) return this.#currentFile;
    return (p2 & 0xe0) === 0x80 && this.#exists(p2 & 0x1f) ? p2 & 0x1f : undefined;
  }

  #exists(file: number): boolean {
    return (
      file === EF_RECORD ||
      file === EF_SIGNER ||
      file === EF_KEY ||
      this.#counters.has(file) ||
      OTHER_FILES.includes(file)
    );
  }
}
