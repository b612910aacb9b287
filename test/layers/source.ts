import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** One file of a room. `path` is relative to the repository, with `/`. */
export interface Source {
  readonly room: string;
  readonly path: string;
  /** What it imports, as written; `import type` and `import()` count. */
  readonly imports: readonly string[];
  /** The text with comments and the contents of strings blanked. */
  readonly code: string;
}

const TOKENS =
  /(\/\*[\s\S]*?\*\/|\/\/[^\n]*)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)/g;
const SPECIFIERS =
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"\n]+)['"]|^\s*import\s*['"]([^'"\n]+)['"]|(?<![.#\w])(?:import|require)\s*\(\s*['"]([^'"\n]+)['"]/gm;

export function parseSource(room: string, path: string, text: string): Source {
  const uncommented = text.replace(TOKENS, (_, comment, string) => (comment ? ' ' : string));
  const imports = [...uncommented.matchAll(SPECIFIERS)].map(
    ([, from, bare, called]) => (from ?? bare ?? called)!,
  );
  const code = text.replace(TOKENS, (_, comment, string: string) =>
    // A template's expressions are code: only plain strings are blanked.
    comment ? ' ' : string.startsWith('`') ? string : "''",
  );
  return { room, path, imports, code };
}

export function readSources(root: string, room: string): Source[] {
  const folder = join(root, room, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = posix.join(room, 'src', name.replaceAll('\\', '/'));
      return parseSource(room, path, readFileSync(join(root, path), 'utf8'));
    });
}

/** `@hono/node-server/serve` is of package `@hono/node-server`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file that a relative import names; undefined for packages. */
export function resolveImport(from: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from.path), specifier);
}
