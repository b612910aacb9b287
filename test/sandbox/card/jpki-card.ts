import { randomBytes, verify } from 'node:crypto';
import {
  SW_AUTHENTICATION_FAILED,
  SW_CLA_NOT_SUPPORTED,
  SW_CONDITIONS_NOT_SATISFIED,
  SW_FILE_NOT_FOUND,
  SW_FUNCTION_NOT_SUPPORTED,
  SW_INS_NOT_SUPPORTED,
  SW_REFERENCE_NOT_FOUND,
  SW_SECURITY_STATUS_NOT_SATISFIED,
  SW_SUCCESS,
  SW_WRONG_P1_P2,
  SW1_WRONG_LE,
} from '@pinless-gate/protocol/apdu/status-word';
import { equal, fromHex, utf8 } from '@pinless-gate/protocol/bytes';
import { encodeTlv } from '@pinless-gate/protocol/tlv';
import { type CardPin, countersOf } from './card-pin.ts';
import {
  type CardCommand,
  parseCommand,
  SW_CHANNEL_NOT_SUPPORTED,
  SW_INCOMPATIBLE_FILE,
  SW_NO_CURRENT_FILE,
  SW_SECURE_MESSAGING_NOT_SUPPORTED,
  status,
  success,
  WRONG_LENGTH,
} from './command.ts';
import {
  EF_CERTIFICATE,
  EF_PRESENCE,
  EF_PRIVATE_KEY,
  EF_SIGNATURE_CERTIFICATE,
  EF_SIGNATURE_KEY,
  EF_TERMINAL_CA_KEY,
  EF_TOKEN_INFO,
  type JpkiFile,
} from './jpki-files.ts';
import { readPart } from './read-binary.ts';
import { RetryCounter } from './retry-counter.ts';
import { type CardKey, paddable } from './signing.ts';
import { TerminalChain, type VerifyingKey } from './terminal-chain.ts';
import type { Exchange, Step, VirtualCard } from './virtual-card.ts';

export const JPKI_AID = fromHex('d392f000260100000001');
const RID_LENGTH = 5; // ISO/IEC 7816-5: a shorter prefix names nobody
const CHALLENGE_LENGTH = 16; // ASSUMED
const SIGNATURE_LENGTH = 256;
const TERMINAL_TRIES = 10; // not public

export interface JpkiCardOptions {
  readonly atr: Uint8Array;
  readonly files: ReadonlyMap<number, JpkiFile>;
  readonly key: CardKey;
  readonly terminalCa: VerifyingKey;
  readonly pins: readonly CardPin[];
  /** That of 署名用; absent where the card has no certificate for it. */
  readonly signatureKey?: CardKey;
  /** The application is not on this card: every SELECT answers 6A82. */
  readonly foreign?: boolean;
  /** Every EXTERNAL AUTHENTICATE fails and burns a try, as on a card that does not know this terminal. */
  readonly refusesTerminal?: boolean;
  /** `80 FC 00 00` answers 9000: phones of one maker. */
  readonly lastCommandIndicator?: boolean;
}

/** Today's card as publicly known (jpki-facts 1 and 2), its terminal half as protocol.md 1.1 assumes it. */
export class JpkiCard implements VirtualCard {
  readonly atr: Uint8Array;
  readonly #options: JpkiCardOptions;
  readonly #chain: TerminalChain;
  /** Counters outlive resets. */
  readonly #pins: ReadonlyMap<number, RetryCounter>;
  readonly #terminal = new RetryCounter(TERMINAL_TRIES);
  #selected = false;
  #currentFile: number | undefined;
  readonly #verified = new Set<number>();
  #terminalAccepted = false;
  #challenge: Uint8Array | undefined;

  constructor(options: JpkiCardOptions) {
    this.atr = options.atr;
    this.#options = options;
    this.#chain = new TerminalChain(options.terminalCa);
    this.#pins = countersOf(options.pins);
  }

  reset(): void {
    this.#selected = false;
    this.#forget();
  }

