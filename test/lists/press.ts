import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BucketEntry,
  bucketOf,
  contentName,
  encodeBucket,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type Publishers,
  sha256,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { compare } from '@pinless-gate/protocol/bytes';

const DAY_S = 86_400;

/** What a gate must expect to take the lists of a `Press`; crosses to other processes. */
export interface Trust {
  readonly eventId: Uint8Array;
  readonly eventKeyId: Uint8Array;
  readonly publishers: Publishers;
}

export interface Printed {
  readonly version: number;
  readonly entries: readonly BucketEntry[];
  readonly bucketBits: number;
}

/** Lists whose records nobody can open, signed with a key of the press's own. */
export class Press {
  readonly trust: Trust;
  readonly #key: KeyObject;
  readonly #keyId: Uint8Array;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
    this.#key = privateKey;
    this.#keyId = sha256(spki);
    this.trust = {
      eventId: randomBytes(16),
      eventKeyId: randomBytes(16),
      publishers: { keys: [spki], threshold: 1 },
    };
  }

  /**
   * Makes it the newest of a directory, and returns its manifest's hash. Not durable: who serves lists uses
   * `whitelist publish`.
   */
  print(directory: string, { version, entries, bucketBits }: Printed): Uint8Array {
    mkdirSync(directory, { recursive: true });
    const put = (name: string, octets: Uint8Array) => {
      const path = join(directory, name);
      if (!existsSync(path)) writeFileSync(path, octets);
    };
    const { eventId, eventKeyId } = this.trust;
    const now = Math.floor(Date.now() / 1000);
    const buckets = bucketsOf(entries, bucketBits).map(encodeBucket);
    for (const bucket of buckets) put(contentName(sha256(bucket)), bucket);
    const manifest = encodeManifest({
      eventId,
      event: { name: 'lists', place: 'lists', startsAt: now },
      version,
      issuedAt: now,
      notBefore: now,
      expiresAt: now + DAY_S,
      entryCount: entries.length,
      bucketBits,
      buckets: buckets.map(sha256),
      policy: { gates: ['A'], toleranceS: 600, staleAfterS: DAY_S, refuseAfterS: DAY_S },
      eventKeyId,
    });
    const hash = sha256(manifest);
    const signature = sign('sha256', manifest, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    put(contentName(hash), manifest);
    put(signaturesName(hash), encodeSignatures([{ keyId: this.#keyId, signature }]));
    writeFileSync(join(directory, LATEST_NAME), formatLatest(hash));
    return hash;
  }
}

/** Sorted, spread over all buckets. Every record is `length` octets long and begins with the mark. */
export function markedEntries(count: number, mark: number, length = 40): BucketEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    conversionValue: createHash('sha256').update(`${i}`).digest().subarray(0, 16),
    sealed: marked(mark, length),
  })).sort((a, b) => compare(a.conversionValue, b.conversionValue));
}

function marked(mark: number, length: number): Uint8Array {
  const sealed = new Uint8Array(length);
  new DataView(sealed.buffer).setUint32(0, mark);
  return sealed;
}

/** The mark that a record begins with. */
export function markOf(sealed: Uint8Array): number {
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
}

function bucketsOf(entries: readonly BucketEntry[], bits: number): BucketEntry[][] {
  const buckets = Array.from({ length: 2 ** bits }, (): BucketEntry[] => []);
  for (const entry of entries) buckets[bucketOf(entry.conversionValue, bits)]!.push(entry);
  return buckets;
}
