import type { ResponseApdu } from '@pinless-gate/protocol/apdu/response';
import {
  formatStatusWord,
  SW_AUTHENTICATION_METHOD_BLOCKED,
  SW_COUNTER,
  SW_FILE_NOT_FOUND,
  SW_REFERENCE_DATA_NOT_USABLE,
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
import {
  type CardProfile,
  isNotFound,
  type ProfileName,
  type SurfaceApplication,
  type TerminalAuthentication,
  type TerminalCredentials,
} from './profiles/profile.ts';

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

/** `read`: the head of the certificate is. `opened`: so is the surface application, where the profile has one. */
type Stage = 'new' | 'identified' | 'read' | 'opened' | 'proven' | 'over';

const HEAD_LENGTH = 256;
/** Below, a birth date that is not the card's might leave its holder without the means to mend it. */
const MIN_TRIES = 3;

/** What the surface application shows, unverified: EF 0001 and EF 0004. */
export interface SurfaceFiles {
  readonly record: Uint8Array;
  readonly signer: Uint8Array;
}

/**
 * One card, once: terminal first where the profile has one, then read, then open what has to be opened, then
 * prove (protocol.md 1.3, 1.4). Today's plastic card gives its certificate to anyone, so the order is ours to
 * keep: a step out of turn is a defect and throws.
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
    const authentication = this.#leaveForTerminal();
    const challenge = await this.#challenge(authentication, terminal);
    const signature = await terminal.sign(challenge);
    if (!verifyRsaPkcs1(terminal.publicKey, 'sha256', challenge, signature)) {
      throw new TerminalError(
        'ERR_TERMINAL_SIGNATURE',
        'the institution key does not fit its CV certificate',
        { hint: 'run `hsm selftest`; no card is touched until it passes' },
      );
    }
    const [answer, head] = await this.#channel.exchange([
      authentication.authenticate(signature),
      this.#profile!.readHead,
    ]);
    if (answer!.sw !== SW_SUCCESS) {
      throw new CardRefusal('terminal-refused', 'EXTERNAL AUTHENTICATE');
    }
    return this.#takeHead(head);
  }

  /** The certificate's first octets, of a card that asks nothing of the gate. They prove nothing. */
  async readHead(): Promise<CertificateHead> {
    this.#leave('identified', !this.#profile?.terminal);
    const [head] = await this.#channel.exchange([this.#profile!.readHead]);
    return this.#takeHead(head);
  }

  #takeHead(head: ResponseApdu | undefined): CertificateHead {
    if (head?.sw === SW_FILE_NOT_FOUND) throw new CardRefusal('no-certificate', 'READ BINARY');
    this.#headOctets = expectData('READ BINARY certificate', head);
    this.#head = decodeHead(this.#headOctets);
    this.#stage = 'read';
    return this.#head;
  }

  /** The whole certificate, DER. */
  async readCertificate(): Promise<Uint8Array> {
    this.#require('read');
    const { length } = this.#head!;
    const commands = this.#profile!.readRest(HEAD_LENGTH, length);
    const rest = await this.#channel.exchange(commands);
    const der = concat(this.#headOctets!, whole('READ BINARY certificate', rest, commands.length));
    if (der.length !== length) {
      throw new CardError(CARD_CODES.fault, `certificate of ${length} octets, ${der.length} read`);
    }
    return der;
  }

  /** Opens the surface application and nothing in it. */
  async selectSurface(): Promise<void> {
    const surface = this.#leaveForSurface();
    const [select] = await this.#channel.exchange([surface.select]);
    expectSelected(select);
    this.#stage = 'opened';
  }

  /**
   * Presents the birth date reference, once, and reads what it opens. Whoever calls this holds the record of
   * the card: the digits stand in nothing else. A wrong value costs the holder one of ten tries, which
   * only the municipality gives back; so none is sent when few are left.
   */
  async presentBirthDate(reference: string): Promise<SurfaceFiles> {
    const surface = this.#leaveForSurface();
    const { record, signer } = surface;
    const [select, tries] = await this.#channel.exchange([surface.select, surface.queryTries]);
    expectSelected(select);
    requireTries(tries);
    const [verify, ...parts] = await this.#channel.exchange([
      surface.present(reference),
      ...record,
      ...signer,
    ]);
    requireAccepted(verify!);
    const files = {
      record: whole('READ BINARY surface record', parts.slice(0, record.length), record.length),
      signer: whole('READ BINARY signer', parts.slice(record.length), signer.length),
    };
    this.#stage = 'opened';
    return files;
  }

  /** Has the hash of the possession message signed. What comes back proves nothing until it is verified. */
  async prove(hash: Uint8Array): Promise<Uint8Array> {
    this.#leave(this.#profile?.surface ? 'opened' : 'read');
    const [answer] = await this.#channel.exchange([this.#profile!.prove(hash)]);
    const signature = expectData('COMPUTE DIGITAL SIGNATURE', answer);
    this.#stage = 'proven';
    return signature;
  }

  async #challenge(
    authentication: TerminalAuthentication,
    terminal: Terminal,
  ): Promise<Uint8Array> {
    const commands = authentication.commands(terminal);
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
    if (challenge.length !== authentication.challengeLength) {
      throw new CardError(CARD_CODES.fault, `challenge of ${challenge.length} octets`);
    }
    return challenge;
  }

  #leaveForTerminal(): TerminalAuthentication {
    const terminal = this.#profile?.terminal;
    this.#leave('identified', terminal !== undefined);
    return terminal!;
  }

  #leaveForSurface(): SurfaceApplication {
    const surface = this.#profile?.surface;
    this.#leave('read', surface !== undefined);
    return surface!;
  }

  #require(stage: Stage, possible = true): void {
    if (this.#stage !== stage) throw new TypeError(`card dialogue is ${this.#stage}, not ${stage}`);
    if (!possible) throw new TypeError(`profile ${this.#profile!.name} has no such step`);
  }

  /** What fails from here on ends the dialogue: the next stage is reached by success only. */
  #leave(stage: Stage, possible = true): void {
    this.#require(stage, possible);
    this.#stage = 'over';
  }
}

