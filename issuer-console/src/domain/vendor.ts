import type { Origin } from './audit.ts';
import type { Scope } from './permission.ts';
import { type Edit, RefusedError } from './refusal.ts';

/** One who sells tickets with this issuer, and sees nothing of the others. Unix milliseconds. */
export interface Vendor {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly revision: number;
}

export interface VendorStore {
  list(scope: Scope): Promise<Vendor[]>;
  find(scope: Scope, id: string): Promise<Vendor | undefined>;
  add(vendor: Pick<Vendor, 'id' | 'name'>, origin: Origin): Promise<Vendor>;
  rename(scope: Scope, edit: Rename, origin: Origin): Promise<Edit>;
}

export interface Rename {
  readonly id: string;
  readonly name: string;
  /** The one that was seen. */
  readonly revision: number;
}

const MAX_LENGTH = 80;

/** What a person calls something: 1 to 80 printable characters. */
export function parseTitle(text: string): string {
  const title = text.trim();
  if (title === '' || [...title].length > MAX_LENGTH || /\p{Cc}/u.test(title)) {
    throw new RefusedError(
      'invalid',
      'ERR_TITLE',
      `a name is 1 to ${MAX_LENGTH} printable characters`,
    );
  }
  return title;
}

/** Of whoever may see it; throws where there is none, or the text is no id at all. */
export async function requireVendor(
  vendors: VendorStore,
  scope: Scope,
  id: string,
): Promise<Vendor> {
  const vendor = /^[0-9a-f]{32}$/.test(id) ? await vendors.find(scope, id) : undefined;
  if (!vendor) throw unknownVendor();
  return vendor;
}

export const unknownVendor = () =>
  new RefusedError('unknown', 'ERR_VENDOR_UNKNOWN', 'there is no such vendor');
