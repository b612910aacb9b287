import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { NOT_FOUND, ProblemError } from './problem.ts';

const require = createRequire(import.meta.url);
const OWN = fileURLToPath(new URL('../../assets/', import.meta.url));
const FONT_CSS = require.resolve('@fontsource-variable/noto-sans-jp/index.css');
/** The library as one script, which its package exports under no name. */
const WEBAUTHN_BUNDLE = '../dist/bundle/index.umd.min.js';
const FONT_NAME = /^noto-sans-jp-[a-z0-9-]{1,24}-wght-normal\.woff2$/;

const FILES: Readonly<Record<string, { readonly path: string; readonly type: string }>> = {
  'console.css': { path: join(OWN, 'console.css'), type: 'text/css; charset=utf-8' },
  'live.js': { path: join(OWN, 'live.js'), type: 'text/javascript; charset=utf-8' },
  'code-link.js': { path: join(OWN, 'code-link.js'), type: 'text/javascript; charset=utf-8' },
  'passkey.js': { path: join(OWN, 'passkey.js'), type: 'text/javascript; charset=utf-8' },
  'standing.js': { path: join(OWN, 'standing.js'), type: 'text/javascript; charset=utf-8' },
  'visitor.css': { path: join(OWN, 'visitor.css'), type: 'text/css; charset=utf-8' },
  'webauthn.js': {
    path: join(dirname(require.resolve('@simplewebauthn/browser')), WEBAUTHN_BUNDLE),
    type: 'text/javascript; charset=utf-8',
  },
  'icon.svg': { path: join(OWN, 'icon.svg'), type: 'image/svg+xml' },
  'tokens.css': {
    path: require.resolve('@digital-go-jp/design-tokens/dist/tokens.css'),
    type: 'text/css; charset=utf-8',
  },
  'fonts/index.css': { path: FONT_CSS, type: 'text/css; charset=utf-8' },
};

/** Style, script and fonts from this machine: pages need no other network. */
export class Assets {
  /** Path prefix; it changes with the content, so that everything below it may be cached for ever. */
  readonly prefix: string;
  readonly #files: ReadonlyMap<
    string,
    { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string }
  >;

  constructor() {
    const files = Object.entries(FILES).map(
      ([name, { path, type }]) =>
        [name, { bytes: new Uint8Array(readFileSync(path)), type }] as const,
    );
    this.#files = new Map(files);
    const digest = createHash('sha256');
    for (const [name, { bytes }] of files) digest.update(name).update(bytes);
    this.prefix = `/assets/${digest.digest('hex').slice(0, 16)}`;
  }

  routes() {
    const { prefix } = this;
    return new Hono()
      .get(`${prefix}/fonts/files/:name`, async (c) => {
        const bytes = await readFont(c.req.param('name'));
        return c.body(bytes, 200, { 'content-type': 'font/woff2', 'cache-control': IMMUTABLE });
      })
      .get(`${prefix}/*`, (c) => {
        const file = this.#files.get(c.req.path.slice(prefix.length + 1));
        if (!file) throw new ProblemError(NOT_FOUND);
        return c.body(file.bytes, 200, { 'content-type': file.type, 'cache-control': IMMUTABLE });
      });
  }
}

const IMMUTABLE = 'public, max-age=31536000, immutable';

async function readFont(name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!FONT_NAME.test(name)) throw new ProblemError(NOT_FOUND);
  try {
    return new Uint8Array(await readFile(join(dirname(FONT_CSS), 'files', name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ProblemError(NOT_FOUND);
  }
}
