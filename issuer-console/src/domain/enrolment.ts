import { equal } from '@pinless-gate/protocol/bytes';
import type { EnrolmentStatement, ModuleDescription } from '@pinless-gate/protocol/enrolment';
import type { ErrorCode } from '@pinless-gate/protocol/errors';
import type { Origin } from './audit.ts';

/** A gate that may enrol itself once. Times in Unix milliseconds. */
export interface Invitation {
  readonly tokenHash: Uint8Array;
  readonly gateId: string;
  readonly gateName: string;
  readonly eventIds: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt?: number | undefined;
  readonly withdrawnAt?: number | undefined;
}

/** What an enrolment is judged by. The statement's proof of possession has been verified. */
export interface EnrolmentCase {
  readonly now: number;
  readonly statement: EnrolmentStatement;
  /** The statement repeats a challenge that was offered, not taken before and not too old. */
  readonly fresh: boolean;
  /** That of the token, undefined where nobody was given such a token. */
  readonly invitation: Invitation | undefined;
  /** The gate that this invitation made, where it was used. */
  readonly enrolled:
    | { readonly deviceKey: Uint8Array; readonly revokedAt?: number | undefined }
    | undefined;
  /** Another gate that is not revoked has this device key. */
  readonly keyKnown: boolean;
}

export type EnrolmentRefusal =
  | 'stale-challenge'
  | 'unknown-token'
  | 'withdrawn-token'
  | 'expired-token'
  | 'used-token'
  | 'revoked-gate'
  | 'known-key';

export type EnrolmentVerdict =
  | { readonly outcome: 'enrol' | 'repeat'; readonly invitation: Invitation }
  | { readonly outcome: 'refuse'; readonly reason: EnrolmentRefusal };

/**
 * Whether a gate is enrolled. A gate whose enrolment was done and whose answer was lost gets the answer
 * again: it has the same device key. Only who holds a token learns what became of it.
 */
export function judgeEnrolment(given: EnrolmentCase): EnrolmentVerdict {
  const { now, statement, fresh, invitation, enrolled, keyKnown } = given;
  const refuse = (reason: EnrolmentRefusal) => ({ outcome: 'refuse', reason }) as const;
  if (!fresh) return refuse('stale-challenge');
  if (!invitation) return refuse('unknown-token');
  if (enrolled && equal(enrolled.deviceKey, statement.deviceKey)) {
    return enrolled.revokedAt === undefined
      ? { outcome: 'repeat', invitation }
      : refuse('revoked-gate');
  }
  if (invitation.withdrawnAt !== undefined) return refuse('withdrawn-token');
  if (invitation.usedAt !== undefined) return refuse('used-token');
  if (now >= invitation.expiresAt) return refuse('expired-token');
  return keyKnown ? refuse('known-key') : { outcome: 'enrol', invitation };
}

export interface EnrolmentRefusalText {
  readonly code: ErrorCode;
  readonly title: string;
}

export const ENROLMENT_REFUSALS: Readonly<Record<EnrolmentRefusal, EnrolmentRefusalText>> = {
  'stale-challenge': {
    code: 'ERR_ENROLMENT_CHALLENGE',
    title: 'the challenge was taken or is too old: ask for another',
  },
  'unknown-token': { code: 'ERR_ENROLMENT_TOKEN', title: 'nobody was given this token' },
  'withdrawn-token': { code: 'ERR_ENROLMENT_WITHDRAWN', title: 'the token was withdrawn' },
  'expired-token': { code: 'ERR_ENROLMENT_EXPIRED', title: 'the token has expired' },
  'used-token': {
    code: 'ERR_ENROLMENT_USED',
    title: 'the token was used by a gate with another device key',
  },
  'revoked-gate': { code: 'ERR_GATE_REVOKED', title: 'this gate was revoked' },
  'known-key': {
    code: 'ERR_ENROLMENT_KEY_KNOWN',
    title: 'another gate is enrolled with this device key',
  },
};

