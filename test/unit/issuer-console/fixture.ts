import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '@pinless-gate/issuer-console/app';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { totpCodes } from '@pinless-gate/issuer-console/credentials/totp';
import type { AppDeps } from '@pinless-gate/issuer-console/desks';
import type { Gate } from '@pinless-gate/issuer-console/domain/gate';
import type { WebhookSender } from '@pinless-gate/issuer-console/domain/webhook-desk';
import { BundleDirectory } from '@pinless-gate/issuer-console/store/bundle-directory';
import type { OpenDatabase } from '@pinless-gate/issuer-console/store/database';
import { type Stores, storesOn } from '@pinless-gate/issuer-console/store/stores';
import { encodeManifest, formatLatest, type Manifest, sha256 } from '@pinless-gate/protocol/bundle';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { encodeJournalUpload, JOURNAL_UPLOAD_TYPE } from '@pinless-gate/protocol/fleet';
import {
  formatGateCredential,
  type GateCredential,
  gateRequestMessage,
} from '@pinless-gate/protocol/gate-request';
import {
  type ActEntry,
  type DecisionEntry,
  encodeJournalEntry,
  hashEntry,
  type JournalEntry,
  journalOrigin,
  type NoteEntry,
  type PassageEntry,
} from '@pinless-gate/protocol/journal';
import { NO_RATES, plainPasswords, signedIn, TEST_ORIGIN } from './accounts.ts';
import { openTestDatabase } from './database.ts';

export const NOW = Date.parse('2026-12-20T18:04:05+09:00');

/** A gate with a device key of its own, that writes a journal as a gate does. */
export class TestGate {
  readonly gate: Gate;
  readonly pem: string;
  readonly entries: Uint8Array[] = [];
  readonly #key: KeyObject;
  #hash: Uint8Array;

  constructor(id: string, name: string) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const deviceKey = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
    this.gate = { id, name, deviceKey };
    this.pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    this.#key = privateKey;
    this.#hash = journalOrigin(fromHex(id));
  }

  get id(): Uint8Array {
    return fromHex(this.gate.id);
  }

  write(
    entry:
      | Partial<DecisionEntry>
      | { readonly kind: 'start' | 'stop' }
      | { readonly kind: 'fault'; readonly detail: string; readonly at?: number }
      | (Pick<NoteEntry, 'list'> & { readonly kind: 'list'; readonly detail: string })
      | (Partial<ActEntry> & { readonly kind: 'act' })
      | (Partial<PassageEntry> & { readonly kind: 'passage' }),
  ): Uint8Array {
    const base = {
      sequence: this.entries.length + 1,
      gateId: this.id,
      at: NOW - 1000,
      monotonicMs: 1,
      list: { version: 14, fingerprint: 'K7F2QD' },
    };
    const whole = (
      entry.kind !== undefined && entry.kind !== 'decision'
        ? {
            ...base,
            ...(entry.kind === 'start' || entry.kind === 'stop' ? { detail: '' } : {}),
            ...entry,
          }
        : {
            ...base,
            kind: 'decision',
            outcome: 'admitted',
            tickets: [],
            code: 'K7-42',
            steps: { total: 412_000 },
            ...entry,
          }
    ) as JournalEntry;
    const encoded = encodeJournalEntry(whole, this.#hash);
    this.#hash = hashEntry(encoded);
    this.entries.push(encoded);
    return encoded;
  }

  admit(more: Partial<DecisionEntry> = {}): Uint8Array {
    return this.write({ tickets: [{ ticketNo: 'T-SECRET-1', entry: 1 }], ...more });
  }

  /** What the lead of the lane did by hand. */
  act(more: Partial<ActEntry> & Pick<ActEntry, 'act'>): Uint8Array {
    const operator = { id: 'sato', role: 'lead' } as const;
    return this.write({ kind: 'act', operator, reason: '券面を確認', tickets: [], ...more });
  }

  refuse(reason = 'not-listed', more: Partial<DecisionEntry> = {}): Uint8Array {
    return this.write({ outcome: 'refused', reason, ...more });
  }

  /** The device key's plain signature over these octets. */
  sign(octets: Uint8Array): Uint8Array {
    const key = { key: this.#key, dsaEncoding: 'ieee-p1363' } as const;
    return new Uint8Array(sign('sha256', octets, key));
  }

  /** The header that makes this request the gate's own. */
  authorization(method: string, path: string, body: Uint8Array, more: CredentialChanges = {}) {
    const unsigned = { gateId: this.id, at: NOW, nonce: randomBytes(16), ...more };
    const signature = this.sign(gateRequestMessage({ method, path, body }, unsigned));
    return formatGateCredential({ ...unsigned, signature });
  }

  upload(entries: readonly Uint8Array[] = this.entries, more: CredentialChanges = {}): RequestInit {
    return this.uploadBody(encodeJournalUpload({ gateId: this.id, entries }), more);
  }

  uploadBody(body: Uint8Array, more: CredentialChanges = {}): RequestInit {
    return {
      method: 'POST',
      body: Buffer.from(body),
      headers: {
        'content-type': JOURNAL_UPLOAD_TYPE,
        authorization: this.authorization('POST', '/api/journal', body, more),
      },
    };
  }
}

export type CredentialChanges = Partial<Omit<GateCredential, 'signature'>>;

export const GATE_A = '7c1e0d2b5a8f4c3d9e6b1a2f3c4d5e6f';
export const GATE_B = '8c1e0d2b5a8f4c3d9e6b1a2f3c4d5e6f';

export function manifestOf(more: Partial<Manifest> = {}): Manifest {
  const issuedAt = NOW / 1000 - 120;
  return {
    eventId: fromHex('2be552203c4c0f4f0703b037dfbd00e5'),
    event: { name: '冬の音楽祭 2026', place: '横浜', startsAt: NOW / 1000 + 1555 },
    version: 14,
    issuedAt,
    notBefore: issuedAt,
    expiresAt: NOW / 1000 + 86_400,
    entryCount: 49_812,
    bucketBits: 0,
    buckets: [sha256(new Uint8Array())],
    policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
    eventKeyId: new Uint8Array(16),
    ...more,
  };
}

/** Writes a manifest as `whitelist build` leaves it; returns its name. */
export async function publish(directory: string, manifest = manifestOf()): Promise<string> {
  const bytes = encodeManifest(manifest);
  const name = createHash('sha256').update(bytes).digest('hex');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, name), bytes);
  await writeFile(join(directory, `${name}.signatures`), 'signatures');
  await writeFile(join(directory, 'latest'), formatLatest(fromHex(name)));
  return name;
}

