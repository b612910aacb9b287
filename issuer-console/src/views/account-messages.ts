import type { Author } from '../domain/audit.ts';
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
  readonly operators: {
    readonly title: string;
    readonly all: (n: number) => string;
    readonly change: (name: string) => string;
    readonly role: string;
    readonly setRole: string;
    readonly disable: string;
    readonly enable: string;
    readonly disabled: string;
    readonly reset: string;
    readonly resetWhat: string;
    readonly add: string;
    readonly nameHint: string;
    readonly factors: Readonly<Record<'given' | 'password' | 'totp' | 'passkey', string>>;
    readonly given: (name: string) => string;
    readonly givenWhat: string;
  };
  readonly vendors: {
    readonly title: string;
    readonly one: string;
    readonly none: string;
    readonly empty: string;
    readonly name: string;
    readonly change: (name: string) => string;
    readonly rename: string;
    readonly add: string;
  };
  readonly apiKeys: {
    readonly title: string;
    readonly empty: string;
    readonly noVendor: string;
    readonly name: string;
    readonly nameHint: string;
    readonly days: string;
    readonly scopes: string;
    readonly give: string;
    readonly rotate: (name: string) => string;
    readonly revoke: (name: string) => string;
    readonly good: (until: string) => string;
    readonly expired: (since: string) => string;
    readonly revoked: (until: string) => string;
    readonly used: (ago: string) => string;
    readonly neverUsed: string;
    readonly shown: string;
    readonly shownWhat: string;
  };
  readonly audit: {
    readonly title: string;
    readonly what: string;
    readonly number: string;
    readonly time: string;
    readonly who: string;
    readonly action: string;
    readonly subjects: string;
    readonly older: string;
    readonly kinds: Readonly<Record<Author['kind'], string>>;
  };
  readonly gates: {
    readonly invite: string;
    readonly name: string;
    readonly hours: string;
    readonly revoke: (name: string) => string;
    readonly token: (name: string) => string;
    readonly tokenWhat: string;
    readonly revokeWhat: string;
  };
  readonly roles: Readonly<Record<Role, string>>;
  readonly refusals: Readonly<Record<RefusalCode, string>>;
  readonly refused: (code: string) => string;
}
