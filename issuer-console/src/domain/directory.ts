import { type Asker, mayGive } from './asker.ts';
import { groupsOf, type Passwords } from './credential.ts';
import {
  type OperatorEdit,
  type OperatorStore,
  parseOperatorName,
  unknownOperator,
} from './operator.ts';
import { isPosition, ROLES, type Role } from './permission.ts';
import { editedMeanwhile, RefusedError } from './refusal.ts';
import {
  parseTitle,
  type Rename,
  requireVendor,
  unknownVendor,
  type Vendor,
  type VendorStore,
} from './vendor.ts';

/** Who works here, and for whom. */
export interface Directory {
  addVendor(asker: Asker, name: string): Promise<Vendor>;
  renameVendor(asker: Asker, edit: Rename): Promise<void>;
  addOperator(asker: Asker, wanted: WantedOperator): Promise<GivenAccount>;
  editOperator(asker: Asker, edit: OperatorEdit): Promise<void>;
  /** Somebody lost their password or second factor: they begin anew. */
  resetOperator(asker: Asker, id: string): Promise<GivenAccount>;
}

export interface WantedOperator {
  readonly name: string;
  readonly role: string;
  readonly vendorId: string | undefined;
}

/** With a password that is shown once, good until then, and to be changed at the first sign-in. */
export interface GivenAccount {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  /** Unix milliseconds. */
  readonly until: number;
}

export interface DirectoryDeps {
  readonly vendors: VendorStore;
  readonly operators: OperatorStore;
  readonly passwords: Passwords;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

const GIVEN_MS = 24 * 3_600_000;
const GIVEN_LENGTH = 20;

export function directory(deps: DirectoryDeps): Directory {
  const { vendors, operators, now } = deps;
  const originOf = ({ by }: Asker) => ({ by, at: now() });
  return {
    addVendor: (asker, name) =>
      vendors.add({ id: newId(deps), name: parseTitle(name) }, originOf(asker)),

    renameVendor: async (asker, edit) => {
      const wanted = { ...edit, name: parseTitle(edit.name) };
      const outcome = await vendors.rename(asker.scope, wanted, originOf(asker));
      if (outcome === 'unknown') throw unknownVendor();
      if (outcome === 'conflict') throw editedMeanwhile();
    },

    addOperator: (asker, wanted) => addOperator(deps, asker, wanted),

    editOperator: async (asker, edit) => {
      if (edit.id === asker.by.id) throw oneself();
      const held = await operators.find(asker.scope, edit.id);
      if (!held) throw unknownOperator();
      if (edit.role !== undefined) requirePosition(asker, edit.role, held.vendorId);
      const outcome = await operators.edit(asker.scope, edit, originOf(asker));
      if (outcome === 'unknown') throw unknownOperator();
      if (outcome === 'conflict') throw editedMeanwhile();
      if (outcome === 'last-admin') throw lastAdmin();
    },

    resetOperator: async (asker, id) => {
      if (id === asker.by.id) throw oneself();
      const held = await operators.find(asker.scope, id);
      if (!held) throw unknownOperator();
      const { given, password } = await givePassword(deps);
      if (!(await operators.reset(asker.scope, id, given, originOf(asker))))
        throw unknownOperator();
      return { id, name: held.name, password, until: given.passwordUntil };
    },
  };
}

async function addOperator(
  deps: DirectoryDeps,
  asker: Asker,
  wanted: WantedOperator,
): Promise<GivenAccount> {
  const { vendors, operators, now } = deps;
  const name = parseOperatorName(wanted.name);
  const role = parseRole(wanted.role);
  const vendorId = wanted.vendorId ?? asker.scope.vendorId;
  if (vendorId !== undefined) await requireVendor(vendors, asker.scope, vendorId);
  requirePosition(asker, role, vendorId);
  const { given, password } = await givePassword(deps);
  const id = newId(deps);
  const operator = { id, name, role, vendorId, ...given };
  if (await operators.add(operator, { by: asker.by, at: now() })) {
    return { id, name, password, until: given.passwordUntil };
  }
  throw new RefusedError('conflict', 'ERR_OPERATOR_EXISTS', 'this name to sign in with is taken');
}

async function givePassword({ passwords, now, random }: DirectoryDeps) {
  const password = groupsOf(random(GIVEN_LENGTH));
  const passwordHash = await passwords.hash(password);
  return { password, given: { passwordHash, passwordUntil: now() + GIVEN_MS } };
}

function newId({ random }: DirectoryDeps): string {
  return Buffer.from(random(16)).toString('hex');
}

export function parseRole(text: string): Role {
  const role = ROLES.find((one) => one === text);
  if (role) return role;
  throw new RefusedError('invalid', 'ERR_OPERATOR_ROLE', `a role is one of ${ROLES.join(', ')}`);
}

function requirePosition(asker: Asker, role: Role, vendorId: string | undefined): void {
  if (!isPosition(role, vendorId)) {
    throw new RefusedError(
      'invalid',
      'ERR_OPERATOR_POSITION',
      role === 'vendor' ? 'a vendor works for a vendor: name it' : `${role} works for no vendor`,
    );
  }
  if (mayGive(asker, role, vendorId)) return;
  throw new RefusedError('forbidden', 'ERR_OPERATOR_POSITION', `you cannot give the role ${role}`);
}

const oneself = () =>
  new RefusedError('conflict', 'ERR_OPERATOR_SELF', 'nobody changes their own role or standing');
const lastAdmin = () =>
  new RefusedError('conflict', 'ERR_OPERATOR_LAST_ADMIN', 'at least one administrator is needed');
