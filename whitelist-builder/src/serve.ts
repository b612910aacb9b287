import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { isBundleName, isContentName, LATEST_NAME } from '@pinless-gate/protocol/bundle';
import { Hono } from 'hono';
import { answerLatest, LatestWatch } from './bundle/latest-watch.ts';

const IMMUTABLE = 'public, max-age=31536000, immutable';
/** Not there for a reader: also what a name may stand for besides a file. */
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EISDIR']);

/**
 * Serves the files of a bundle, nothing else that may lie in its directory. Whoever asks for `latest` with
 * `Prefer: wait=N` and the name it has in `If-None-Match` is answered when there is a newer one.
 */
export function bundleApp(directory: string, latest = new LatestWatch(directory)): Hono {
  return new Hono()
    .get(`/${LATEST_NAME}`, async (c) => {
      const { status, headers } = await answerLatest(latest, {
        prefer: c.req.header('prefer'),
        ifNoneMatch: c.req.header('if-none-match'),
        signal: c.req.raw.signal,
      });
      if (status === 304) return c.body(null, 304, headers);
      const content = status === 200 && (await readIfThere(join(directory, LATEST_NAME)));
      if (!content) return c.notFound();
      return c.body(content, 200, {
        ...headers,
        'content-type': 'text/plain',
        'x-content-type-options': 'nosniff',
      });
    })
    .get('/:name', async (c) => {
      const name = c.req.param('name');
      const content = isBundleName(name) && (await readIfThere(join(directory, name)));
      if (!content) return c.notFound();
      return c.body(content, 200, {
        // Signatures are asked for again: one more publisher may have signed.
        'cache-control': isContentName(name) ? IMMUTABLE : 'no-cache',
        'content-type': 'application/octet-stream',
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
    const latest = new LatestWatch(directory);
    const { fetch } = bundleApp(directory, latest);
    const server = serve({ fetch, hostname, port }, (address) => {
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      const end = () => {
        latest.close();
        return close(server);
      };
      resolve({ url: `http://${host}:${address.port}/`, close: end });
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