export interface TestConsole {
  readonly app: App;
  readonly database: OpenDatabase;
  readonly stores: Stores;
  /** Of a session of an issuer's administrator. */
  readonly cookie: string;
  readonly bundles: string;
  /** Everything that was logged, as text. */
  readonly logged: string[];
  now: number;
  /** What that administrator sees there. */
  see(path: string, headers?: Record<string, string>): Promise<Response>;
  enrol(gate: TestGate): Promise<void>;
  upload(gate: TestGate, entries?: readonly Uint8Array[]): Promise<Response>;
  /** Forgets every gate and entry. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Ids and keys that gates are told at enrolment. */
export const CONSOLE_ID = '0123456789abcdef0123456789abcdef';
export const PUBLISHER = new TestGate(GATE_A, 'a publisher is a P-256 key too');

/** For tests that are about something else: it takes everything, and asks nobody. */
const NO_SENDER: WebhookSender = {
  refusal: () => undefined,
  send: async () => ({ at: NOW, durationMs: 1, status: 200, failure: undefined }),
};

export type TestConsoleOptions = Partial<Omit<AppDeps, 'accounts'>> & {
  readonly accounts?: Partial<AppDeps['accounts']>;
};

/** A console on a database in memory. The first one in a process takes seconds: share it in a file. */
export async function startConsole({
  accounts,
  ...more
}: TestConsoleOptions = {}): Promise<TestConsole> {
  const database = await openTestDatabase();
  const bundles = await mkdtemp(join(tmpdir(), 'console-bundle-'));
  const logged: string[] = [];
  const keep = (...line: unknown[]) => void logged.push(JSON.stringify(line));
  const { db } = database;
  let now = NOW;
  const stores = storesOn(db);
  const { cookie } = await signedIn(stores, { name: 'admin', role: 'issuer-admin' });
  const started: TestConsole = {
    database,
    bundles,
    logged,
    get now() {
      return now;
    },
    set now(at) {
      now = at;
    },
    stores,
    app: createApp({
      stores,
      consoleId: async () => CONSOLE_ID,
      publishers: { keys: [PUBLISHER.gate.deviceKey], threshold: 1 },
      random: (length) => new Uint8Array(randomBytes(length)),
      bundles: new BundleDirectory(bundles),
      eventBundles: [],
      log: { info: keep, warn: keep, error: keep } as never,
      now: () => now,
      timeZone: 'Asia/Tokyo',
      silentAfterMs: 300_000,
      version: '0.0.0',
      origin: undefined,
      proxies: [],
      rates: NO_RATES,
      delivery: { sender: NO_SENDER, keepMs: 86_400_000 },
      ...more,
      accounts: {
        passwords: plainPasswords,
        totp: totpCodes,
        seal: sealWith(new Uint8Array(32).fill(7)),
        passkeys: undefined,
        secondFactor: 'offered',
        ...accounts,
      },
    }),
    cookie,
    see: async (path, headers = {}) =>
      started.app.request(path, { headers: { cookie, ...headers } }),
    enrol: async ({ gate }) => void (await stores.gates.addGate(gate, TEST_ORIGIN)),
    upload: async (gate, entries) =>
      started.app.request('/api/journal', gate.upload(entries, { at: started.now })),
    clear: async () =>
      void (await db.execute(
        `truncate gates, journal_entries, gate_nonces, invitations, enrolment_challenges,
        key_envelopes, key_destructions, people_figures,
        refusal_figures, duration_figures, gate_lists, gate_list_refusals, ticket_movements`,
      )),
    close: async () => {
      started.app.close();
      await started.app.settled();
      await database.close();
      await rm(bundles, { recursive: true, force: true });
    },
  };
  return started;
}
