import { createHash } from 'node:crypto';
import type { Asker } from './asker.ts';
import type { Origin } from './audit.ts';
import { KEY_SCOPES, type Permission, type Scope } from './permission.ts';
import { RefusedError } from './refusal.ts';
import { parseTitle, requireVendor, type VendorStore } from './vendor.ts';

/** A vendor's key for its programs. Unix milliseconds. */
export interface ApiKey {
  readonly id: string;
  readonly vendorId: string;
  readonly name: string;
  /** How it begins: by this a key that leaked is found. */
  readonly prefix: string;
  readonly scopes: readonly Permission[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly replaces: string | undefined;
}

export type NewApiKey = Omit<ApiKey, 'createdAt' | 'lastUsedAt' | 'revokedAt'> & {
  readonly hash: Uint8Array;
};

export interface ApiKeyStore {
  list(scope: Scope): Promise<ApiKey[]>;
  find(scope: Scope, id: string): Promise<ApiKey | undefined>;
  add(key: NewApiKey, origin: Origin): Promise<void>;
  /**
   * Puts a key beside the one that it replaces, which ends at `oldUntil` at the latest. False where that one is
   * not good any more, or was replaced before: there are never more than two.
   */
  rotate(
    key: NewApiKey & { readonly replaces: string },
    oldUntil: number,
    origin: Origin,
  ): Promise<boolean>;
  revoke(scope: Scope, id: string, origin: Origin): Promise<boolean>;
  /** By the hash of a whole key; notes that it was used. Undefined where it is good no more. */
  use(hash: Uint8Array, now: number): Promise<ApiKey | undefined>;
}

const DAY_MS = 86_400_000;
const MAX_DAYS = 730;
const OVERLAP_MS = 7 * DAY_MS;
const FORM = /^pgk_[0-9a-f]{8}_[0-9a-f]{64}$/;

export interface WantedKey {
  readonly vendorId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly days: number;
}

/** The whole key is shown once, and kept nowhere. */
export interface GivenKey {
  readonly key: string;
  readonly record: NewApiKey;
}

export interface ApiKeysDeps {
  readonly keys: ApiKeyStore;
  readonly vendors: VendorStore;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

export interface ApiKeys {
  give(asker: Asker, wanted: WantedKey): Promise<GivenKey>;
  /** A second one with the same name, vendor and scopes; both are good for a week. */
  rotate(asker: Asker, id: string): Promise<GivenKey>;
  revoke(asker: Asker, id: string): Promise<void>;
}

export function apiKeys({ keys, vendors, now, random }: ApiKeysDeps): ApiKeys {
  const mint = (more: Omit<NewApiKey, 'id' | 'prefix' | 'hash'>): GivenKey => {
    const prefix = `pgk_${hex(random(4))}`;
    const key = `${prefix}_${hex(random(32))}`;
    return { key, record: { ...more, id: hex(random(16)), prefix, hash: hashApiKey(key) } };
  };
  return {
    give: async (asker, wanted) => {
      const { vendorId } = wanted;
      await requireVendor(vendors, asker.scope, vendorId);
      const expiresAt = now() + parseDays(wanted.days) * DAY_MS;
      const name = parseTitle(wanted.name);
      const scopes = parseScopes(wanted.scopes);
      const given = mint({ vendorId, name, scopes, expiresAt, replaces: undefined });
      await keys.add(given.record, { by: asker.by, at: now() });
      return given;
    },
    rotate: async (asker, id) => {
      const old = await keys.find(asker.scope, id);
      if (!old) throw unknownKey();
      const at = now();
      const { vendorId, name, scopes } = old;
      const expiresAt = at + (old.expiresAt - old.createdAt);
      const given = mint({ vendorId, name, scopes, expiresAt, replaces: id });
      const origin = { by: asker.by, at };
      const record = { ...given.record, replaces: id };
      if (await keys.rotate(record, at + OVERLAP_MS, origin)) return given;
      throw new RefusedError(
        'conflict',
        'ERR_API_KEY_ROTATED',
        'this key was replaced, has expired or was revoked: make another one',
      );
    },
    revoke: async (asker, id) => {
      if (!(await keys.revoke(asker.scope, id, { by: asker.by, at: now() }))) throw unknownKey();
    },
  };
}

export const unknownKey = () =>
  new RefusedError('unknown', 'ERR_API_KEY_UNKNOWN', 'there is no such API key');

/** Undefined where the text has not the form of a key: no store needs to be asked. */
export function parseApiKey(text: string): Uint8Array | undefined {
  return FORM.test(text) ? hashApiKey(text) : undefined;
}

/** 256 random bits need no slow hash. */
function hashApiKey(key: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key).digest());
}

function parseDays(days: number): number {
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return days;
  throw new RefusedError(
    'invalid',
    'ERR_API_KEY_DAYS',
    `an API key is good for 1 to ${MAX_DAYS} days`,
  );
}

function parseScopes(scopes: readonly string[]): Permission[] {
  const known = KEY_SCOPES.filter((scope) => scopes.includes(scope));
  if (known.length > 0 && known.length === new Set(scopes).size) return known;
  throw new RefusedError(
    'invalid',
    'ERR_API_KEY_SCOPES',
    `an API key has at least one of: ${KEY_SCOPES.join(', ')}`,
  );
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
