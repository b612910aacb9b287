import { type Author, authorOf } from './audit.ts';
import { type Actor, type Role, Scope } from './permission.ts';

/** Somebody who asks for a change: whose rows they reach, and in whose name it is noted. */
export interface Asker {
  readonly scope: Scope;
  readonly by: Author;
}

export const askerOf = (actor: Actor): Asker => ({ scope: Scope.of(actor), by: authorOf(actor) });

/** A command on this machine: whoever can run it has the database. */
export const commandLine = (uid: number): Asker => ({
  scope: Scope.everything,
  by: { kind: 'command', id: `uid-${uid}` },
});

/** Nobody gives more than they have. */
export function mayGive({ scope }: Asker, role: Role, vendorId: string | undefined): boolean {
  return scope.vendorId === undefined || (vendorId === scope.vendorId && role !== 'issuer-admin');
}

/** The console, for somebody who showed a code or pays: whoever calls this reaches only what that is of. */
export const forVisitor = (what: 'application' | 'payment' | 'expiry' | 'check'): Asker => ({
  scope: Scope.everything,
  by: { kind: 'console', id: what },
});
