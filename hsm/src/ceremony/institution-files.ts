import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readConfig, resolveFrom } from '@pinless-gate/runtime/config';
import { syncDirectory, writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { readInputFile } from '@pinless-gate/runtime/input-file';
import { z } from 'zod';
import { HsmError } from '../key-store.ts';
import type { CvcLayout } from './institution-request.ts';

/** Far beyond any CV certificate. */
const MAX_LENGTH = 64 * 1024;
/** Where the certificates of a layout lie beside the configuration, and what the files are called. */
export const CVC_DIRECTORY = 'cvc';
const NAMES: Readonly<Record<CvcLayout, { readonly last: string; readonly above: string }>> = {
  jpki: { last: 'institution.cvc', above: 'intermediate.cvc' },
  tr03110: { last: 'terminal.cvcert', above: 'dv.cvcert' },
};

/**
 * Writes the chain to a directory of its own and turns the link `cvc/LAYOUT` to it: whoever reads sees the old
 * chain or the new one, never parts of both. Returns the files, in the order in which a card is given them.
 */
export async function storeInstitutionChain(
  base: string,
  layout: CvcLayout,
  chain: readonly Uint8Array[],
): Promise<string[]> {
  const directory = `${layout}-${digestOf(chain).slice(0, 16)}`;
  await mkdir(join(base, directory), { recursive: true });
  const names = fileNames(layout, chain.length);
  for (const [i, encoded] of chain.entries()) {
    await writeFileDurably(join(base, directory, names[i]!), encoded);
  }
  const beside = join(base, `.${layout}.${randomBytes(6).toString('hex')}`);
  await symlink(directory, beside);
  await rename(beside, join(base, layout)).catch(async (cause: NodeJS.ErrnoException) => {
    await unlink(beside);
    const message = `${join(base, layout)} is in the way (${cause.code})`;
    throw new HsmError('ERR_INSTITUTION_FILES', message, { cause, hint: 'move it aside' });
  });
  await syncDirectory(base);
  return names.map((name) => join(base, layout, name));
}

function fileNames(layout: CvcLayout, count: number): string[] {
  const { last, above } = NAMES[layout];
  if (count <= 2) return [above, last].slice(2 - count);
  const [name, extension] = above.split('.');
  const before = Array.from({ length: count - 1 }, (_, i) => `${name}-${i + 1}.${extension}`);
  return [...before, last];
}

export function digestOf(chain: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const encoded of chain) hash.update(createHash('sha256').update(encoded).digest());
  return hash.digest('hex');
}

export interface InstalledChain {
  readonly layout: CvcLayout;
  /** In the order in which a card is given them. */
  readonly chain: readonly Uint8Array[];
  /** A file that the configuration names and that cannot be read. */
  readonly unreadable?: string;
}

const path = z.array(z.string());
const table = z.looseObject({ certificates: path });
const configSchema = z.looseObject({
  keys: z.looseObject({ institution: z.string().optional() }).optional(),
  card: z.looseObject({ jpki: table.optional(), iso: table.optional() }).optional(),
});

/** The CV certificates that a configuration names, or those that lie beside it; and the label of their key. */
export async function readInstalledChains(
  configPath: string,
): Promise<{ readonly label: string | undefined; readonly chains: readonly InstalledChain[] }> {
  const { card, keys } = await readConfig(configPath, configSchema);
  const chains: InstalledChain[] = [];
  for (const [layout, named] of [
    ['jpki', card?.jpki],
    ['tr03110', card?.iso],
  ] as const) {
    const paths = card
      ? (named?.certificates ?? []).map((file) => resolveFrom(configPath, file))
      : await beside(join(dirname(configPath), CVC_DIRECTORY, layout), layout);
    chains.push(...(await readChain(layout, paths)));
  }
  return { label: keys?.institution, chains };
}

/** None where no file is named. */
async function readChain(layout: CvcLayout, paths: readonly string[]): Promise<InstalledChain[]> {
  const files = await Promise.all(paths.map((file) => readInputFile(file, MAX_LENGTH)));
  const chain = files.flatMap((file) => ('bytes' in file ? [file.bytes] : []));
  const unreadable = paths[files.findIndex((file) => 'reason' in file)];
  if (unreadable !== undefined) return [{ layout, chain, unreadable }];
  return chain.length === 0 ? [] : [{ layout, chain }];
}

async function beside(directory: string, layout: CvcLayout): Promise<string[]> {
  try {
    const count = (await readdir(directory)).filter((name) => !name.startsWith('.')).length;
    return fileNames(layout, count).map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
