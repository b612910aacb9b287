import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeMaterial } from '@pinless-gate/test/sandbox/demo/material';
import { run } from '@pinless-gate/test/sandbox/demo/program';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where each file of tests keeps its copy. */
    readonly venues: string;
  }
}

/** Tokens, J-LIS and cards take seconds to make: they are kept from run to run, the rest is of this run. */
const PREPARED = fileURLToPath(new URL('../../../.run/e2e/gate', import.meta.url));
const NO_PORTS = {
  printer: 1,
  turnstile: 'http://127.0.0.1:1/',
  console: 1,
  display: 1,
  kazashiDisplay: 1,
};

/** Before the first file, once: keys, cards and a list of 1,000 entries, as the demo has them. */
export default async function prepare({ provide }: TestProject): Promise<() => Promise<void>> {
  const { directory } = await makeMaterial(PREPARED, NO_PORTS);
  const build = ['build', '--feed', 'purchases.ndjson', '--event', 'event.toml', '--out', 'bundle'];
  await run('whitelist', build, directory);
  const venues = await mkdtemp(join(tmpdir(), 'venues-'));
  provide('venues', venues);
  return () => rm(venues, { recursive: true });
}

/** All of it for one file of tests alone, which may spoil it: files run side by side. */
export async function copyPrepared(venues: string): Promise<string> {
  const copy = await mkdtemp(join(venues, 'venue-'));
  await cp(PREPARED, copy, { recursive: true });
  const configurations = await readdir(copy, { recursive: true });
  for (const name of configurations.filter((one) => one.endsWith('softhsm2.conf'))) {
    const text = await readFile(join(copy, name), 'utf8');
    // SoftHSM knows where its tokens lie by the whole path.
    await writeFile(join(copy, name), text.replaceAll(PREPARED, copy));
  }
  return copy;
}
