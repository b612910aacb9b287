/** Who may do what: the whole of it. A route names a permission; a permission names the roles that have it. */

export const ROLES = ['issuer-admin', 'vendor', 'venue-manager', 'venue-staff', 'auditor'] as const;

export type Role = (typeof ROLES)[number];

interface Grant {
  readonly roles: readonly Role[];
  /** It concerns all vendors at once: only those who work for no vendor have it. */
  readonly everyVendor?: true;
  /** A vendor's program may be given it. */
  readonly forKeys?: true;
}

const EVERYONE = ROLES;

export const PERMISSIONS = {
  'account.own': { roles: EVERYONE },
  'board.read': {
    roles: ['issuer-admin', 'venue-manager', 'venue-staff', 'auditor'],
    everyVendor: true,
  },
  'gate.read': { roles: ['issuer-admin', 'venue-manager', 'auditor'], everyVendor: true },
  'gate.invite': { roles: ['issuer-admin'], everyVendor: true },
  'gate.revoke': { roles: ['issuer-admin', 'venue-manager'], everyVendor: true },
  'key.read': { roles: ['issuer-admin', 'venue-manager', 'auditor'], everyVendor: true },
  'key.write': { roles: ['issuer-admin'], everyVendor: true },
  'vendor.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'vendor.write': { roles: ['issuer-admin'], everyVendor: true },
  'operator.read': { roles: ['issuer-admin', 'vendor', 'auditor'] },
  'operator.write': { roles: ['issuer-admin', 'vendor'] },
  'api-key.read': { roles: ['issuer-admin', 'vendor', 'auditor'] },
  'api-key.write': { roles: ['issuer-admin', 'vendor'] },
  'event.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'event.write': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'purchase.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'purchase.change': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'purchase.import': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'webhook.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'webhook.write': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'list.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'list.publish': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'list.approve': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  /** To want a second approval no more. */
  'list.relax': { roles: ['issuer-admin'], everyVendor: true },
  'purchase.check': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'offer.write': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'payment.read': { roles: ['issuer-admin', 'vendor', 'auditor'], forKeys: true },
  'payment.write': { roles: ['issuer-admin', 'vendor'], forKeys: true },
  'evidence.read': { roles: ['issuer-admin', 'auditor'] },
  'audit.read': { roles: ['issuer-admin', 'vendor', 'auditor'] },
} as const satisfies Readonly<Record<string, Grant>>;

export type Permission = keyof typeof PERMISSIONS;

/** What a vendor's API key may be given. */
export const KEY_SCOPES = (Object.keys(PERMISSIONS) as Permission[]).filter(
  (permission) => (PERMISSIONS[permission] as Grant).forKeys,
);

/** Who asks. Ids are 32 hex digits; `vendorId` is undefined for those who work for no vendor. */
export type Actor =
  | {
      readonly kind: 'operator';
      readonly id: string;
      readonly name: string;
      readonly role: Role;
      readonly vendorId: string | undefined;
      /** Set until the password that was given out is changed and a needed second factor is there. */
      readonly confined: boolean;
    }
  | {
      readonly kind: 'api-key';
      readonly id: string;
      readonly vendorId: string;
      readonly scopes: readonly Permission[];
    };

export function may(actor: Actor, permission: Permission): boolean {
  const { roles, everyVendor }: Grant = PERMISSIONS[permission];
  if (everyVendor && actor.vendorId !== undefined) return false;
  if (actor.kind === 'api-key') return actor.scopes.includes(permission);
  if (actor.confined && permission !== 'account.own') return false;
  return roles.includes(actor.role);
}

/** Works for the issuer, for a vendor, or for either: a vendor's people are never of all vendors. */
export function isPosition(role: Role, vendorId: string | undefined): boolean {
  if (role === 'issuer-admin') return vendorId === undefined;
  return role !== 'vendor' || vendorId !== undefined;
}

/**
 * Whose rows a store may touch. Made from an actor only, and asked for by every method of a store that
 * reaches rows of vendors: what lacks the filter does not compile.
 */
export class Scope {
  readonly #vendorId: string | undefined;

  private constructor(vendorId: string | undefined) {
    this.#vendorId = vendorId;
  }

  static of(actor: Actor): Scope {
    return new Scope(actor.vendorId);
  }

  /** Of whoever has the database itself: commands on this machine. */
  static readonly everything = new Scope(undefined);

  /** The one vendor; undefined where it is all of them. */
  get vendorId(): string | undefined {
    return this.#vendorId;
  }

  holds(vendorId: string | undefined): boolean {
    return this.#vendorId === undefined || this.#vendorId === vendorId;
  }
}
