import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleSource, directorySource } from '@pinless-gate/gate-firmware/whitelist/source';
import { Converter } from '@pinless-gate/hsm/conversion-value';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  type BucketEntry,
  bucketOf,
  contentName,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type Manifest,
  type Publishers,
  sha256,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { compare, fromHex } from '@pinless-gate/protocol/bytes';
import {
  encodeSeatRecord,
  type SeatRecord,
  sealRecord,
  type Ticket,
} from '@pinless-gate/protocol/record';
import { expect, onTestFinished } from 'vitest';
import { FakeKeyStore } from '../../fakes/key-store.ts';

export const EVENT_ID = fromHex('2be552203c4c0f4f0703b037dfbd00e5');
export const GATE_ID = fromHex('76618e77ca140e5e03c02eda4c05a554');
export const HOUR_MS = 3_600_000;

/** A directory that goes away with the test. */
export function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Keys of a gate and of the one who publishes its lists. */
export async function gateKeys(): Promise<FakeKeyStore> {
  const store = new FakeKeyStore();
  for (const label of ['event', 'publisher', 'device'] as const) await store.generate(label, label);
  return store;
}

export function ticket(ticketNo: string, changes: Partial<Ticket> = {}): Ticket {
  return {
    ticketNo,
    seat: { gate: 'B', block: '112', row: '7', number: '15' },
    category: 'adult',
    admission: { from: 0, until: 4_000_000_000 },
    entries: 1,
    reentry: false,
    flags: [],
    place: 1,
    ...changes,
  };
}

export function seatRecord(
  tickets: readonly Ticket[],
  changes: Partial<SeatRecord> = {},
): SeatRecord {
  return {
    tickets,
    party: { id: new Uint8Array(8).fill(7), size: tickets.length },
    language: 'ja',
    evidenceId: 'E-1',
    ...changes,
  };
}

/** An entry as whoever builds the list makes it. */
export async function listed(
  store: KeyStore,
  holder: { issuerName: Uint8Array; serial: string },
  record: SeatRecord,
): Promise<BucketEntry> {
  const converter = new Converter(store, 'event');
  const { conversionValue, sealKey } = await converter.convert(
    holder.issuerName,
    fromHex(holder.serial),
  );
  const context = { eventId: EVENT_ID, conversionValue };
  const sealed = sealRecord(sealKey, new Uint8Array(12), encodeSeatRecord(record), context);
  return { conversionValue, sealed };
}

/** `count` entries whose records nobody can open, spread over all buckets. */
export function strangers(count: number, mark = 1): BucketEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    conversionValue: sha256(Uint8Array.of(i >> 8, i)).slice(0, 16),
    sealed: new Uint8Array(40).fill(mark),
  }));
}

export interface Publication {
  readonly store: KeyStore;
  readonly entries?: readonly BucketEntry[];
  readonly manifest?: Partial<Manifest>;
  /** Label of the key that signs. */
  readonly publisher?: string;
}

export interface Published {
  readonly manifest: Manifest;
  readonly hash: Uint8Array;
  /** Path of the manifest, of its signatures and of a bucket. */
  readonly files: {
    readonly manifest: string;
    readonly signatures: string;
    bucket(i: number): string;
  };
}

/** Writes a bundle as anybody could who holds the keys: what is signed need not make sense. */
export async function publish(directory: string, publication: Publication): Promise<Published> {
  const { store, entries = [], publisher = 'publisher' } = publication;
  const now = Math.floor(Date.now() / 1000);
  const bucketBits = publication.manifest?.bucketBits ?? 2;
  const buckets = Array.from({ length: 2 ** bucketBits }, (_, index) =>
    encodeBucket(
      entries
        .filter(({ conversionValue }) => bucketOf(conversionValue, bucketBits) === index)
        .sort((a, b) => compare(a.conversionValue, b.conversionValue)),
    ),
  );
  const manifest: Manifest = {
    eventId: EVENT_ID,
    event: { name: '冬の音楽祭 2026', place: '横浜', startsAt: now },
    version: 1,
    issuedAt: now - 60,
    notBefore: now - 60,
    expiresAt: now + 86_400,
    entryCount: entries.length,
    bucketBits,
    buckets: buckets.map(sha256),
    policy: { gates: ['A', 'B'], toleranceS: 600, staleAfterS: 86_400, refuseAfterS: 259_200 },
    eventKeyId: await new Converter(store, 'event').eventKeyId(EVENT_ID),
    ...publication.manifest,
  };
  const encoded = encodeManifest(manifest);
  const hash = sha256(encoded);
  const keyId = sha256(await store.publicKey(publisher));
  const signature = await store.sign(publisher, encoded);
  const path = (name: string) => join(directory, name);
  const files = {
    manifest: path(contentName(hash)),
    signatures: path(signaturesName(hash)),
    bucket: (index: number) => path(contentName(manifest.buckets[index]!)),
  };
  await mkdir(directory, { recursive: true });
  for (const bucket of buckets) await writeFile(path(contentName(sha256(bucket))), bucket);
  await writeFile(files.manifest, encoded);
  await writeFile(files.signatures, encodeSignatures([{ keyId, signature }]));
  await writeFile(path(LATEST_NAME), formatLatest(hash));
  return { manifest, hash, files };
}

export async function publishers(store: KeyStore): Promise<Publishers> {
  return { keys: [await store.publicKey('publisher')], threshold: 1 };
}

/** A directory source that tells what was read of it. */
export function countingSource(directory: string): BundleSource & { readonly reads: string[] } {
  const source = directorySource(directory);
  const reads: string[] = [];
  return {
    name: directory,
    reads,
    read: (file, maxLength) => {
      reads.push(file);
      return source.read(file, maxLength);
    },
  };
}

export const withCode = (code: string) => expect.objectContaining({ code });
