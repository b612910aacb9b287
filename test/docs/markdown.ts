import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** One document. `path` is relative to the repository, with `/`. */
export interface Document {
  readonly path: string;
  /** Outside of fenced blocks. */
  readonly prose: string;
  /** Lines of fenced blocks. */
  readonly code: readonly string[];
}

const FOLDERS = ['.', 'docs', 'docs/decisions', 'bench'];

/** Every document of the repository. */
export function readDocuments(root: string): Document[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => {
        const path = posix.join(folder, name);
        return parseDocument(path, readFileSync(join(root, path), 'utf8'));
      }),
  );
}

export function parseDocument(path: string, text: string): Document {
  const prose: string[] = [];
  const code: string[] = [];
  let fenced = false;
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    else if (fenced) code.push(line.trim());
    else prose.push(line);
  }
  return { path, prose: prose.join('\n'), code };
}

/** Targets of links, as written; none to other hosts. */
export function linksOf({ prose }: Document): string[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^(?:https?|mailto):/.test(target));
}

/** What a link may name after `#`, as hosts make it of headings. */
export function anchorsOf({ prose }: Document): string[] {
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** Files and folders of ours that are named in `code` marks. */
export function pathsOf({ prose }: Document, rooms: readonly string[]): string[] {
  return [...prose.matchAll(/`([^`\s]+)`/g)]
    .map(([, text]) => text!)
    .filter((text) => rooms.includes(text.split('/')[0]!) && /^[\w./-]+$/.test(text))
    .filter((text) => /\/$|\/[^/]+\.\w+$/.test(text) && !text.includes('/dist/'));
}

/** Cells of the rows of the table below a heading, without its first two lines. */
export function tableBelow({ prose }: Document, firstCell: string): string[][] {
  const lines = prose.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstCell} |`));
  if (start < 0) throw new RangeError(`no table that begins with ${firstCell}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
