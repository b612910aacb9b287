import {
  CardChannel,
  type ChannelLimits,
  type Transmit,
} from '@pinless-gate/gate-firmware/card/channel';
import type { Terminal } from '@pinless-gate/gate-firmware/card/dialogue';
import { iso } from '@pinless-gate/gate-firmware/card/profiles/iso';
import { jpki } from '@pinless-gate/gate-firmware/card/profiles/jpki';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { type RsaPublicKey, readPublicKey } from '@pinless-gate/protocol/public-key';
import { type CardFile, cardFromFile } from '../../sandbox/card/card-file.ts';
import type { Fault } from '../../sandbox/card/fault.ts';
import { type CardReport, CardSession } from '../../sandbox/card/session.ts';
import type { TerminalCertificates } from '../../sandbox/jlis/institution.ts';
import { Jlis } from '../../sandbox/jlis/jlis.ts';

/** Making all the RSA keys of a J-LIS takes a loaded machine some seconds. */
export const STAGE_TIMEOUT_MS = 60_000;

/** A J-LIS and a gate with its certificates, keys in memory. */
export interface Stage {
  readonly jlis: Jlis;
  readonly certificates: TerminalCertificates;
  readonly ca: Uint8Array;
  readonly jpki: { readonly profile: typeof jpki; readonly terminal: Terminal };
  readonly iso: { readonly profile: typeof iso; readonly terminal: Terminal };
}

/** `store` gets an institution key. */
export async function makeStage(directory: string, store: KeyStore): Promise<Stage> {
  const [jlis] = await Promise.all([
    Jlis.create(directory),
    store.generate('institution', 'institution'),
  ]);
  const spki = await store.publicKey('institution');
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
  const certificates = await jlis.certifyTerminal(pem);
  const publicKey = readPublicKey(spki) as RsaPublicKey;
  const terminal = (...chain: Uint8Array[]): Terminal => ({
    certificates: chain,
    publicKey,
    sign: (challenge) => store.sign('institution', challenge),
  });
  const { intermediate, institution, dv, terminal: own } = certificates;
  const ca = (await jlis.files.text('ca.pem')).replace(/-----[^-]+-----|\s/g, '');
  return {
    jlis,
    certificates,
    ca: Buffer.from(ca, 'base64'),
    jpki: { profile: jpki, terminal: terminal(intermediate!, institution!) },
    iso: { profile: iso, terminal: terminal(dv, own) },
  };
}

export const LIMITS: ChannelLimits = { commandTimeoutMs: 1500, tapTimeoutMs: 3000 };

export interface CardOnReader {
  readonly transmit: Transmit;
  report(): CardReport;
}

/** A virtual card as the reader's process gives it to the gate; a card that leaves or is mute as PC/SC tells it. */
export function onReader(
  file: CardFile,
  more: {
    readonly faults?: readonly Fault[];
    readonly maxCommandLength?: number;
    /** For a card without an answer. */
    readonly silence?: Error;
    readonly watch?: (command: Uint8Array) => void;
  } = {},
): CardOnReader {
  const { faults = file.faults ?? [], maxCommandLength, silence, watch } = more;
  const limit = maxCommandLength === undefined ? {} : { maxCommandLength };
  const session = new CardSession(cardFromFile(file), { faults, ...limit });
  return {
    transmit: async (commands) => {
      const answers: Uint8Array[] = [];
      for (const command of commands) {
        watch?.(command);
        const answer = await session.transmit(command);
        if (!answer) throw silence ?? new Error('mute');
        answers.push(answer);
        if (answer.at(-2) !== 0x90 || answer.at(-1) !== 0x00) break;
      }
      return answers;
    },
    report: () => session.report(),
  };
}

export const channelOf = ({ transmit }: CardOnReader): CardChannel =>
  new CardChannel(transmit, LIMITS, () => 0);

export const answer = (step: Fault['atStep'], hex: string, nth?: number): Fault => ({
  atStep: step,
  answer: hex,
  ...(nth !== undefined && { nth }),
});

export const octets = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', ''));
