import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { GateError } from '@pinless-gate/protocol/errors';
import { gateCode, sameGateCode } from '@pinless-gate/protocol/gate-code';
import { isSignedBy, names } from '@pinless-gate/protocol/key-destruction';
import type { Asker } from './asker.ts';
import type { Author, Origin } from './audit.ts';
import type { CeremonyLog, LogVerdict } from './ceremony.ts';
import type { EnrolmentStore, GateRecord } from './enrolment.ts';
import type { EventStore } from './event.ts';
import type { KeyWatch } from './key-alarm.ts';
import type {
  CertifiedKey,
  DestructionRecord,
  FileKind,
  GivenFile,
  KeptChain,
  KeptLog,
  KeptRequest,
  KeyRequest,
  Named,
  ReadFiles,
} from './key-file.ts';
import { type KeyFacts, type KeyReport, keyReport, keyReports } from './key-report.ts';
import {
  checkPut,
  type KeyDeliveryStore,
  type PutEnvelope,
  type Recipient,
  transportKeysOf,
} from './keys.ts';
import { Scope } from './permission.ts';
import { type RefusalCode, RefusedError } from './refusal.ts';

/** Where requests, certificates and ceremony logs are kept. Each says how many were new. */
export interface KeyFileStore {
  keepRequests(requests: readonly KeyRequest[], origin: Origin): Promise<number>;
  keepChain(chain: CertifiedKey, origin: Origin): Promise<number>;
  /** Only a log that goes on from the one that is held takes its place. */
  keepLog(log: CeremonyLog, origin: Origin): Promise<LogVerdict>;
  /** The newest first, all three. */
  requests(): Promise<KeptRequest[]>;
  chains(): Promise<KeptChain[]>;
  logs(): Promise<KeptLog[]>;
}

export interface Taken {
  readonly kind: FileKind;
  /** New ones, and those that were here before. */
  readonly kept: number;
  readonly known: number;
}

/** What is known of the institution's key and of ceremonies. */
export interface Institution {
  readonly requests: readonly KeptRequest[];
  readonly chains: readonly KeptChain[];
  readonly logs: readonly (CeremonyLog & { readonly receivedAt: number })[];
}

/** What people do about keys, by page or by API. No secret comes here: files are what everybody may read. */
export interface KeyDesk {
  /** All of them or none; see `readKeyFiles` for what is refused. */
  take(asker: Asker, files: readonly GivenFile[], wanted?: FileKind): Promise<Taken>;
  reports(): Promise<KeyReport[]>;
  report(eventId: string): Promise<KeyReport>;
  institution(): Promise<Institution>;
  /** How many keys of the event the gates are asked to destroy, once their window is over. */
  order(asker: Asker, eventId: string): Promise<number>;
  gate(gateId: string): Promise<GateRecord>;
  /** Notes that the code which was heard is that of the keys held here. */
  compare(asker: Asker, gateId: string, heard: string): Promise<void>;
  /** What keys are wrapped with for this gate, as it signed it. */
  gateKey(gateId: string): Promise<Recipient>;
  /** What the board's alarms are of. */
  watch(): Promise<KeyWatch>;
}

export interface KeyDeskDeps {
  readonly keyFiles: KeyFileStore;
  readonly keys: KeyDeliveryStore;
  readonly enrolment: EnrolmentStore;
  readonly events: EventStore;
  readonly publishers: { readonly keys: readonly Uint8Array[] } | undefined;
  /** Reads files, and verifies in them what can be verified. `at`: Unix seconds. */
  readonly readFiles: (files: readonly GivenFile[], at: number, wanted?: FileKind) => ReadFiles;
  readonly readLog: (octets: Uint8Array) => CeremonyLog;
  readonly now: () => number;
}

