import type { Origin } from './audit.ts';
import type { Role, Scope } from './permission.ts';
import { type Edit, RefusedError } from './refusal.ts';

/** A person with an account. Unix milliseconds. */
export interface Operator {
  readonly id: string;
  /** What they sign in with. */
  readonly name: string;
  readonly role: Role;
  readonly vendorId: string | undefined;
  readonly createdAt: number;
  readonly disabledAt: number | undefined;
  readonly revision: number;
  /** Has a password that was given out. */
  readonly passwordGiven: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
}

export interface NewOperator {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly vendorId: string | undefined;
  readonly passwordHash: string;
  readonly passwordUntil: number;
}

export interface OperatorEdit {
  readonly id: string;
  readonly revision: number;
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
}

export interface GivenPassword {
  readonly passwordHash: string;
  readonly passwordUntil: number;
}

export interface OperatorStore {
  list(scope: Scope): Promise<Operator[]>;
  find(scope: Scope, id: string): Promise<Operator | undefined>;
  /** False where the name is taken. */
  add(operator: NewOperator, origin: Origin): Promise<boolean>;
  /** Ends the sessions of whoever is changed. At least one administrator is left, or nothing is done. */
  edit(scope: Scope, edit: OperatorEdit, origin: Origin): Promise<Edit | 'last-admin'>;
  /** Takes password, second factor, passkeys and sessions away, and gives a password out. */
  reset(scope: Scope, id: string, given: GivenPassword, origin: Origin): Promise<boolean>;
}

/** As it is kept; undefined where nobody can be called that. */
export function signInName(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return /^[a-z0-9][a-z0-9._@-]{2,63}$/.test(name) ? name : undefined;
}

/** 3 to 64 of a-z 0-9 . _ @ -, small letters: no two names look alike. */
export function parseOperatorName(text: string): string {
  const name = signInName(text);
  if (name === undefined) {
    throw new RefusedError(
      'invalid',
      'ERR_OPERATOR_NAME',
      'a name to sign in with is 3 to 64 of a-z, 0-9 and . _ @ -',
    );
  }
  return name;
}

export const unknownOperator = () =>
  new RefusedError('unknown', 'ERR_OPERATOR_UNKNOWN', 'there is no such operator');