/** What became of an enrolment. */
export type EnrolmentOutcome =
  | { readonly outcome: 'enrolled'; readonly invitation: Invitation; readonly at: number }
  | { readonly outcome: 'refused'; readonly reason: EnrolmentRefusal };

/** A gate and what is known of how it came here: plain values, as they cross to another process. */
export interface GateRecord {
  readonly id: string;
  readonly name: string;
  readonly eventIds: readonly string[];
  /** SHA-256 of its device key, hex; absent where a gate was only invited so far. */
  readonly deviceKeyId?: string | undefined;
  /** The key itself, SubjectPublicKeyInfo in base64. */
  readonly deviceKey?: string | undefined;
  /** What it stated of itself, where it enrolled itself. */
  readonly stated?: StatedAttributes | undefined;
  readonly invitedAt?: number | undefined;
  /** Of an invitation that was not used. */
  readonly expiresAt?: number | undefined;
  readonly withdrawnAt?: number | undefined;
  /** A gate showed its token last and was refused: somebody else may have had it. */
  readonly refused?: RefusedEnrolment | undefined;
  /** By itself, or by an operator. */
  readonly addedAt?: number | undefined;
  readonly lastSeenAt?: number | undefined;
  readonly revokedAt?: number | undefined;
  /** The code that the gate shows was typed here, and was right. */
  readonly comparedAt?: number | undefined;
}

export interface RefusedEnrolment {
  readonly at: number;
  readonly reason: EnrolmentRefusal;
}

/**
 * Two gates showed one token, or two invitations met one key: somebody has to find out which gate is which. It stands until
 * the gate is revoked.
 */
export const CONFLICTS: readonly EnrolmentRefusal[] = ['used-token', 'known-key'];

export function conflictOf({ refused, revokedAt }: GateRecord): RefusedEnrolment | undefined {
  return refused && revokedAt === undefined && CONFLICTS.includes(refused.reason)
    ? refused
    : undefined;
}

export interface StatedAttributes {
  /** SHA-256 of its transport key, hex. */
  readonly transportKeyId: string;
  readonly software: string;
  readonly module: ModuleDescription;
  readonly capabilities: readonly string[];
}

/** `configured`: its device key was brought by a person. */
export type GateStanding =
  | 'invited'
  | 'invitation-expired'
  | 'withdrawn'
  | 'configured'
  | 'enrolled'
  | 'revoked';

export function standingOf(gate: GateRecord, now: number): GateStanding {
  if (gate.revokedAt !== undefined) return 'revoked';
  if (gate.deviceKeyId !== undefined) return gate.stated ? 'enrolled' : 'configured';
  if (gate.withdrawnAt !== undefined) return 'withdrawn';
  return now >= (gate.expiresAt ?? 0) ? 'invitation-expired' : 'invited';
}

export type Revocation = 'revoked' | 'withdrawn' | 'before' | 'unknown';

export interface EnrolmentConflict {
  readonly gate: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Where invitations and enrolled gates are kept. */
export interface EnrolmentStore {
  /** This console's own id, 32 hex digits, made from `candidate` the first time. */
  identity(candidate: string): Promise<string>;
  invite(invitation: Invitation, origin: Origin): Promise<void>;
  offer(
    challenge: Uint8Array,
    times: { readonly now: number; readonly expiresAt: number },
  ): Promise<void>;
  /** Judges and enrols in one transaction; the challenge is taken whatever comes of it. */
  enrol(statement: EnrolmentStatement, signed: Uint8Array, now: number): Promise<EnrolmentOutcome>;
  records(): Promise<GateRecord[]>;
  /** Gates and invitations whose token a second gate showed. */
  conflicts(): Promise<EnrolmentConflict[]>;
  /** A gate that was only invited loses its invitation. Harmless to do again. */
  revoke(gateId: string, origin: Origin): Promise<Revocation>;
  /** Notes that the gate's code was compared and is that of the keys held here. False where the gate has gone. */
  compared(gateId: string, origin: Origin): Promise<boolean>;
}