  /** The security status dies with the application (jpki-facts 2.1). */
  #forget(): void {
    this.#currentFile = undefined;
    this.#verified.clear();
    this.#terminalAccepted = false;
    this.#challenge = undefined;
    this.#chain.reset();
  }

  stepOf(bytes: Uint8Array): Step | undefined {
    const command = parseCommand(bytes);
    if (!command) return undefined;
    const { cla, ins, p1, data } = command;
    if (cla === 0x80) return ins === 0x2a ? 'sign' : ins === 0xa2 ? 'load-certificate' : undefined;
    if (cla !== 0x00) return undefined;
    if (ins === 0x84) return 'get-challenge';
    if (ins === 0x82) return 'external-authenticate';
    if (ins === 0x20) return data.length > 0 ? 'verify-pin' : undefined;
    if (ins === 0xa4 && p1 === 0x04) return 'select';
    if (ins === 0xa4 && p1 === 0x02 && data.length === 2) {
      return STEP_OF_FILE.get((data[0]! << 8) | data[1]!);
    }
    if (ins === 0xb0) {
      const file = p1 & 0x80 ? p1 & 0x1f : this.#currentFile;
      return file === undefined ? undefined : STEP_OF_FILE.get(file);
    }
    return undefined;
  }

  exchange(bytes: Uint8Array): Exchange {
    const command = parseCommand(bytes);
    if (!command) return WRONG_LENGTH;
    if (command.cla & 0x03) return status(SW_CHANNEL_NOT_SUPPORTED);
    if (command.cla & 0x0c) return status(SW_SECURE_MESSAGING_NOT_SUPPORTED);
    if (command.cla !== 0x00 && command.cla !== 0x80) return status(SW_CLA_NOT_SUPPORTED);
    const loadsSignature = command.cla === 0x80 && command.head === 0xa200c1;
    if (!loadsSignature) this.#chain.dropPending();
    return command.cla === 0x00 ? this.#interindustry(command) : this.#proprietary(command);
  }

  #interindustry(command: CardCommand): Exchange {
    if (command.ins === 0xa4) return this.#select(command);
    if (!this.#selected) return status(SW_CONDITIONS_NOT_SATISFIED);
    switch (command.ins) {
      case 0xb0:
        return this.#readBinary(command);
      case 0x20:
        return this.#verifyPin(command);
      case 0x84:
        return this.#getChallenge(command);
      case 0x82:
        return this.#externalAuthenticate(command);
      default:
        return status(SW_INS_NOT_SUPPORTED);
    }
  }

  #proprietary(command: CardCommand): Exchange {
    if (command.ins === 0xfc) {
      return this.#options.lastCommandIndicator ? status(SW_SUCCESS) : WRONG_LENGTH;
    }
    if (!this.#selected) return status(SW_CONDITIONS_NOT_SATISFIED);
    switch (command.ins) {
      case 0x2a:
        return this.#sign(command);
      case 0xa2:
        return this.#loadCertificate(command);
      case 0x82:
        return command.data.length === 0
          ? this.#externalAuthenticate(command)
          : status(SW_CLA_NOT_SUPPORTED);
      default:
        return status(SW_INS_NOT_SUPPORTED);
    }
  }

  #select({ p1, p2, data }: CardCommand): Exchange {
    if (p1 === 0x04) return this.#selectApplication(p2, data);
    // The master file: refused at first, and without effect once an application is selected.
    if (p1 === 0x00) return status(this.#selected ? SW_SUCCESS : SW_WRONG_P1_P2);
    if (p1 !== 0x02 || (p2 !== 0x0c && p2 !== 0x00)) return status(SW_WRONG_P1_P2);
    if (!this.#selected) return status(SW_FILE_NOT_FOUND);
    if (data.length !== 2) return WRONG_LENGTH;
    const file = (data[0]! << 8) | data[1]!;
    if (!this.#options.files.has(file)) return status(SW_FILE_NOT_FOUND);
    this.#currentFile = file;
    return p2 === 0x0c ? status(SW_SUCCESS) : success(encodeTlv(0x6f, encodeTlv(0x83, data)));
  }

  #selectApplication(p2: number, data: Uint8Array): Exchange {
    const named =
      data.length >= RID_LENGTH &&
      data.length <= JPKI_AID.length &&
      equal(data, JPKI_AID.subarray(0, data.length));
    if (!named || this.#options.foreign) return status(SW_FILE_NOT_FOUND);
    if (p2 !== 0x0c && p2 !== 0x00) return status(SW_WRONG_P1_P2);
    this.#forget();
    this.#selected = true;
    return p2 === 0x0c ? status(SW_SUCCESS) : success(encodeTlv(0x6f, encodeTlv(0x84, JPKI_AID)));
  }

  #readBinary({ p1, p2, data, ne, extended }: CardCommand): Exchange {
    // Whether the card takes an extended Le here is not public: the strict card does not.
    if (data.length > 0 || ne === 0 || extended) return WRONG_LENGTH;
    let offset = (p1 << 8) | p2;
    if (p1 & 0x80) {
      if (p1 & 0x60) return status(SW_WRONG_P1_P2);
      if (!this.#options.files.has(p1 & 0x1f)) return status(SW_FILE_NOT_FOUND);
      this.#currentFile = p1 & 0x1f;
      offset = p2;
    }
    if (this.#currentFile === undefined) return status(SW_NO_CURRENT_FILE);
    const file = this.#options.files.get(this.#currentFile)!;
    if (file.kind !== 'data') return status(SW_INCOMPATIBLE_FILE);
    const readable =
      file.read === 'free' || (file.read !== 'never' && this.#verified.has(file.read.pin));
    if (!readable) return status(SW_SECURITY_STATUS_NOT_SATISFIED);
    return readPart(file.content, offset, ne);
  }

  #verifyPin({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x00) return status(SW_WRONG_P1_P2);
    const reference = this.#reference(p2);
    if (reference === undefined) return status(SW_REFERENCE_NOT_FOUND);
    const counter = this.#pins.get(reference);
    if (!counter) return status(SW_REFERENCE_NOT_FOUND);
    if (data.length === 0) return status(counter.status);
    if (counter.blocked) return status(RetryCounter.BLOCKED);
    const value = this.#options.pins.find(({ file }) => file === reference)!.value;
    if (value === undefined || !equal(data, utf8(value))) {
      this.#verified.delete(reference);
      return status(counter.fail());
    }
    counter.refill();
    this.#verified.add(reference);
    return status(SW_SUCCESS);
  }

  /** The file that a P2 of `80` (the current one) or `80|sfi` points to. */
  #reference(p2: number): number | undefined {
    if (p2 === 0x80) return this.#currentFile;
    if ((p2 & 0xe0) !== 0x80) return undefined;
    return this.#options.files.has(p2 & 0x1f) ? p2 & 0x1f : undefined;
  }

  #getChallenge({ p1, p2, data, ne, extended }: CardCommand): Exchange {
    if (p1 !== 0x00 || p2 !== 0x00) return status(SW_WRONG_P1_P2);
    if (extended) return status(SW_CONDITIONS_NOT_SATISFIED);
    if (data.length > 0 || ne === 0) return WRONG_LENGTH;
    this.#challenge = randomBytes(ne);
    return success(this.#challenge);
  }

  #loadCertificate({ p1, p2, data }: CardCommand): Exchange {
    if ((p1 !== 0x06 && p1 !== 0x00) || p2 !== 0xc1) return status(SW_WRONG_P1_P2);
    if (this.#currentFile !== EF_TERMINAL_CA_KEY) return status(SW_CONDITIONS_NOT_SATISFIED);
    if (p1 === 0x06) return status(this.#chain.loadBody(data));
    const sw = this.#chain.loadSignature(data);
    // Rights belong to the chain that earned them.
    if (sw === SW_SUCCESS) this.#terminalAccepted = false;
    return status(sw, sw === SW_SUCCESS || sw === SW_AUTHENTICATION_FAILED ? 'verify' : undefined);
  }

  #externalAuthenticate({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x00) return status(SW_WRONG_P1_P2);
    if (this.#reference(p2) !== EF_TERMINAL_CA_KEY) return status(SW_REFERENCE_NOT_FOUND);
    if (data.length === 0) return status(this.#terminal.status);
    if (data.length !== SIGNATURE_LENGTH) return WRONG_LENGTH;
    if (this.#terminal.blocked) return status(RetryCounter.BLOCKED);
    const challenge = this.#challenge;
    const key = this.#chain.terminalKey;
    this.#challenge = undefined; // one challenge, one use
    if (!key || challenge?.length !== CHALLENGE_LENGTH) return status(SW_CONDITIONS_NOT_SATISFIED);
    if (this.#options.refusesTerminal || !verify('sha256', challenge, key, data)) {
      this.#terminalAccepted = false;
      return status(this.#terminal.fail(), 'verify');
    }
    this.#terminal.refill();
    this.#terminalAccepted = true;
    return status(SW_SUCCESS, 'verify');
  }

  #sign({ p1, p2, data, ne }: CardCommand): Exchange {
    if (p1 > 0x05) return status(SW_WRONG_P1_P2);
    if (p1 >= 0x04) return status(SW_FUNCTION_NOT_SUPPORTED); // PSS: nobody here asks for it
    const reference = this.#reference(p2);
    const file = reference === undefined ? undefined : this.#options.files.get(reference);
    if (file?.kind !== 'private-key') return status(SW_REFERENCE_NOT_FOUND);
    const opened =
      this.#verified.has(file.pin) || (reference === EF_PRIVATE_KEY && this.#terminalAccepted);
    if (!opened) return status(SW_SECURITY_STATUS_NOT_SATISFIED);
    const block = paddable(p1, data);
    if (block === undefined || ne === 0) return WRONG_LENGTH;
    if (ne < SIGNATURE_LENGTH) return status((SW1_WRONG_LE << 8) | (SIGNATURE_LENGTH & 0xff));
    const key = reference === EF_SIGNATURE_KEY ? this.#options.signatureKey : this.#options.key;
    if (!key) return status(SW_REFERENCE_NOT_FOUND);
    return success(p1 < 0x02 ? key.signPadded(block) : key.signHash(block), 'rsa');
  }
}

const STEP_OF_FILE = new Map<number, Step>([
  [EF_SIGNATURE_CERTIFICATE, 'read-signature-certificate'],
  [EF_TOKEN_INFO, 'token-info'],
  [EF_PRESENCE, 'token-info'],
  [EF_TERMINAL_CA_KEY, 'select-terminal-key'],
  [EF_CERTIFICATE, 'read-certificate'],
]);
