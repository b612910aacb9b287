import { randomBytes } from 'node:crypto';
import {
  SW_AUTHENTICATION_FAILED,
  SW_CLA_NOT_SUPPORTED,
  SW_CONDITIONS_NOT_SATISFIED,
  SW_FILE_NOT_FOUND,
  SW_INS_NOT_SUPPORTED,
  SW_REFERENCE_NOT_FOUND,
  SW_SECURITY_STATUS_NOT_SATISFIED,
  SW_SUCCESS,
  SW_WRONG_DATA,
  SW_WRONG_P1_P2,
} from '@pinless-gate/protocol/apdu/status-word';
import { equal, fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { FormatError } from '@pinless-gate/protocol/errors';
import { decodeTlvs, encodeTlv } from '@pinless-gate/protocol/tlv';
import {
  type CardCommand,
  parseCommand,
  SW_CHANNEL_NOT_SUPPORTED,
  SW_NO_CURRENT_FILE,
  SW_SECURE_MESSAGING_NOT_SUPPORTED,
  status,
  success,
  WRONG_LENGTH,
} from './command.ts';
import { IsoChain, verifyWith } from './iso-chain.ts';
import { readPart } from './read-binary.ts';
import type { CardKey } from './signing.ts';
import type { Exchange, Step, VirtualCard } from './virtual-card.ts';

/** Ours: proprietary and unregistered (first octet F0), `PINLESS`, version 1. */
export const ISO_AID = fromHex('f050494e4c45535301');
/** The user-authentication certificate; SFI 0A. */
export const ISO_EF_CERTIFICATE = 0x000a;
const CHALLENGE_LENGTH = 8;
const HASH_LENGTH = 32;

export interface IsoCardOptions {
  readonly atr: Uint8Array;
  readonly key: CardKey;
  /** DER; a card without one answers 6A82 to its file. */
  readonly certificate?: Uint8Array;
  /** The country's CV certificate (7F21) as put into the card. */
  readonly cvca: Uint8Array;
  /** YYYY-MM-DD: the latest day that the card has heard of. */
  readonly date: string;
  readonly foreign?: boolean;
  readonly refusesTerminal?: boolean;
}

/** A card after ISO/IEC 7816-4 and -8 with TR-03110 CV certificates (protocol.md 1.2). */
export class IsoCard implements VirtualCard {
  readonly atr: Uint8Array;
  readonly #options: IsoCardOptions;
  readonly #chain: IsoChain;
  #selected = false;
  #fileSelected = false;
  /** Set by MSE:Set DST and MSE:Set AT, in hex. */
  #verificationKey: string | undefined;
  #authenticationKey: string | undefined;
  #challenge: Uint8Array | undefined;
  #terminalAccepted = false;

  constructor(options: IsoCardOptions) {
    this.atr = options.atr;
    this.#options = options;
    this.#chain = new IsoChain(options.cvca, options.date);
  }

  reset(): void {
    this.#selected = false;
    this.#forget();
  }

  #forget(): void {
    this.#fileSelected = false;
    this.#verificationKey = undefined;
    this.#authenticationKey = undefined;
    this.#challenge = undefined;
    this.#terminalAccepted = false;
    this.#chain.reset();
  }

  stepOf(bytes: Uint8Array): Step | undefined {
    const command = parseCommand(bytes);
    if (command?.cla !== 0x00) return undefined;
    if (command.ins === 0xa4) return command.p1 === 0x04 ? 'select' : 'read-certificate';
    return STEP_OF_INS.get(command.ins);
  }

  exchange(bytes: Uint8Array): Exchange {
    const command = parseCommand(bytes);
    if (!command) return WRONG_LENGTH;
    if (command.cla & 0x03) return status(SW_CHANNEL_NOT_SUPPORTED);
    if (command.cla & 0x0c) return status(SW_SECURE_MESSAGING_NOT_SUPPORTED);
    if (command.cla !== 0x00) return status(SW_CLA_NOT_SUPPORTED);
    if (command.ins === 0xa4) return this.#select(command);
    if (!this.#selected) return status(SW_CONDITIONS_NOT_SATISFIED);
    switch (command.ins) {
      case 0x22:
        return this.#manageSecurityEnvironment(command);
      case 0x2a:
        return this.#verifyCertificate(command);
      case 0x84:
        return this.#getChallenge(command);
      case 0x82:
        return this.#externalAuthenticate(command);
      case 0xb0:
        return this.#readBinary(command);
      case 0x88:
        return this.#internalAuthenticate(command);
      default:
        return status(SW_INS_NOT_SUPPORTED);
    }
  }

  #select({ p1, p2, data }: CardCommand): Exchange {
    if (p2 !== 0x0c && p2 !== 0x00) return status(SW_WRONG_P1_P2);
    if (p1 === 0x04) {
      if (!equal(data, ISO_AID) || this.#options.foreign) return status(SW_FILE_NOT_FOUND);
      this.#forget();
      this.#selected = true;
      return p2 === 0x0c ? status(SW_SUCCESS) : success(encodeTlv(0x6f, encodeTlv(0x84, ISO_AID)));
    }
    if (p1 !== 0x02) return status(SW_WRONG_P1_P2);
    if (data.length !== 2) return WRONG_LENGTH;
    const file = (data[0]! << 8) | data[1]!;
    if (!this.#selected || file !== ISO_EF_CERTIFICATE || !this.#options.certificate) {
      return status(SW_FILE_NOT_FOUND);
    }
    this.#fileSelected = true;
    return status(SW_SUCCESS);
  }

  #manageSecurityEnvironment({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x81 || (p2 !== 0xb6 && p2 !== 0xa4)) return status(SW_WRONG_P1_P2);
    const reference = keyReference(data);
    if (reference === undefined) return status(SW_WRONG_DATA);
    if (p2 === 0xb6) {
      if (!this.#chain.has(reference)) return status(SW_REFERENCE_NOT_FOUND);
      this.#verificationKey = reference;
    } else {
      if (!this.#chain.terminalKey(reference)) return status(SW_REFERENCE_NOT_FOUND);
      this.#authenticationKey = reference;
    }
    return status(SW_SUCCESS);
  }

  #verifyCertificate({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x00 || p2 !== 0xbe) return status(SW_WRONG_P1_P2);
    if (data.length === 0) return WRONG_LENGTH;
    const issuer = this.#verificationKey;
    if (issuer === undefined) return status(SW_CONDITIONS_NOT_SATISFIED);
    return status(this.#chain.import(data, issuer), 'verify');
  }

  #getChallenge({ p1, p2, data, ne }: CardCommand): Exchange {
    if (p1 !== 0x00 || p2 !== 0x00) return status(SW_WRONG_P1_P2);
    if (data.length > 0 || ne !== CHALLENGE_LENGTH) return WRONG_LENGTH;
    this.#challenge = randomBytes(CHALLENGE_LENGTH);
    return success(this.#challenge);
  }

  #externalAuthenticate({ p1, p2, data }: CardCommand): Exchange {
    if (p1 !== 0x00 || p2 !== 0x00) return status(SW_WRONG_P1_P2);
    if (data.length === 0) return WRONG_LENGTH;
    const challenge = this.#challenge;
    const key = this.#authenticationKey && this.#chain.terminalKey(this.#authenticationKey);
    this.#challenge = undefined; // one challenge, one use
    if (!key || !challenge) return status(SW_CONDITIONS_NOT_SATISFIED);
    this.#terminalAccepted = !this.#options.refusesTerminal && verifyWith(key, challenge, data);
    return status(this.#terminalAccepted ? SW_SUCCESS : SW_AUTHENTICATION_FAILED, 'verify');
  }

  #readBinary({ p1, p2, data, ne }: CardCommand): Exchange {
    if (data.length > 0 || ne === 0) return WRONG_LENGTH;
    const { certificate } = this.#options;
    let offset = (p1 << 8) | p2;
    if (p1 & 0x80) {
      if (p1 & 0x60) return status(SW_WRONG_P1_P2);
      if ((p1 & 0x1f) !== ISO_EF_CERTIFICATE || !certificate) return status(SW_FILE_NOT_FOUND);
      this.#fileSelected = true;
      offset = p2;
    }
    if (!this.#fileSelected || !certificate) return status(SW_NO_CURRENT_FILE);
    // What this card's terminal authentication is for.
    if (!this.#terminalAccepted) return status(SW_SECURITY_STATUS_NOT_SATISFIED);
    return readPart(certificate, offset, ne);
  }

  #internalAuthenticate({ p1, p2, data, ne }: CardCommand): Exchange {
    if (p1 !== 0x00 || p2 !== 0x00) return status(SW_WRONG_P1_P2);
    if (!this.#terminalAccepted) return status(SW_SECURITY_STATUS_NOT_SATISFIED);
    if (data.length !== HASH_LENGTH || ne === 0) return WRONG_LENGTH;
    const signature = this.#options.key.signHash(data);
    if (signature.length > ne) return WRONG_LENGTH;
    return success(signature, this.#options.key.type);
  }
}

/** The reference in data object 83; other objects of a security environment do not matter here. */
function keyReference(data: Uint8Array): string | undefined {
  try {
    const reference = decodeTlvs(data).find(({ tag }) => tag === 0x83);
    return reference && toHex(reference.value);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

const STEP_OF_INS = new Map<number, Step>([
  [0x22, 'select-terminal-key'],
  [0x2a, 'load-certificate'],
  [0x84, 'get-challenge'],
  [0x82, 'external-authenticate'],
  [0xb0, 'read-certificate'],
  [0x88, 'sign'],
]);
