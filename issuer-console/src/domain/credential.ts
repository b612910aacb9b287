import type { Origin } from './audit.ts';
import type { Operator } from './operator.ts';
import { RefusedError } from './refusal.ts';

/** What an operator proves who they are with. Libraries stand behind these; the domain knows what it needs. */

export interface Passwords {
  /** argon2id. Refuses with `ERR_BUSY` where too many wait. */
  hash(password: string): Promise<string>;
  /** Takes as long where there is no hash. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

export interface TotpCodes {
  newSecret(): Uint8Array;
  /** The time step whose code this is, of those around `now`; undefined where it is none. */
  stepOf(secret: Uint8Array, code: string, now: number): number | undefined;
  /** `otpauth://` address for an authenticator. */
  address(secret: Uint8Array, operatorName: string): string;
  /** As a person types it into an authenticator. */
  format(secret: Uint8Array): string;
}

/** Seals small secrets with a key that is not in the database. */
export interface Seal {
  seal(secret: Uint8Array, boundTo: string): Uint8Array;
  /** Undefined where it was sealed with another key, or for something else. */
  open(sealed: Uint8Array, boundTo: string): Uint8Array | undefined;
}

export interface Passkey {
  readonly credentialId: Uint8Array;
  readonly operatorId: string;
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

export type NewPasskey = Omit<Passkey, 'createdAt' | 'lastUsedAt'>;

/** What a browser sent, not looked into yet. */
export type BrowserAnswer = Readonly<Record<string, unknown>>;

/** User verification is always asked for: a passkey is something held and something known at once. */
export interface Passkeys {
  registrationOptions(
    operator: Pick<Operator, 'id' | 'name'>,
    known: readonly Uint8Array[],
  ): Promise<{ readonly options: object; readonly challenge: string }>;
  /** Undefined where it proves nothing. */
  register(
    answer: BrowserAnswer,
    isChallenge: (challenge: string) => Promise<boolean>,
  ): Promise<Pick<Passkey, 'credentialId' | 'publicKey' | 'counter'> | undefined>;
  signInOptions(): Promise<{ readonly options: object; readonly challenge: string }>;
  credentialIdOf(answer: BrowserAnswer): Uint8Array | undefined;
  /** The new counter; undefined where it proves nothing. */
  verify(
    answer: BrowserAnswer,
    passkey: Passkey,
    isChallenge: (challenge: string) => Promise<boolean>,
  ): Promise<number | undefined>;
}

/** An operator as known to the sign-in, and to nobody else. */
export interface Credentials {
  readonly operator: Operator;
  readonly passwordHash: string;
  readonly passwordUntil: number | undefined;
  readonly totp: Uint8Array | undefined;
}

export interface CredentialStore {
  /** Undefined where there is no such operator, or a disabled one. */
  byName(name: string): Promise<Credentials | undefined>;
  byId(operatorId: string): Promise<Credentials | undefined>;
  setPassword(operatorId: string, passwordHash: string, origin: Origin): Promise<void>;
  /** Undefined takes the second factor away. */
  setTotp(operatorId: string, totp: NewTotp | undefined, origin: Origin): Promise<void>;
  /** False where a code of this or a later step was taken before. */
  takeStep(operatorId: string, step: number): Promise<boolean>;
  takeRecoveryCode(operatorId: string, hash: Uint8Array, origin: Origin): Promise<boolean>;
  recoveryCodesLeft(operatorId: string): Promise<number>;
  passkeys(operatorId: string): Promise<Passkey[]>;
  passkey(credentialId: Uint8Array): Promise<Passkey | undefined>;
  addPasskey(passkey: NewPasskey, origin: Origin): Promise<void>;
  removePasskey(operatorId: string, credentialId: Uint8Array, origin: Origin): Promise<boolean>;
  notePasskeyUse(credentialId: Uint8Array, counter: number, at: number): Promise<void>;
  offerChallenge(hash: Uint8Array, times: { now: number; expiresAt: number }): Promise<void>;
  /** Once. */
  takeChallenge(hash: Uint8Array, now: number): Promise<boolean>;
}

export interface NewTotp {
  readonly sealed: Uint8Array;
  /** Of the code that showed that the authenticator has it. */
  readonly step: number;
  readonly recoveryHashes: readonly Uint8Array[];
}

export const MIN_PASSWORD_LENGTH = 12;
/** Whatever is sent is hashed: bounded. */
const MAX_PASSWORD_LENGTH = 256;

export function parsePassword(text: string): string {
  const length = [...text].length;
  if (length >= MIN_PASSWORD_LENGTH && length <= MAX_PASSWORD_LENGTH) return text.normalize('NFC');
  throw new RefusedError(
    'invalid',
    'ERR_PASSWORD_LENGTH',
    `a password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`,
  );
}

const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Groups of four letters and digits that nobody mistakes for one another; five random bits each. */
export function groupsOf(octets: Uint8Array): string {
  const letters = [...octets].map((octet) => ALPHABET[octet & 31]!);
  return letters.join('').match(/.{4}/g)!.join('-');
}
