import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BundleError,
  contentName,
  isContentName,
  type Manifest,
  signaturesName,
} from '@pinless-gate/protocol/bundle';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { isUnfinished } from '@pinless-gate/runtime/durable-file';
import { type ManifestFile, readManifest } from './directory.ts';

const SIGNATURES = '.signatures';

/**
 * Removes what none of the newest lists of a directory needs, and what a publication left behind that was killed.
 * Returns how many files went. What `latest` needs stays whatever is asked for; so do sets of publishers.
 */
export async function dropOld(
  directory: string,
  latest: ManifestFile,
  keep: number | undefined,
): Promise<number> {
  const names = await readdir(directory);
  const unfinished = names.filter(isUnfinished);
  for (const name of unfinished) await rm(join(directory, name), { force: true });
  if (keep === undefined) return unfinished.length;
  const needed = new Set(namesOf(latest));
  for (const list of (await olderLists(directory, names, latest)).slice(0, keep - 1)) {
    for (const name of namesOf(list)) needed.add(name);
  }
  const old = names.filter((name) => isListFile(name) && !needed.has(name));
  for (const name of old) await rm(join(directory, name), { force: true });
  return unfinished.length + old.length;
}

/** Newest first. By version, not by `previous`: not every list that was built was published here. */
async function olderLists(
  directory: string,
  names: readonly string[],
  { manifest }: ManifestFile,
): Promise<ManifestFile[]> {
  const lists: ManifestFile[] = [];
  for (const name of names) {
    if (!isListFile(name) || !name.endsWith(SIGNATURES)) continue;
    const list = await readIfWhole(directory, fromHex(name.slice(0, -SIGNATURES.length)));
    if (list && list.manifest.version < manifest.version) lists.push(list);
  }
  return lists.sort((a, b) => b.manifest.version - a.manifest.version);
}

async function readIfWhole(directory: string, hash: Uint8Array): Promise<ManifestFile | undefined> {
  try {
    return await readManifest(directory, hash);
  } catch (error) {
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

function namesOf({ hash, manifest }: { hash: Uint8Array; manifest: Manifest }): string[] {
  return [contentName(hash), signaturesName(hash), ...manifest.buckets.map(contentName)];
}

function isListFile(name: string): boolean {
  return isContentName(name.endsWith(SIGNATURES) ? name.slice(0, -SIGNATURES.length) : name);
}
