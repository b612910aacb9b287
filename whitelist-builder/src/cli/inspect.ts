import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  contentName,
  fingerprint,
  formatFingerprint,
  type Manifest,
} from '@pinless-gate/protocol/bundle';
import { toHex } from '@pinless-gate/protocol/bytes';
import { ruleSentences, type SentenceLanguage } from '@pinless-gate/protocol/rule-sentences';
import { type Command, EXIT_OK } from '@pinless-gate/runtime/program';
import {
  type ManifestFile,
  readLatestManifest,
  readSignatures,
  sizeOf,
} from '../bundle/directory.ts';
import { bundleArgument } from './options.ts';
import { isoTime, sentenceLanguage } from './passport.ts';

/** `whitelist inspect`: the manifest for reading. Needs no key, so it proves nothing. */
export const inspectCommand: Command = async (argv, io) => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      language: { type: 'string', default: 'en' },
    },
  });
  const language = sentenceLanguage(values.language);
  const directory = bundleArgument(positionals);
  const inspected = await inspect(directory, await readLatestManifest(directory), language);
  if (values.json) io.out(JSON.stringify(inspected));
  else for (const line of format(inspected)) io.out(line);
  return EXIT_OK;
};

async function inspect(
  directory: string,
  { manifest, hash, bytes }: ManifestFile,
  language: SentenceLanguage,
) {
  const signatures = await readSignatures(directory, hash);
  const { eventId, event, policy } = manifest;
  return {
    eventId: toHex(eventId),
    event: { ...event, startsAt: isoTime(event.startsAt) },
    version: manifest.version,
    fingerprint: fingerprint(hash),
    issuedAt: isoTime(manifest.issuedAt),
    notBefore: isoTime(manifest.notBefore),
    expiresAt: isoTime(manifest.expiresAt),
    revocationCheckedAt:
      manifest.revocationCheckedAt === undefined ? null : isoTime(manifest.revocationCheckedAt),
    entries: manifest.entryCount,
    manifest: { name: contentName(hash), octets: bytes.length },
    previous: manifest.previous ? contentName(manifest.previous) : null,
    eventKeyId: toHex(manifest.eventKeyId),
    signers: signatures.map(({ keyId }) => toHex(keyId)),
    policy,
    rules: ruleSentences(policy, language),
    buckets: { bits: manifest.bucketBits, ...(await bucketSizes(directory, manifest)) },
  };
}

/** Octets; `missing` counts the buckets that are not in the directory. */
async function bucketSizes(directory: string, { buckets }: Manifest) {
  let missing = 0;
  let total = 0;
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const hash of buckets) {
    const size = await sizeOf(join(directory, contentName(hash)));
    if (size === undefined) {
      missing++;
      continue;
    }
    total += size;
    largest = Math.max(largest, size);
    smallest = Math.min(smallest, size);
  }
  const present = buckets.length - missing;
  return { count: buckets.length, missing, total, smallest: present > 0 ? smallest : 0, largest };
}

function format(inspected: Awaited<ReturnType<typeof inspect>>): string[] {
  const { event, buckets } = inspected;
  const rows: [string, string][] = [
    ['event', `${event.name}, ${event.place}, ${event.startsAt}`],
    ['event id', inspected.eventId],
    ['version', String(inspected.version)],
    ['fingerprint', formatFingerprint(inspected.fingerprint)],
    ['issued', inspected.issuedAt],
    ['not before', inspected.notBefore],
    ['expires', inspected.expiresAt],
    ['revocation', inspected.revocationCheckedAt ?? 'not checked'],
    ['entries', inspected.entries.toLocaleString('en')],
    ['manifest', `${inspected.manifest.name}, ${inspected.manifest.octets} octets`],
    ['previous', inspected.previous ?? 'none'],
    ['event key', inspected.eventKeyId],
    ...inspected.signers.map((keyId): [string, string] => ['signed by', keyId]),
    [
      'buckets',
      `${buckets.count} (${buckets.missing} missing), ${buckets.total} octets, ${buckets.smallest} to ${buckets.largest} each`,
    ],
    ...inspected.rules.map((sentence): [string, string] => ['rule', sentence]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}`);
}
