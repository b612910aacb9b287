import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { verifyBundle } from '@pinless-gate/whitelist-builder/bundle/verify';
import { Random } from '../fuzz/random.ts';
import { runAndKill } from './kill.ts';
import { markedEntries, Press } from './press.ts';

const ENTRIES = 400;
const BUCKET_BITS = 3;
const AHEAD = 40;
const LONGEST_MS = 200;

export interface PublishKillReport {
  readonly kills: number;
  /** Versions published by processes that were killed. */
  readonly published: number;
  /** Kills that left files behind which nothing names. */
  readonly unfinished: number;
}

/**
 * Kills publications into one directory at random moments. Throws where what is served then is not a whole list, the
 * old one or the new one.
 */
export async function killPublications(
  root: string,
  { times, seed }: { times: number; seed: number },
): Promise<PublishKillReport> {
  const random = new Random(seed);
  const press = new Press();
  const { trust } = press;
  const served = join(root, 'served');
  const report = { kills: 0, published: 0, unfinished: 0 };
  let printed = 0;
  let version = 0;
  for (; report.kills < times; report.kills++) {
    while (printed < version + AHEAD) {
      const entries = markedEntries(ENTRIES, ++printed);
      const content = { version: printed, entries, bucketBits: BUCKET_BITS };
      press.print(join(root, 'bundles', String(printed)), content);
    }
    const afterMs = random.below(LONGEST_MS);
    const start = { root, trust, first: version + 1, last: printed };
    const entry = new URL('./publish-loop.js', import.meta.url);
    const told = Math.max(version, await runAndKill(entry, start, afterMs));
    if (told === 0) continue; // killed before there was anything to serve
    const { manifest } = await verifyBundle(served, trust);
    if (manifest.version < told || manifest.version > told + 1) {
      throw new Error(
        `killed after ${afterMs} ms at version ${told}: ${manifest.version} is served`,
      );
    }
    if (readdirSync(served).some((name) => name.startsWith('.'))) report.unfinished++;
    report.published += manifest.version - version;
    version = manifest.version;
  }
  return report;
}