function expectSelected(select: ResponseApdu | undefined): void {
  // A card with a JPKI application and without this one is none that could have been linked.
  if (select && isNotFound(select)) throw new CardRefusal('unknown-card', 'SELECT surface');
  expectData('SELECT surface', select);
}

/** 63Cx of the query, and nothing else, lets the birth date go. */
function requireTries(tries: ResponseApdu | undefined): void {
  if (tries && isBlocked(tries)) throw new CardRefusal('card-blocked', 'VERIFY query');
  if (tries && (tries.sw & 0xfff0) === SW_COUNTER) {
    if ((tries.sw & 0xf) >= MIN_TRIES) return;
    throw new CardRefusal('birth-date-few-tries', 'VERIFY query');
  }
  const what = tries ? `card answered ${formatStatusWord(tries.sw)}` : 'not reached';
  throw new CardError(CARD_CODES.fault, `VERIFY query: ${what}`);
}

function requireAccepted(verify: ResponseApdu): void {
  if (verify.sw === SW_SUCCESS) return;
  throw new CardRefusal(isBlocked(verify) ? 'card-blocked' : 'birth-date-refused', 'VERIFY');
}

function isBlocked({ sw }: ResponseApdu): boolean {
  return (
    sw === SW_COUNTER ||
    sw === SW_REFERENCE_DATA_NOT_USABLE ||
    sw === SW_AUTHENTICATION_METHOD_BLOCKED
  );
}

/** The answers to all commands that read one file, put together. */
function whole(step: string, parts: readonly ResponseApdu[], count: number): Uint8Array {
  if (parts.length < count) {
    // The last answer is why there are no more; where it is none, nothing was reached.
    expectData(step, parts.at(-1));
    throw new CardError(CARD_CODES.fault, `${step}: ${parts.length} of ${count} parts`);
  }
  return concat(...parts.map((part) => expectData(step, part)));
}

function decodeHead(octets: Uint8Array): CertificateHead {
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
