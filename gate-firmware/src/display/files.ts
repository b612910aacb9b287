import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Static files lie with the sources, whether these modules run from `src/` or from `dist/`. */
const ASSETS = new URL('../../src/display/assets/', import.meta.url);
const FONT = new URL('./', import.meta.resolve('@fontsource-variable/noto-sans-jp/index.css'));
const TOKENS = new URL(import.meta.resolve('@digital-go-jp/design-tokens/dist/tokens.css'));

export interface StaticFile {
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

const CSS = 'text/css; charset=utf-8';
const NAMED: Readonly<Record<string, { readonly url: URL; readonly type: string }>> = {
  'tokens.css': { url: TOKENS, type: CSS },
  'font.css': { url: new URL('index.css', FONT), type: CSS },
  ...ours('css', CSS, ['display', 'touch', 'result', 'notice', 'seat', 'languages']),
  ...ours('js', 'text/javascript; charset=utf-8', ['display', 'sound', 'languages']),
};

function ours(extension: string, type: string, names: readonly string[]) {
  const files = names.map((name) => `${name}.${extension}`);
  return Object.fromEntries(files.map((file) => [file, { url: new URL(file, ASSETS), type }]));
}

const FONT_FILE = /^[0-9a-z-]+\.woff2$/;

/** A file of the page by its name; undefined for a name that is not one of them. */
export async function staticFile(name: string): Promise<StaticFile | undefined> {
  const file = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  return file && { type: file.type, content: await read(file.url) };
}

/** One of the slices that the font's style sheet names. */
export async function fontFile(name: string): Promise<StaticFile | undefined> {
  if (!FONT_FILE.test(name)) return undefined;
  try {
    return { type: 'font/woff2', content: await read(new URL(`files/${name}`, FONT)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(fileURLToPath(url)));
}
