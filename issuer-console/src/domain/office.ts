import { fromHex } from '@pinless-gate/protocol/bytes';
import {
  consoleTag,
  type EnrolmentToken,
  formatEnrolmentToken,
  hashEnrolmentToken,
  TOKEN_SECRET_LENGTH,
} from '@pinless-gate/protocol/enrolment-token';
import { GateError } from '@pinless-gate/protocol/errors';
import type { Author, Origin } from './audit.ts';
import type { EnrolmentStore, GateRecord, Revocation } from './enrolment.ts';
import {
  GateEnrolmentError,
  type GateStore,
  parseDeviceKey,
  parseGateId,
  parseGateName,
} from './gate.ts';
import {
  checkPut,
  type KeyDeliveryStore,
  type KeyRecord,
  type PutEnvelope,
  type PutResult,
  type Recipient,
  readEnvelope,
  transportKeysOf,
} from './keys.ts';

/** What an operator asked for and cannot have. */
export class OfficeError extends GateError {}

export interface NewInvitation {
  readonly name: string;
  /** 32 hex digits each. */
  readonly eventIds: readonly string[];
  readonly validMs: number;
}

export interface Invited {
  /** Shown once: nobody can be told it again. */
  readonly token: string;
  readonly gateId: string;
  readonly name: string;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** A gate whose device key somebody brings. */
export interface BroughtGate {
  readonly id: string;
  readonly name: string;
  /** PEM. */
  readonly deviceKey: string;
}

/** What operators do about gates, at this process or at the console that has the database. */
export interface Office {
  invite(invitation: NewInvitation): Promise<Invited>;
  addGate(gate: BroughtGate): Promise<void>;
  gates(): Promise<GateRecord[]>;
  revoke(gateId: string): Promise<Revocation>;
  /** Envelopes in base64, all of them or none. */
  putKeys(envelopes: readonly string[]): Promise<PutResult>;
  keys(): Promise<KeyRecord[]>;
  /** How many keys of this event the gates are asked to destroy, once their window is over. */
  orderDestruction(eventId: string): Promise<number>;
  recipients(): Promise<Recipient[]>;
}

export interface OfficeDeps {
  readonly gates: Pick<GateStore, 'addGate'>;
  readonly enrolment: EnrolmentStore;
  readonly keys: KeyDeliveryStore;
  readonly consoleId: () => Promise<string>;
  /** Gates are told whose lists to believe: without that none is invited. SubjectPublicKeyInfo. */
  readonly publishers: readonly Uint8Array[] | undefined;
  /** In whose name changes are noted. */
  readonly by: Author;
  readonly now: () => number;
  readonly random: (length: number) => Uint8Array;
}

const MAX_VALID_MS = 30 * 86_400_000;
const MIN_VALID_MS = 60_000;
const MAX_EVENTS = 64;

export function office(deps: OfficeDeps): Office {
  const { enrolment, keys, by, now } = deps;
  const origin = (): Origin => ({ by, at: now() });
  return {
    invite: (invitation) => invite(deps, invitation),
    addGate: (gate) => addGate(deps, gate, origin()),
    gates: () => enrolment.records(),
    revoke: (gateId) => enrolment.revoke(parseGateId(gateId), origin()),
    putKeys: async (envelopes) => {
      const read = envelopes.map(readEnvelope);
      await checkAll(deps, read);
      return keys.put(read, origin());
    },
    keys: () => keys.keys(),
    orderDestruction: (eventId) => keys.order(parseGateId(eventId), origin()),
    recipients: () => keys.recipients(),
  };
}

/** Where it is not known who may send keys, the gates alone judge. */
async function checkAll(
  { keys, publishers, now }: OfficeDeps,
  envelopes: readonly PutEnvelope[],
): Promise<void> {
  if (publishers === undefined) return;
  const transportKeys = transportKeysOf(await keys.recipients());
  for (const one of envelopes) checkPut(one, { publishers, transportKeys, now: now() });
}

async function addGate(
  { gates }: OfficeDeps,
  { id, name, deviceKey }: BroughtGate,
  origin: Origin,
): Promise<void> {
  const gate = {
    id: parseGateId(id),
    name: parseGateName(name),
    deviceKey: parseDeviceKey(deviceKey),
  };
  if (await gates.addGate(gate, origin)) return;
  throw new GateEnrolmentError('ERR_GATE_EXISTS', `gate ${gate.id} is already enrolled`, {
    hint: 'to give it a new device key, put it into [[gates]] of the configuration and restart',
  });
}

async function invite(deps: OfficeDeps, wanted: NewInvitation): Promise<Invited> {
  const { enrolment, random, publishers } = deps;
  if (publishers === undefined) {
    throw new OfficeError('ERR_ENROLMENT_PUBLISHERS', 'no keys of publishers are configured', {
      hint: 'name them in issuer-console.toml: [enrolment] publishers = ["publisher.pem"]',
    });
  }
  const name = parseGateName(wanted.name);
  const eventIds = wanted.eventIds.map(parseGateId);
  if (eventIds.length > MAX_EVENTS || new Set(eventIds).size < eventIds.length) {
    throw new OfficeError('ERR_INVITATION_EVENTS', `at most ${MAX_EVENTS} events, each once`);
  }
  const { validMs } = wanted;
  if (!Number.isSafeInteger(validMs) || validMs < MIN_VALID_MS || validMs > MAX_VALID_MS) {
    throw new OfficeError('ERR_INVITATION_VALID', 'a token is valid for 1 minute to 30 days');
  }
  const token: EnrolmentToken = {
    consoleTag: consoleTag(fromHex(await deps.consoleId())),
    secret: random(TOKEN_SECRET_LENGTH),
  };
  const gateId = Buffer.from(random(16)).toString('hex');
  const createdAt = deps.now();
  const expiresAt = createdAt + validMs;
  const tokenHash = hashEnrolmentToken(token);
  const invitation = { tokenHash, gateId, gateName: name, eventIds, createdAt, expiresAt };
  await enrolment.invite(invitation, { by: deps.by, at: createdAt });
  return { token: formatEnrolmentToken(token), gateId, name, expiresAt };
}
