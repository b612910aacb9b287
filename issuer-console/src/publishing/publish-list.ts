import { join } from 'node:path';
import type { KeyStore } from '@pinless-gate/hsm/key-store';
import {
  BundleError,
  decodeSignatures,
  encodeSignatures,
  type ManifestSignature,
  passportOf,
  signaturesName,
  verifyManifestSignatures,
} from '@pinless-gate/protocol/bundle';
import { equal, toHex } from '@pinless-gate/protocol/bytes';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import {
  type ManifestFile,
  readLatestManifest,
  readSignatures,
} from '@pinless-gate/whitelist-builder/bundle/directory';
import { publishBundle } from '@pinless-gate/whitelist-builder/bundle/publish';
import type { EventPlan } from '@pinless-gate/whitelist-builder/event-file';
import type { BuiltList } from '../domain/list-publication.ts';
import type { PublishPlan } from './config.ts';
import { type PublishCall, type SignCall, signatoriesOf } from './list-builder.ts';

/** Where lists are built. */
export const stagingOf = ({ work }: PublishPlan) => join(work, 'list');

export function builtListOf(
  { manifest, hash }: Pick<ManifestFile, 'manifest' | 'hash'>,
  signatures: readonly ManifestSignature[],
): BuiltList {
  const { version, fingerprint, entries, issuedAt } = passportOf(manifest, hash);
  return {
    ...{ version, fingerprint, entries },
    hash: toHex(hash),
    issuedAt: issuedAt * 1000,
    expiresAt: manifest.expiresAt * 1000,
    signers: signatures.map(({ keyId }) => toHex(keyId)),
  };
}

/** Makes the list that was reviewed the newest that gates read. */
export async function publishList(
  { plan, hash }: PublishCall,
  { eventId, keys: labels }: EventPlan,
  keys: KeyStore,
): Promise<BuiltList> {
  await staged(plan, hash);
  const publishers = signatoriesOf(plan, await keys.publicKey(labels.publisher));
  const published = await publishBundle({
    from: stagingOf(plan),
    to: plan.to,
    expectations: { publishers, eventId },
    sets: [],
    keep: plan.keep,
    now: Math.floor(Date.now() / 1000),
    signal: new AbortController().signal,
    progress: () => {},
  });
  return builtListOf(published, await readSignatures(plan.to, published.hash));
}

/** Adds what other publishers signed, to the list that waits. */
export async function signList(
  { plan, hash, signatures: given }: SignCall,
  { keys: labels }: EventPlan,
  keys: KeyStore,
): Promise<BuiltList> {
  const list = await staged(plan, hash);
  const { keys: known } = signatoriesOf(plan, await keys.publicKey(labels.publisher));
  const there = await readSignatures(stagingOf(plan), list.hash);
  const fresh = decodeSignatures(given).filter(
    ({ keyId }) => !there.some((one) => equal(one.keyId, keyId)),
  );
  for (const one of fresh)
    verifyManifestSignatures(list.bytes, [one], { keys: known, threshold: 1 });
  const all = [...there, ...fresh];
  await writeFileDurably(join(stagingOf(plan), signaturesName(list.hash)), encodeSignatures(all));
  return builtListOf(list, all);
}

async function staged(plan: PublishPlan, hash: string): Promise<ManifestFile> {
  const latest = await readLatestManifest(stagingOf(plan));
  if (toHex(latest.hash) === hash) return latest;
  throw new BundleError(
    'ERR_PUBLICATION_SUPERSEDED',
    'the list that was looked at is not the last one that was built',
  );
}
