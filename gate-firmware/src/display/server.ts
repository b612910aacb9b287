import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { PushedInput } from '../hardware/open.ts';
import { createDisplay, type DisplayOptions } from './app.tsx';
import { inputRoutes } from './inputs.ts';

export interface LaneServerOptions {
  readonly display: DisplayOptions;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** What keeps the lane from deciding a tap now, as a code; undefined when it is ready. */
  readonly notReady: () => string | undefined;
  /** Sensors that report by HTTP. */
  readonly inputs?: readonly PushedInput[];
  readonly host: string;
  readonly port: number;
}

export interface LaneServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The gate's pages and figures, on loopback. */
export async function serveLane(options: LaneServerOptions): Promise<LaneServer> {
  const app = new Hono();
  app.get('/metrics', async (c) =>
    c.body(await options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  );
  app.get('/healthz', (c) => c.text('alive\n'));
  app.get('/readyz', (c) => {
    const why = options.notReady();
    return why === undefined ? c.text('ready\n') : c.text(`${why}\n`, 503);
  });
  app.route('/', inputRoutes(options.inputs ?? []));
  app.route('/', createDisplay(options.display));

  const server = createServer(getRequestListener(app.fetch));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
