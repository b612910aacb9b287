import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ConfigError } from '@pinless-gate/runtime/config';

/** Directories of one `[[publish]]`; absolute. */
export interface Places {
  readonly work: string;
  readonly feed: string;
  readonly to: string;
}

const NAMES = ['to', 'work', 'feed'] as const;
/** Whose content is one event's, and may be removed. */
const OWN = ['work', 'feed'] as const;
type Name = (typeof NAMES)[number];

/**
 * Nothing of one event lies where another's is built or exported, and no two have one directory for gates. Throws
 * `ERR_CONFIG_KEY`.
 */
export async function requireApart(configPath: string, all: readonly Places[]): Promise<void> {
  const real = await Promise.all(all.map(realPlaces));
  for (const [i, one] of real.entries()) {
    for (const [j, other] of real.slice(0, i).entries()) {
      const name = clashOf(one, other);
      if (name === undefined) continue;
      const key = name === 'to' ? 'bundle' : name;
      throw new ConfigError(
        'ERR_CONFIG_KEY',
        `${configPath}: publish.${i}.${key}: ${all[i]![name]} is a directory of publish.${j} too`,
        { hint: 'each [[publish]] has its own bundle, work and feed; one may leave bundle out' },
      );
    }
  }
}

function clashOf(one: Places, other: Places): Name | undefined {
  if (one.to === other.to) return 'to';
  return (
    NAMES.find((name) => OWN.some((own) => isWithin(one[name], other[own]))) ??
    OWN.find((own) => NAMES.some((name) => isWithin(other[name], one[own])))
  );
}

const isWithin = (path: string, directory: string) =>
  path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);

async function realPlaces({ to, work, feed }: Places): Promise<Places> {
  const [realTo, realWork, realFeed] = await Promise.all([to, work, feed].map(realPath));
  return { to: realTo!, work: realWork!, feed: realFeed! };
}

/** Two names may lead to one directory; what is not there yet is named from what is. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).syscall === undefined || parent === path) throw error;
    return join(await realPath(parent), basename(path));
  }
}
