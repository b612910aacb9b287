import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentName, type Publishers } from '@pinless-gate/protocol/bundle';
import { isUnfinished, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import type { Expectations } from './expectations.ts';
import type { BundleSource } from './source.ts';
import { stageBundle } from './stage.ts';
import { type OpenOptions, Whitelist } from './store.ts';

const CURRENT_FILE = 'current';
/** A list, or one that was never finished. */
const LIST_DIRECTORY = /^[0-9a-f]{64}(?:\.building)?$/;

/** Applies what a source has; undefined where the present list is that already. */
export type ApplyList = (
  expected: Expectations,
  present: Whitelist | undefined,
) => Promise<Whitelist | undefined>;

/**
 * Fetches the newest bundle and builds the gate's own copy beside the present one, in this process; a gate that
 * serves has it done in another (`apply-isolated.ts`).
 */
export async function applyBundle(
  source: BundleSource,
  directory: string,
  expected: Expectations,
  present: Whitelist | undefined,
  options: OpenOptions = {},
): Promise<Whitelist | undefined> {
  const whole = present?.damage ? undefined : present;
  const target = await stageBundle(source, directory, expected, whole);
  return target === undefined ? undefined : Whitelist.open(target, expected.publishers, options);
}

/** Makes the list the one that the gate starts with, and drops lists older than the one before it. */
export async function makeCurrent(directory: string, list: Whitelist): Promise<void> {
  const name = contentName(list.hash);
  const before = await readCurrent(directory);
  await writeFileDurably(join(directory, CURRENT_FILE), `${name}\n`);
  const keep = new Set([name, before ?? name]);
  for (const entry of await readdir(directory)) {
    const isOld = LIST_DIRECTORY.test(entry) && !keep.has(entry);
    if (isOld || isUnfinished(entry))
      await rm(join(directory, entry), { recursive: true, force: true });
  }
}

/** The list that was current when the gate stopped; undefined when there was none. */
export async function openCurrent(
  directory: string,
  publishers: Publishers,
  options: OpenOptions = {},
): Promise<Whitelist | undefined> {
  await mkdir(directory, { recursive: true });
  const name = await readCurrent(directory);
  if (name === undefined) return undefined;
  return Whitelist.open(join(directory, name), publishers, options);
}

async function readCurrent(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, CURRENT_FILE), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  const name = text?.trim();
  return name !== undefined && /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}
