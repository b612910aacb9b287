import {
  SW_FILE_NOT_FOUND,
  SW_SUCCESS,
  SW_WRONG_LENGTH,
} from '@pinless-gate/protocol/apdu/status-word';
import { concat } from '@pinless-gate/protocol/bytes';
import {
  type CertificateHead,
  MAX_USER_CERTIFICATE_LENGTH,
  readCertificateHead,
} from '@pinless-gate/protocol/certificate/head';
import { GateError } from '@pinless-gate/protocol/errors';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import { verifyRsaPkcs1 } from '@pinless-gate/protocol/signature';
import { type CardChannel, expectData } from './channel.ts';
import { CARD_CODES, CardError, ReaderError } from './error.ts';
import type { CardProfile, ProfileName, TerminalCredentials } from './profiles/profile.ts';

/** The gate's own key or certificates are wrong. No card may be touched until they are right. */
export class TerminalError extends GateError {}

/** The card is known, and is not to be admitted. A value that ends the dialogue, thrown to its caller only. */
export class CardRefusal extends GateError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, step: string) {
    super('ERR_CARD_REFUSED', `${step}: ${reason}`);
    this.reason = reason;
  }
}

export interface Terminal extends TerminalCredentials {
  /** Signs in the HSM. */
  sign(challenge: Uint8Array): Promise<Uint8Array>;
}

type Stage = 'new' | 'identified' | 'authenticated' | 'proven' | 'over';

const HEAD_LENGTH = 256;

/**
 * One card, once: terminal first, then read, then prove (protocol.md 1.3). Today's plastic card gives its
 * certificate to anyone, so the order is ours to keep: a step out of turn is a defect and throws.
 */
export class CardDialogue {
  readonly #channel: CardChannel;
  #stage: Stage = 'new';
  #profile: CardProfile | undefined;
  #head: CertificateHead | undefined;
  #headOctets: Uint8Array | undefined;

  constructor(channel: CardChannel) {
    this.#channel = channel;
  }

  get profile(): ProfileName | undefined {
    return this.#profile?.name;
  }

  /** Finds the profile that knows this card; throws a `CardRefusal` where none does or one refuses. */
  async identify(profiles: readonly CardProfile[]): Promise<CardProfile> {
    this.#leave('new');
    for (const profile of profiles) {
      const identification = await profile.identify(this.#channel);
      if (identification === 'other') continue;
      if (identification !== 'identified') throw new CardRefusal(identification, 'SELECT');
      this.#profile = profile;
      this.#stage = 'identified';
      return profile;
    }
    throw new CardRefusal('unknown-card', 'SELECT');
  }

  /**
   * Proves the gate to the card, once: a wrong answer may use up a counter on the card, so the HSM's
   * signature is verified before the card sees it, and nothing is ever retried. The certificate's first
   * octets come in the same crossing, since the card gives them after a good answer only.
   */
  async authenticateTerminal(terminal: Terminal): Promise<CertificateHead> {
    this.#leave('identified');
    const profile = this.#profile!;
    const challenge = await this.#challenge(profile, terminal);
    const signature = await terminal.sign(challenge);
    if (!verifyRsaPkcs1(terminal.publicKey, 'sha256', challenge, signature)) {
      throw new TerminalError(
        'ERR_TERMINAL_SIGNATURE',
        'the institution key does not fit its CV certificate',
        { hint: 'run `hsm selftest`; no card is touched until it passes' },
      );
    }
    const [answer, head] = await this.#channel.exchange([
      profile.terminal.authenticate(signature),
      profile.readHead,
    ]);
    if (answer!.sw !== SW_SUCCESS) {
      throw new CardRefusal('terminal-refused', 'EXTERNAL AUTHENTICATE');
    }
    if (head?.sw === SW_FILE_NOT_FOUND) throw new CardRefusal('no-certificate', 'READ BINARY');
    this.#headOctets = expectData('READ BINARY certificate', head);
    this.#head = readHead(this.#headOctets);
    this.#stage = 'authenticated';
    return this.#head;
  }

  /** The whole certificate, DER. */
  async readCertificate(): Promise<Uint8Array> {
    this.#require('authenticated');
    const { length } = this.#head!;
    const commands = this.#profile!.readRest(HEAD_LENGTH, length);
    const parts = await this.#channel.exchange(commands);
    if (parts.length < commands.length) expectData('READ BINARY certificate', parts.at(-1));
    const rest = parts.map((part) => expectData('READ BINARY certificate', part));
    const der = concat(this.#headOctets!, ...rest);
    if (der.length !== length) {
      throw new CardError(CARD_CODES.fault, `certificate of ${length} octets, ${der.length} read`);
    }
    return der;
  }

  /** Has the hash of the possession message signed. What comes back proves nothing until it is verified. */
  async prove(hash: Uint8Array): Promise<Uint8Array> {
    this.#leave('authenticated');
    const [answer] = await this.#channel.exchange([this.#profile!.prove(hash)]);
    const signature = expectData('COMPUTE DIGITAL SIGNATURE', answer);
    this.#stage = 'proven';
    return signature;
  }

  async #challenge(profile: CardProfile, terminal: Terminal): Promise<Uint8Array> {
    const commands = profile.terminal.commands(terminal);
    const answers = await this.#channel.exchange(commands);
    const last = answers.at(-1)!;
    const command = commands[answers.length - 1]!;
    if (last.sw === SW_WRONG_LENGTH && (command.data?.length ?? 0) > 0xff) {
      throw new ReaderError('ERR_READER_EXTENDED_LENGTH', 'the reader passes no extended APDU', {
        hint: 'use a reader and driver with extended length; `gate doctor` tells which have it',
      });
    }
    if (answers.length < commands.length) {
      // Key or certificates unknown to this card, as some cards do not know some institutions.
      throw new CardRefusal('terminal-refused', 'load CV certificate');
    }
    const challenge = expectData('GET CHALLENGE', last);
    if (challenge.length !== profile.terminal.challengeLength) {
      throw new CardError(CARD_CODES.fault, `challenge of ${challenge.length} octets`);
    }
    return challenge;
  }

  #require(stage: Stage): void {
    if (this.#stage !== stage) throw new TypeError(`card dialogue is ${this.#stage}, not ${stage}`);
  }

  /** What fails from here on ends the dialogue: the next stage is reached by success only. */
  #leave(stage: Stage): void {
    this.#require(stage);
    this.#stage = 'over';
  }
}

function readHead(octets: Uint8Array): CertificateHead {
  let head: CertificateHead;
  try {
    head = readCertificateHead(octets);
  } catch (cause) {
    if (!(cause instanceof GateError)) throw cause;
    throw new CardError(CARD_CODES.fault, `certificate head: ${cause.message}`, { cause });
  }
  if (
    octets.length !== HEAD_LENGTH ||
    head.length <= HEAD_LENGTH ||
    head.length > MAX_USER_CERTIFICATE_LENGTH
  ) {
    throw new CardError(CARD_CODES.fault, `certificate of ${head.length} octets`);
  }
  return head;
}
