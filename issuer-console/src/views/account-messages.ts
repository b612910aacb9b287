import type { Role } from '../domain/permission.ts';
import type { RefusalCode } from '../domain/refusal.ts';

/** The words of accounts, vendors, keys and the audit log. */
export interface AccountMessages {
  readonly signIn: string;
  readonly signOut: string;
  readonly startOver: string;
  readonly or: string;
  readonly name: string;
  readonly password: string;
  readonly code: string;
  readonly codeHint: string;
  readonly own: string;
  readonly goOn: string;
  readonly homeward: string;
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly passwordHint: string;
  readonly changePassword: string;
  readonly firstPassword: string;
  readonly firstFactor: string;
  readonly totp: {
    readonly heading: string;
    readonly why: string;
    readonly begin: string;
    readonly unavailable: string;
    readonly present: (left: string) => string;
    readonly remove: string;
    readonly scan: string;
    readonly qr: string;
    readonly type: string;
    readonly confirm: string;
    readonly confirmHint: string;
    readonly codes: string;
    readonly codesWhat: string;
  };
  readonly passkey: {
    readonly heading: string;
    readonly signIn: string;
    readonly name: string;
    readonly add: string;
    readonly remove: (name: string) => string;
    readonly unavailable: string;
    readonly needsScript: string;
    readonly failed: string;
  };
  readonly roles: Readonly<Record<Role, string>>;
  readonly refusals: Readonly<Record<RefusalCode, string>>;
  readonly refused: (code: string) => string;
}