export function keyDesk(deps: KeyDeskDeps): KeyDesk {
  const { keyFiles, keys, enrolment, now } = deps;
  const originOf = (by: Author): Origin => ({ by, at: now() });
  const gate = async (gateId: string) => {
    const found = (await enrolment.records()).find(({ id }) => id === gateId);
    if (found) return found;
    throw new RefusedError('unknown', 'ERR_GATE_UNKNOWN', 'there is no such gate');
  };
  return {
    gate,
    watch: async () => {
      const [facts, chains, conflicts] = await Promise.all([
        factsOf(deps),
        keyFiles.chains(),
        enrolment.conflicts(),
      ]);
      return { ...facts, chains, conflicts };
    },
    take: async ({ by }, files, wanted) =>
      take(deps, deps.readFiles(files, now() / 1000, wanted), originOf(by)),
    reports: async () => keyReports(await factsOf(deps)),
    report: async (eventId) => {
      const facts = await factsOf(deps);
      const found = keyReports(facts).find(({ event }) => event.id === eventId);
      if (found) return keyReport(found.event, facts);
      throw noSuchEvent();
    },
    institution: async () => {
      const [requests, chains, logs] = await Promise.all([
        keyFiles.requests(),
        keyFiles.chains(),
        keyFiles.logs(),
      ]);
      const read = logs.map(({ raw, receivedAt }) => ({ ...deps.readLog(raw), receivedAt }));
      return { requests, chains, logs: read };
    },
    order: async ({ by }, eventId) => {
      const held = (await keys.keys()).some((key) => key.eventId === eventId);
      if (!held) throw noSuchEvent();
      return keys.order(eventId, originOf(by));
    },
    compare: async ({ by }, gateId, heard) => {
      const code = codeOf(await gate(gateId));
      if (code === undefined) {
        throw refused('ERR_GATE_COMPARE', 'the gate has not stated its keys, or was revoked');
      }
      if (!sameGateCode(heard, code)) {
        throw refused('ERR_GATE_CODE', 'the code is not that of the keys held here');
      }
      await enrolment.compared(gateId, originOf(by));
    },
    gateKey: async (gateId) => {
      const found = (await keys.recipients()).find((one) => one.gateId === gateId);
      if (found?.gateKey !== undefined) return found;
      throw new RefusedError('unknown', 'ERR_GATE_UNKNOWN', 'no gate key of such a gate is here');
    },
  };
}

/** What the gate shows, where it stated its keys itself. */
export function codeOf({ deviceKeyId, stated, revokedAt }: GateRecord): string | undefined {
  if (deviceKeyId === undefined || stated === undefined || revokedAt !== undefined)
    return undefined;
  return gateCode({
    deviceKey: fromHex(deviceKeyId),
    transportKey: fromHex(stated.transportKeyId),
  });
}

async function factsOf({ keys, events, now }: KeyDeskDeps): Promise<KeyFacts> {
  const [all, gates, known] = await Promise.all([
    keys.keys(),
    keys.gates(),
    // Whoever may see keys works for no vendor: the permission says so.
    events.list(Scope.everything),
  ]);
  return { now: now(), keys: all, gates, events: known };
}

async function take(deps: KeyDeskDeps, files: ReadFiles, origin: Origin): Promise<Taken> {
  const { keyFiles } = deps;
  const { kind } = files;
  const taken = (of: number, kept: number): Taken => ({ kind, kept, known: of - kept });
  switch (files.kind) {
    case 'request':
      return taken(files.requests.length, await keyFiles.keepRequests(files.requests, origin));
    case 'certificates':
      await requireRequest(keyFiles, files.chain);
      return taken(1, await keyFiles.keepChain(files.chain, origin));
    case 'log':
      return taken(1, await keepLog(keyFiles, files.log, origin));
    case 'envelopes': {
      const { put, known } = await putEnvelopes(deps, files.envelopes, origin);
      return { kind, kept: put, known };
    }
    case 'destruction':
      await keepRecords(deps, files.records, origin.at);
      return taken(files.records.length, files.records.length);
  }
}

/** Certificates of a key that nobody asked for here are somebody else's. */
async function requireRequest(keyFiles: KeyFileStore, chain: CertifiedKey): Promise<void> {
  const requests = await keyFiles.requests();
  if (requests.some(({ keyHash }) => keyHash === chain.keyHash)) return;
  throw refused('ERR_KEY_CHAIN_KEY', 'the certificates are of a key whose request is not here');
}

