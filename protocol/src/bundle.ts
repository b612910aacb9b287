import { createHash, createPublicKey, verify } from 'node:crypto';
import { ByteReader, compare, concatAll, equal, toHex, utf8 } from './bytes.ts';
import { CborMap, encodeCbor } from './cbor.ts';
import { FormatError, GateError } from './errors.ts';
import { decodePolicy, encodePolicy, type Policy } from './policy.ts';

/** A bundle is a directory or URL prefix of immutable files named by the SHA-256 of their content. */

/** Why a bundle was not applied. Its code says which rule of protocol.md 5 it breaks. */
export class BundleError extends GateError {}

export const MANIFEST_FORMAT = 'pinless-gate/manifest/1';
export const SIGNATURES_FORMAT = 'pinless-gate/signatures/1';
export const LATEST_NAME = 'latest';
const LATEST_PREFIX = 'pinless-gate/latest/1 ';

export const BUCKET_TARGET_LENGTH = 64 * 1024;
/** Bounds on what is read before anything is verified. */
export const MAX_MANIFEST_LENGTH = 64 * 1024 * 1024;
export const MAX_BUCKET_LENGTH = 16 * 1024 * 1024;
export const MAX_SIGNATURES_LENGTH = 64 * 1024;
export const MAX_LATEST_LENGTH = 256;
export const MAX_BUCKET_BITS = 20;
const CONVERSION_VALUE_LENGTH = 16;

/** Times in Unix seconds. */
export interface Manifest {
  readonly eventId: Uint8Array;
  /** What receipts and pages call the event. */
  readonly event: { readonly name: string; readonly place: string; readonly startsAt: number };
  readonly version: number;
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  /** When the holders' certificates were last checked for revocation; absent when they were not. */
  readonly revocationCheckedAt?: number | undefined;
  readonly entryCount: number;
  readonly bucketBits: number;
  /** SHA-256 of each bucket, in the order of the bits that its entries begin with. */
  readonly buckets: readonly Uint8Array[];
  readonly policy: Policy;
  /** SHA-256 of the manifest before this one. */
  readonly previous?: Uint8Array | undefined;
  /** Names the event key without telling anything of it (`eventKeyIdInput`). */
  readonly eventKeyId: Uint8Array;
}

/** A manifest whose hashes are left as they came, one after the other: of millions of entries there are very many. */
export interface PackedManifest extends Omit<Manifest, 'buckets'> {
  readonly hashes: Uint8Array;
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const { event, policy, buckets, ...rest } = manifest;
  return encodeCbor({
    format: MANIFEST_FORMAT,
    ...rest,
    event: { ...event },
    policy: encodePolicy(policy),
    buckets: concatAll(buckets),
  });
}

export function decodeManifest(bytes: Uint8Array): Manifest {
  const { hashes, ...manifest } = decodePackedManifest(bytes);
  const buckets = Array.from({ length: 2 ** manifest.bucketBits }, (_, i) => hashAt(hashes, i));
  return { ...manifest, buckets };
}

/** One of the hashes of a `PackedManifest`; a view. */
export function hashAt(hashes: Uint8Array, bucket: number): Uint8Array {
  return hashes.subarray(32 * bucket, 32 * bucket + 32);
}

