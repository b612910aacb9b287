import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import { bucketOf, decodeBucket } from '@pinless-gate/protocol/bundle';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { decodeSeatRecord, openRecord, type SeatRecord } from '@pinless-gate/protocol/record';
import {
  type BuildJob,
  type Built,
  buildBundle,
} from '@pinless-gate/whitelist-builder/build/build';
import { type ManifestFile, readBucket } from '@pinless-gate/whitelist-builder/bundle/directory';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import type { EventPlan } from '@pinless-gate/whitelist-builder/event-file';
import { type Issuer, readAnchor } from '@pinless-gate/whitelist-builder/validity/issuer';
import { onTestFinished } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';
import {
  certificatePem,
  issueCaCertificate,
  issueHolderCertificate,
  type SigningKey,
  signingKey,
} from '../../sandbox/jlis/certificate.ts';

export const NOW = Date.parse('2026-11-20T12:00:00Z') / 1000;
export const STARTS_AT = Date.parse('2026-12-20T09:00:00Z') / 1000;
export const ADMISSION = { from: STARTS_AT - 3 * 3600, until: STARTS_AT + 3 * 3600 };
export const EVENT_ID = fromHex('2be552203c4c0f4f0703b037dfbd00e5');
const YEAR_S = 365 * 24 * 3600;

/** The issuing CA of the tests, and its key. */
export interface TestCa {
  readonly key: SigningKey;
  readonly der: Uint8Array;
  readonly pem: string;
}

export async function newCa(): Promise<TestCa> {
  const key = signingKey(rsaKey().privateKeyPem);
  const der = await issueCaCertificate(key, '01', validity(-YEAR_S, 9 * YEAR_S));
  return { key, der, pem: certificatePem(der) };
}

export interface TestHolder {
  readonly commonName?: string;
  readonly serial?: string;
  /** Seconds from `NOW`. */
  readonly from?: number;
  readonly until?: number;
  readonly spki?: Uint8Array;
}

/** One for all who do not ask for their own: making RSA keys is slow. */
const HOLDER_SPKI = rsaKey().spki;

/** Base64 of a holder's certificate. */
export async function holderCertificate(ca: TestCa, holder: TestHolder = {}): Promise<string> {
  const der = await issueHolderCertificate(ca.key, {
    spki: holder.spki ?? HOLDER_SPKI,
    serial: holder.serial ?? '0705d990',
    commonName: holder.commonName ?? '0123456789ABCDEFGHIJKLMN',
    validity: validity(holder.from ?? -YEAR_S, holder.until ?? 4 * YEAR_S),
  });
  return Buffer.from(der).toString('base64');
}

export function issuerOf(...cas: readonly TestCa[]): Issuer {
  const generations = cas.map(({ der }) => readAnchor(der));
  return { name: 'jpki-auth', nameDer: generations[0]!.certificate.subject.encoded, generations };
}

export function eventWith(issuers: readonly Issuer[]): EventPlan {
  return {
    eventId: EVENT_ID,
    name: '冬の音楽祭 2026',
    place: '横浜',
    startsAt: STARTS_AT,
    admission: ADMISSION,
    expiresAt: ADMISSION.until + 24 * 3600,
    policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
    issuers,
    keys: { event: 'event', publisher: 'publisher' },
    hsm: { module: '', tokenLabel: '', pinFile: '', environment: {} },
  };
}

/** A purchase as the feed has it; every `number` another card. */
export function purchase(number: number, changes: Record<string, unknown> = {}) {
  return {
    purchaseId: `P-${number}`,
    status: 'paid',
    holder: { serial: (0x700_0000 + number).toString(16), issuer: 'jpki-auth' },
    enrolment: { evidenceId: `E-${number}`, method: 'pin', at: '2026-11-01T09:00:00+09:00' },
    tickets: [
      { ticketNo: `T-${number}-1`, seat: { gate: 'B', block: '112', row: '7', number: '15' } },
    ],
    ...changes,
  };
}

export const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
export const feedOf = (...purchases: unknown[]): string => purchases.map(line).join('');
/** Purchases 1 to `count`. */
export const many = (count: number): string =>
  feedOf(...Array.from({ length: count }, (_, i) => purchase(i + 1)));
/** The serial number that `purchase` gives. */
export const serialOf = (number: number): string =>
  (0x700_0000 + number).toString(16).padStart(8, '0');

export const NO_PROGRESS = {
  space: () => {},
  cacheLost: () => {},
  gathered: () => {},
  written: () => {},
};

export interface Workshop {
  readonly directory: string;
  readonly out: string;
  readonly rejects: string;
  readonly keys: FakeKeyStore;
  readonly job: BuildJob;
  /** Writes the feed and builds. */
  build(feed: string | Uint8Array, changes?: Partial<BuildJob>): Promise<Built>;
  /** The record of a serial number, opened; undefined when it is not listed. */
  record(built: Built, serial: string): Promise<SeatRecord | undefined>;
}

/** A directory that goes away with the test, keys in memory, and an event with one issuer. */
export async function workshop(issuer: Issuer): Promise<Workshop> {
  const directory = await newDirectory();
  const keys = new FakeKeyStore();
  await keys.generate('event', 'event');
  await keys.generate('publisher', 'publisher');
  const job: BuildJob = {
    feed: join(directory, 'feed.ndjson'),
    out: join(directory, 'bundle'),
    rejects: join(directory, 'rejects.ndjson'),
    event: eventWith([issuer]),
    keys,
    allowRejects: 0,
    now: NOW,
    signal: new AbortController().signal,
    progress: NO_PROGRESS,
  };
  return {
    directory,
    out: job.out,
    rejects: job.rejects,
    keys,
    job,
    build: async (feed, changes = {}) => {
      await writeFile(job.feed, feed);
      return buildBundle({ ...job, ...changes });
    },
    record: async ({ manifest }, serial) => {
      const converter = new Converter(keys, 'event');
      const { conversionValue, sealKey } = await converter.convert(issuer.nameDer, fromHex(serial));
      const bucket = bucketOf(conversionValue, manifest.bucketBits);
      const bytes = await readBucket(job.out, manifest, bucket);
      const entry = decodeBucket(bytes, bucket, manifest.bucketBits).find((one) =>
        Buffer.from(one.conversionValue).equals(conversionValue),
      );
      if (!entry) return undefined;
      const context = { eventId: EVENT_ID, conversionValue };
      return decodeSeatRecord(openRecord(sealKey, entry.sealed, context));
    },
  };
}

export async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'whitelist-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

export function rsaKey(): { privateKeyPem: string; spki: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  };
}

function validity(from: number, until: number) {
  return { notBefore: new Date((NOW + from) * 1000), notAfter: new Date((NOW + until) * 1000) };
}

/** Throws unless the bundle verifies under the shop's publisher key. */
export async function verified({ out, keys }: Workshop): Promise<ManifestFile> {
  const publishers = { keys: [await keys.publicKey('publisher')], threshold: 1 };
  return verifyBundle(out, { publishers, eventId: EVENT_ID });
}
