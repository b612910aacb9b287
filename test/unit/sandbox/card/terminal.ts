import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeCommandApdu } from '@pinless-gate/protocol/apdu/command';
import { decodeResponseApdu, type ResponseApdu } from '@pinless-gate/protocol/apdu/response';
import { formatStatusWord } from '@pinless-gate/protocol/apdu/status-word';
import { fromHex } from '@pinless-gate/protocol/bytes';
import type { VirtualCard } from '@pinless-gate/test/sandbox/card/virtual-card';

export interface RsaPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const rsaPair = (): RsaPair => generateKeyPairSync('rsa', { modulusLength: 2048 });

export const pem = (key: KeyObject): string =>
  key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString();

export const signRsa = (pair: RsaPair, message: Uint8Array): Uint8Array =>
  sign('sha256', message, pair.privateKey);

/** A terminal without manners: sends what the test says. */
export class Terminal {
  readonly #card: VirtualCard;

  constructor(card: VirtualCard) {
    this.#card = card;
  }

  /** Octets as they would go over the air. */
  raw(command: string | Uint8Array): ResponseApdu {
    const octets = typeof command === 'string' ? fromHex(command.replaceAll(' ', '')) : command;
    return decodeResponseApdu(this.#card.exchange(octets).response);
  }

  /** The status word of a command, as `6A82`. */
  sw(command: string | Uint8Array): string {
    return formatStatusWord(this.raw(command).sw).slice(0, 4);
  }

  /** CLA INS P1 P2 in hex, then data. */
  send(header: string, data: Uint8Array, ne = 0): ResponseApdu {
    const [cla, ins, p1, p2] = fromHex(header.replaceAll(' ', ''));
    return this.raw(encodeCommandApdu({ cla: cla!, ins: ins!, p1: p1!, p2: p2!, data, ne }));
  }

  swOf(header: string, data: Uint8Array, ne = 0): string {
    return formatStatusWord(this.send(header, data, ne).sw).slice(0, 4);
  }
}