async function keepLog(keyFiles: KeyFileStore, log: CeremonyLog, origin: Origin): Promise<number> {
  const verdict = await keyFiles.keepLog(log, origin);
  if (verdict === 'shorter') {
    throw refused('ERR_KEY_LOG_SHORTER', 'the log that is held has more lines: some were cut off');
  }
  if (verdict === 'fork') {
    throw refused('ERR_KEY_LOG_FORK', 'the log does not go on from the one that is held');
  }
  return verdict === 'same' ? 0 : 1;
}

async function putEnvelopes(
  { keys, publishers, now }: KeyDeskDeps,
  envelopes: readonly Named<PutEnvelope>[],
  origin: Origin,
) {
  if (publishers === undefined) {
    throw refused('ERR_ENROLMENT_PUBLISHERS', 'no keys of publishers are configured');
  }
  const transportKeys = transportKeysOf(await keys.recipients());
  const rules = { publishers: publishers.keys, transportKeys, now: now() };
  for (const { name, content } of envelopes) acceptable(() => checkPut(content, rules), name);
  try {
    return await keys.put(
      envelopes.map(({ content }) => content),
      origin,
    );
  } catch (error) {
    throw asRefusal(error);
  }
}

/** How far a gate's clock may be ahead. */
const CLOCK_MS = 600_000;

async function keepRecords(
  { keys, enrolment }: KeyDeskDeps,
  records: readonly Named<DestructionRecord>[],
  at: number,
): Promise<void> {
  const [gates, held] = await Promise.all([enrolment.records(), keys.keys()]);
  for (const { name, content } of records) {
    const { received } = content;
    const { gateId, eventId, destroyedAt } = received.destruction;
    const of = gates.find(({ id }) => id === toHex(gateId));
    const fail = (code: RefusalCode, why: string) => refused(code, `${name}: ${why}`);
    if (of?.deviceKey === undefined) throw fail('ERR_KEYS_GATE', 'of a gate that is not known');
    const deviceKey = new Uint8Array(Buffer.from(of.deviceKey, 'base64'));
    if (!isSignedBy(received, deviceKey)) {
      throw fail('ERR_DESTRUCTION_SIGNATURE', 'not signed by the device key of that gate');
    }
    if (1000 * destroyedAt > at + CLOCK_MS) {
      throw fail('ERR_DESTRUCTION_TIME', 'it tells of a time that is still to come');
    }
    const sent = held.filter((key) => key.gateId === of.id && key.eventId === toHex(eventId));
    if (!sent.some(({ keyId }) => names(received.destruction, [fromHex(keyId)]))) {
      throw fail('ERR_DESTRUCTION_KEYS', 'it names no key that this gate was sent');
    }
  }
  for (const { content } of records) {
    await keys.destroyed(content.received.destruction, content.raw, at);
  }
}

function acceptable(work: () => void, name: string): void {
  try {
    work();
  } catch (error) {
    throw asRefusal(error, name);
  }
}

/** The codes of envelopes are among those that pages have words for. */
function asRefusal(error: unknown, name?: string): unknown {
  if (!(error instanceof GateError) || error instanceof RefusedError) return error;
  if (!PUT_CODES.has(error.code)) return error;
  const where = name === undefined ? '' : `${name}: `;
  return refused(error.code as RefusalCode, `${where}${error.message}`);
}

const PUT_CODES = new Set<string>([
  'ERR_ENVELOPE_EXPIRED',
  'ERR_ENVELOPE_SIGNATURE',
  'ERR_ENVELOPE_TRANSPORT_KEY',
  'ERR_KEYS_GATE',
] satisfies RefusalCode[]);

function refused(code: RefusalCode, why: string): RefusedError {
  return new RefusedError('invalid', code, why);
}

const noSuchEvent = () =>
  new RefusedError('unknown', 'ERR_KEYS_EVENT', 'nothing is known of keys of such an event');
