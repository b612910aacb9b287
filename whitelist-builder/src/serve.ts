import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { Hono } from 'hono';

const CONTENT_NAME = /^[0-9a-f]{64}(\.signatures)?$/;
const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Not there for a reader: also what a name may stand for besides a file. */
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EISDIR']);

/** Serves a bundle directory: `/latest` and `/<content name>`, nothing else that may lie there. */
export function bundleApp(directory: string): Hono {
  return new Hono().get('/:name', async (c) => {
    const name = c.req.param('name');
    if (name !== LATEST_NAME && !CONTENT_NAME.test(name)) return c.notFound();
    const content = await readIfThere(join(directory, name));
    if (!content) return c.notFound();
    // What may be replaced (the pointer, and signatures when one more publisher signs) is asked for again.
    const fixed = name !== LATEST_NAME && !name.endsWith('.signatures');
    return c.body(content, 200, {
      'cache-control': fixed ? IMMUTABLE : 'no-cache',
      'content-type': name === LATEST_NAME ? 'text/plain' : 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
  });
}

async function readIfThere(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

export interface Serving {
  readonly url: string;
  /** Ends when no connection is left: idle ones are closed. */
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. Rejects with the system's error where the address is taken. */
export function serveBundle(directory: string, hostname: string, port: number): Promise<Serving> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: bundleApp(directory).fetch, hostname, port }, (address) => {
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve({ url: `http://${host}:${address.port}/`, close: () => close(server) });
    });
    server.once('error', reject);
  });
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
