import type { CommandApdu } from '@pinless-gate/protocol/apdu/command';
import type { ResponseApdu } from '@pinless-gate/protocol/apdu/response';
import type { CertificateProfile } from '@pinless-gate/protocol/certificate/profile';
import type { PublicKey, RsaPublicKey } from '@pinless-gate/protocol/public-key';
import type { RefusalReason } from '@pinless-gate/protocol/refusal';
import type { CardChannel } from '../channel.ts';

export type TerminalProfileName = 'jpki' | 'iso';
export type ProfileName = TerminalProfileName | 'kazashi';

/** `other`: the next profile may know this card. A reason: it is known, and not to be admitted. */
export type Identification = 'identified' | 'other' | RefusalReason;

/** What a gate needs to prove itself to a card: CV certificates in loading order, and the key of the last. */
export interface TerminalCredentials {
  readonly certificates: readonly Uint8Array[];
  readonly publicKey: RsaPublicKey;
}

/** External authentication (ISO/IEC 7816-4 7.5.4), where the card wants it. */
export interface TerminalAuthentication {
  /** Throws a `GateError` unless the certificates are a chain that ends in the key. `at` in Unix seconds. */
  check(credentials: TerminalCredentials, at: number): void;
  /** Everything up to the challenge; sent in one crossing. The last command is GET CHALLENGE. */
  commands(credentials: TerminalCredentials): readonly CommandApdu[];
  readonly challengeLength: number;
  authenticate(signature: Uint8Array): CommandApdu;
}

/** A second application that proves the card, opened by the holder's birth date (protocol.md 1.4). */
export interface SurfaceApplication {
  readonly select: CommandApdu;
  /** Asks for the tries left, and uses none. */
  readonly queryTries: CommandApdu;
  present(reference: string): CommandApdu;
  /** Read the record that the birth date opens, and the CV certificate of its signer. */
  readonly record: readonly CommandApdu[];
  readonly signer: readonly CommandApdu[];
}

/**
 * One kind of card: data and the few dialogues that differ. Whoever holds the real specification changes
 * one file; the lane, the decision and the journal know no profile.
 */
export interface CardProfile {
  readonly name: ProfileName;
  identify(channel: CardChannel): Promise<Identification>;
  /** Absent where the card gives its certificate to anyone and asks nothing of the gate. */
  readonly terminal?: TerminalAuthentication;
  readonly surface?: SurfaceApplication;
  /** Reads the first 256 octets of the user-authentication certificate. */
  readonly readHead: CommandApdu;
  /** Reads from `offset` what is left of `length`, at most 256 octets a command. */
  readRest(offset: number, length: number): readonly CommandApdu[];
  /** Has the SHA-256 hash of the possession message signed. */
  prove(hash: Uint8Array): CommandApdu;
  /** What its user-authentication certificates must be. */
  readonly certificates: CertificateProfile;
  verifyProof(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

/** A profile whose cards want the gate to prove itself. */
export interface TerminalProfile extends CardProfile {
  readonly name: TerminalProfileName;
  readonly terminal: TerminalAuthentication;
}

/** Whether a card without the wanted application answered. */
export function isNotFound({ sw }: ResponseApdu): boolean {
  return sw === 0x6a82 || sw === 0x6a81 || sw === 0x6a86 || sw === 0x6d00 || sw === 0x6e00;
}
