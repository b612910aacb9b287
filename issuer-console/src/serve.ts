import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer, serve } from '@hono/node-server';
import type { App } from './app.ts';
import { DEFAULT_PACE, keepPace } from './pace.ts';
import { controlRoutes, type Desk } from './routes/control.ts';

export interface Listening {
  readonly url: string;
  /** No new connections, live pages ended, answers under way finished or cut after `DRAIN_MS`. */
  close(): Promise<void>;
}

/** Slow or silent clients hold a connection no longer than this. */
const HEADERS_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 256;
const DRAIN_MS = 1000;

/** PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export async function listen(
  app: App,
  host: string,
  port: number,
  tls?: TlsFiles,
  pace = DEFAULT_PACE,
): Promise<Listening> {
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS };
  const server = await new Promise<Server>((resolve, reject) => {
    const started = serve({
      fetch: app.fetch,
      hostname: host,
      port,
      ...(tls
        ? { createServer: createSecureServer, serverOptions: { ...limits, ...tls } }
        : { serverOptions: limits }),
    }) as Server;
    started.maxConnections = MAX_CONNECTIONS;
    keepPace(started, pace);
    started.once('error', reject);
    started.once('listening', () => resolve(started));
  });
  app.start();
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${address.port}/`,
    close: async () => {
      app.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await closed;
      clearTimeout(cut);
      await app.settled();
    },
  };
}

/**
 * The embedded database has one opener. While `serve` is it, other commands ask `serve`, through a socket in the
 * store's directory: whoever may open that directory has the database anyway.
 */
export function controlSocket(storeDirectory: string): string {
  return join(storeDirectory, 'control.sock');
}

/** The caller holds the store's lock: a socket that is there is of a process that is gone. */
export async function serveControl(desk: Desk, path: string): Promise<() => Promise<void>> {
  const server = createAdaptorServer({ fetch: controlRoutes(desk).fetch }) as Server;
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}