export function decodePackedManifest(bytes: Uint8Array): PackedManifest {
  const map = CborMap.decode(bytes, 'manifest');
  const format = map.text('format');
  if (format !== MANIFEST_FORMAT) {
    throw new BundleError('ERR_BUNDLE_FORMAT', `manifest of format "${format}"`);
  }
  const event = map.map('event');
  const hashes = map.bytes('buckets');
  const manifest: PackedManifest = {
    eventId: map.bytes('eventId', 16),
    event: {
      name: event.text('name'),
      place: event.text('place'),
      startsAt: event.uint('startsAt'),
    },
    version: map.uint('version'),
    issuedAt: map.uint('issuedAt'),
    notBefore: map.uint('notBefore'),
    expiresAt: map.uint('expiresAt'),
    revocationCheckedAt: map.uintOrUndefined('revocationCheckedAt'),
    entryCount: map.uint('entryCount'),
    bucketBits: map.uint('bucketBits'),
    hashes,
    policy: decodePolicy(map.map('policy')),
    previous: map.bytesOrUndefined('previous', 32),
    eventKeyId: map.bytes('eventKeyId', 16),
  };
  event.end();
  map.end();
  const { bucketBits } = manifest;
  if (bucketBits > MAX_BUCKET_BITS || hashes.length !== 32 * 2 ** bucketBits) {
    throw new FormatError(
      'ERR_BUNDLE_BUCKETS',
      `${hashes.length} octets for 2^${bucketBits} buckets`,
    );
  }
  if (manifest.version < 1) throw new FormatError('ERR_BUNDLE_VERSION', 'version below 1');
  return manifest;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** The file name of content: lower-case hex of its SHA-256. */
export function contentName(hash: Uint8Array): string {
  return toHex(hash);
}

/** The file name of the signatures over the manifest with this hash. They may grow, so their name is not their hash. */
export function signaturesName(manifestHash: Uint8Array): string {
  return `${toHex(manifestHash)}.signatures`;
}

/** Every name that a file of a bundle has. */
export function isBundleName(name: string): boolean {
  return /^(?:latest|[0-9a-f]{64}(?:\.signatures)?|publishers-[1-9][0-9]{0,5})$/.test(name);
}

/** Its content can never be another. */
export function isContentName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** The small file that names the newest manifest. It is not signed: it can only point at what is. */
export function formatLatest(manifestHash: Uint8Array): Uint8Array {
  return utf8(`${LATEST_PREFIX}${toHex(manifestHash)}\n`);
}

export function parseLatest(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const match = /^pinless-gate\/latest\/1 ([0-9a-f]{64})\n$/.exec(text);
  if (!match) throw new BundleError('ERR_BUNDLE_LATEST', 'the file "latest" names no manifest');
  return new Uint8Array(Buffer.from(match[1]!, 'hex'));
}

export interface ManifestSignature {
  /** SHA-256 of the publisher's SubjectPublicKeyInfo. */
  readonly keyId: Uint8Array;
  /** ECDSA P-256 with SHA-256 over the manifest, plain r‖s. */
  readonly signature: Uint8Array;
}

export function encodeSignatures(signatures: readonly ManifestSignature[]): Uint8Array {
  const sorted = [...signatures].sort((a, b) => compare(a.keyId, b.keyId));
  return encodeCbor({
    format: SIGNATURES_FORMAT,
    signatures: sorted.map(({ keyId, signature }) => ({ keyId, signature })),
  });
}

export function decodeSignatures(bytes: Uint8Array): ManifestSignature[] {
  const map = CborMap.decode(bytes, 'signatures');
  const format = map.text('format');
  if (format !== SIGNATURES_FORMAT) {
    throw new BundleError('ERR_BUNDLE_FORMAT', `signatures of format "${format}"`);
  }
  const signatures = map.array('signatures').map((value) => {
    const member = new CborMap(value, 'signature');
    const decoded = { keyId: member.bytes('keyId', 32), signature: member.bytes('signature', 64) };
    member.end();
    return decoded;
  });
  map.end();
  if (signatures.some(({ keyId }, i) => i > 0 && compare(signatures[i - 1]!.keyId, keyId) > 0)) {
    throw new BundleError('ERR_BUNDLE_ORDER', 'signatures out of order');
  }
  return signatures;
}

/** Who may publish: SubjectPublicKeyInfo (DER, P-256) of each publisher, and how many of them must sign. */
export interface Publishers {
  readonly keys: readonly Uint8Array[];
  readonly threshold: number;
}

/** Throws `ERR_BUNDLE_SIGNATURE` unless enough different publishers signed these very octets. */
export function verifyManifestSignatures(
  manifest: Uint8Array,
  signatures: readonly ManifestSignature[],
  { keys, threshold }: Publishers,
): void {
  // One publisher listed twice is still one.
  const different = keys.filter((spki, i) => !keys.slice(0, i).some((other) => equal(other, spki)));
  if (threshold < 1 || threshold > different.length) {
    throw new RangeError(`threshold ${threshold} of ${different.length} publishers`);
  }
  const good = different.filter((spki) => {
    const keyId = sha256(spki);
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return signatures.some(
      (one) =>
        equal(one.keyId, keyId) &&
        verify('sha256', manifest, { key, dsaEncoding: 'ieee-p1363' }, one.signature),
    );
  });
  if (good.length < threshold) {
    throw new BundleError(
      'ERR_BUNDLE_SIGNATURE',
      `${good.length} good publisher signatures, ${threshold} required`,
    );
  }
}

export interface BucketEntry {
  readonly conversionValue: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Which bucket an entry belongs to: the first bits of its conversion value, as a number. */
export function bucketOf(conversionValue: Uint8Array, bucketBits: number): number {
  const first = (conversionValue[0]! << 16) | (conversionValue[1]! << 8) | conversionValue[2]!;
  return first >>> (24 - bucketBits);
}

/** Entries must come sorted by conversion value, none twice. */
export function encodeBucket(entries: readonly BucketEntry[]): Uint8Array {
  let length = 0;
  for (const { sealed } of entries) {
    if (sealed.length > 0xffff) throw new RangeError(`sealed record of ${sealed.length} octets`);
    length += CONVERSION_VALUE_LENGTH + 2 + sealed.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { conversionValue, sealed } of entries) {
    bytes.set(conversionValue, at);
    at += CONVERSION_VALUE_LENGTH;
    bytes[at++] = sealed.length >> 8;
    bytes[at++] = sealed.length & 0xff;
    bytes.set(sealed, at);
    at += sealed.length;
  }
  return bytes;
}

/** Values are views. Order, uniqueness and the bucket's own bits are checked. */
export function decodeBucket(bytes: Uint8Array, bucket: number, bucketBits: number): BucketEntry[] {
  const reader = new ByteReader(bytes);
  const entries: BucketEntry[] = [];
  let last: Uint8Array | undefined;
  while (reader.remaining > 0) {
    const conversionValue = reader.take(CONVERSION_VALUE_LENGTH, 'conversion value');
    if (last && compare(last, conversionValue) >= 0) {
      throw new BundleError('ERR_BUNDLE_ORDER', `bucket ${bucket}: entries out of order`);
    }
    if (bucketOf(conversionValue, bucketBits) !== bucket) {
      throw new BundleError('ERR_BUNDLE_ORDER', `bucket ${bucket}: entry of another bucket`);
    }
    const sealed = reader.take(reader.uint16('sealed length'), 'sealed record');
    entries.push({ conversionValue, sealed });
    last = conversionValue;
  }
  return entries;
}

/** How people compare a list: event, version, count, age and these six characters. */
export interface Passport {
  readonly eventId: Uint8Array;
  readonly eventName: string;
  readonly version: number;
  readonly entries: number;
  readonly issuedAt: number;
  readonly fingerprint: string;
}

export function passportOf(
  manifest: Omit<Manifest, 'buckets'>,
  manifestHash: Uint8Array,
): Passport {
  return {
    eventId: manifest.eventId,
    eventName: manifest.event.name,
    version: manifest.version,
    entries: manifest.entryCount,
    issuedAt: manifest.issuedAt,
    fingerprint: fingerprint(manifestHash),
  };
}

/** Letters and digits that nobody mistakes for one another, 32 of them. */
const FINGERPRINT_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Six characters: the first 30 bits of the manifest's hash. */
export function fingerprint(manifestHash: Uint8Array): string {
  let bits = 0n;
  for (const octet of manifestHash.subarray(0, 4)) bits = (bits << 8n) | BigInt(octet);
  bits >>= 2n;
  let text = '';
  for (let i = 0; i < 6; i++) {
    text = FINGERPRINT_ALPHABET[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return text;
}

/** `K7F-2QD`, as people read it aloud. */
export function formatFingerprint(text: string): string {
  return `${text.slice(0, 3)}-${text.slice(3)}`;
}
