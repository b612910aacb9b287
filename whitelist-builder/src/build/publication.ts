import { join } from 'node:path';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  BundleError,
  contentName,
  encodeManifest,
  encodeSignatures,
  formatLatest,
  LATEST_NAME,
  type Manifest,
  sha256,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { replaceFile, syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import type { ManifestFile } from '../bundle/directory.ts';
import { readVerifiedManifest } from '../bundle/verify.ts';

/** The publisher's key: its label in the HSM, and its SubjectPublicKeyInfo. */
export interface Publisher {
  readonly label: string;
  readonly publicKey: Uint8Array;
}

/** The bundle that the next one follows. It must be ours: its version decides the next one. */
export async function readPrevious(
  directory: string,
  eventId: Uint8Array,
  { publicKey }: Publisher,
): Promise<ManifestFile | undefined> {
  try {
    return await readVerifiedManifest(directory, {
      publishers: { keys: [publicKey], threshold: 1 },
      eventId,
    });
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    if (cause.code === 'ERR_BUNDLE_LATEST_MISSING') return undefined;
    throw new BundleError(
      cause.code,
      `${directory}: the bundle before this one: ${cause.message}`,
      {
        cause,
        hint: 'build into another directory, with --version above the last one published',
      },
    );
  }
}

/** One more than the last, or `wanted` where that is higher still. */
export function nextVersion(
  wanted: number | undefined,
  previous: ManifestFile | undefined,
): number {
  const last = previous?.manifest.version ?? 0;
  if (wanted !== undefined && wanted <= last) {
    throw new BundleError(
      'ERR_BUNDLE_VERSION',
      `version ${wanted} does not follow version ${last}`,
    );
  }
  return wanted ?? last + 1;
}

/** A manifest with its publisher's signature, which has been verified. */
export interface SignedManifest extends ManifestFile {
  readonly signatures: Uint8Array;
}

export async function signManifest(
  keys: KeyStore,
  { label, publicKey }: Publisher,
  manifest: Manifest,
): Promise<SignedManifest> {
  const bytes = encodeManifest(manifest);
  const signatures = [{ keyId: sha256(publicKey), signature: await keys.sign(label, bytes) }];
  verifyManifestSignatures(bytes, signatures, { keys: [publicKey], threshold: 1 });
  return { hash: sha256(bytes), bytes, manifest, signatures: encodeSignatures(signatures) };
}

/** Makes it the newest, durably, with what else is new in the directory. Its buckets must be there already. */
export async function publishManifest(directory: string, signed: SignedManifest): Promise<void> {
  const { hash, bytes, signatures } = signed;
  await Promise.all([
    replaceFile(join(directory, signaturesName(hash)), signatures),
    replaceFile(join(directory, contentName(hash)), bytes),
  ]);
  await syncDirectory(directory);
  await writeFileDurably(join(directory, LATEST_NAME), formatLatest(hash));
}
