import { toHex } from '@pinless-gate/protocol/bytes';
import type { Asker } from './asker.ts';
import { type AuditLog, type AuditPosition, formatPosition } from './audit.ts';
import type { Directory, GivenAccount, WantedOperator } from './directory.ts';
import { type Operator, type OperatorStore, unknownOperator } from './operator.ts';
import type { Vendor, VendorStore } from './vendor.ts';

/** What commands do about people and vendors: plain values, as they cross to another process. */
export interface Registry {
  addOperator(wanted: WantedOperator): Promise<GivenAccount>;
  operators(): Promise<Operator[]>;
  /** By the name that somebody signs in with. */
  setDisabled(name: string, disabled: boolean): Promise<void>;
  resetOperator(name: string): Promise<GivenAccount>;
  addVendor(name: string): Promise<Vendor>;
  vendors(): Promise<Vendor[]>;
  auditEntries(page: AuditPage): Promise<ShownEntry[]>;
  /** The end of the chain, as text; throws where it is broken. */
  verifyAudit(noted?: NotedPosition): Promise<string>;
}

export interface AuditPage {
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface NotedPosition {
  readonly sequence: number;
  /** Hex. */
  readonly hash: string;
}

export interface ShownEntry {
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly by: { readonly kind: string; readonly id: string };
  readonly action: string;
  readonly subjects: readonly string[];
  readonly vendorId?: string | undefined;
  readonly facts?: Readonly<Record<string, string | number>> | undefined;
  readonly hash: string;
}

export interface RegistryDeps {
  readonly directory: Directory;
  readonly operators: OperatorStore;
  readonly vendors: VendorStore;
  readonly audit: AuditLog;
  readonly asker: Asker;
}

export function registry({ directory, operators, vendors, audit, asker }: RegistryDeps): Registry {
  const { scope } = asker;
  const named = async (name: string) => {
    const all = await operators.list(scope);
    const found = all.find((one) => one.name === name.trim().toLowerCase());
    if (!found) throw unknownOperator();
    return found;
  };
  return {
    addOperator: (wanted) => directory.addOperator(asker, wanted),
    operators: () => operators.list(scope),
    setDisabled: async (name, disabled) => {
      const { id, revision } = await named(name);
      await directory.editOperator(asker, { id, revision, disabled });
    },
    resetOperator: async (name) => directory.resetOperator(asker, (await named(name)).id),
    addVendor: (name) => directory.addVendor(asker, name),
    vendors: () => vendors.list(scope),
    auditEntries: async ({ before, limit }) => {
      const entries = await audit.entries(scope, { before, limit });
      return entries.map(({ entry: { previous: _, ...entry }, hash }) => ({
        ...entry,
        hash: toHex(hash),
      }));
    },
    verifyAudit: async (noted) => formatPosition(await audit.verify(noted && positionOf(noted))),
  };
}

function positionOf({ sequence, hash }: NotedPosition): AuditPosition {
  return { sequence, hash: new Uint8Array(Buffer.from(hash, 'hex')) };
}
