import { createHash } from 'node:crypto';
import type { Origin } from './audit.ts';
import type { Operator } from './operator.ts';
import type { Actor } from './permission.ts';

/** Ends after this long without a request. An open live page asks now and then. */
export const IDLE_MS = 30 * 60_000;
/** Ends after this long whatever happens. */
export const LONGEST_MS = 12 * 3_600_000;
/** How long the second factor may take. */
export const HALF_MS = 5 * 60_000;
/** A session in steady use is not written to at each request. */
export const SEEN_NOTED_MS = 60_000;
export const SESSION_TOKEN_LENGTH = 32;

/** Unix milliseconds. */
export interface Session {
  readonly hash: Uint8Array;
  readonly operator: Operator;
  /** The password was right, the second factor is still to come. */
  readonly half: boolean;
  readonly beganAt: number;
  readonly seenAt: number;
}

export interface NewSession {
  readonly hash: Uint8Array;
  readonly operatorId: string;
  readonly half: boolean;
  readonly beganAt: number;
  readonly expiresAt: number;
}

export interface SessionStore {
  /** `how` goes into the audit log. Takes the place of `instead`, which ends. */
  begin(session: NewSession, how: string, origin: Origin, instead?: Uint8Array): Promise<void>;
  /** Undefined where it ended, is too old, or its operator was disabled. */
  find(hash: Uint8Array, now: number): Promise<Session | undefined>;
  note(hash: Uint8Array, seenAt: number): Promise<void>;
  end(hash: Uint8Array, origin: Origin): Promise<void>;
  /** How many there were. */
  endOthers(operatorId: string, but: Uint8Array, origin: Origin): Promise<number>;
}

export function hashSessionToken(token: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`session ${token}`).digest());
}

/** What a form of this session carries: follows from the token, which no other site knows. */
export function formTokenOf(sessionToken: string): string {
  return createHash('sha256').update(`form ${sessionToken}`).digest('base64url');
}

export function newSession(
  { hash, operatorId, half }: Pick<NewSession, 'hash' | 'operatorId' | 'half'>,
  now: number,
): NewSession {
  const expiresAt = now + (half ? HALF_MS : LONGEST_MS);
  return { hash, operatorId, half, beganAt: now, expiresAt };
}

/** Whether an account needs more than a password. */
export type SecondFactor = 'required' | 'offered';

export function actorOf({ operator }: Session, secondFactor: SecondFactor): Actor {
  const { id, name, role, vendorId, passwordGiven, totp, passkeys } = operator;
  const lacking = secondFactor === 'required' && !totp && passkeys === 0;
  return { kind: 'operator', id, name, role, vendorId, confined: passwordGiven || lacking };
}
