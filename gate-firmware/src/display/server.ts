import { Hono } from 'hono';
import type { PushedInput } from '../hardware/open.ts';
import { createDisplay, type DisplayOptions } from './app.tsx';
import { inputRoutes } from './inputs.ts';
import { type Listening, listen } from './listen.ts';

export interface LaneServerOptions {
  readonly display: DisplayOptions;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  /** What keeps the lane from deciding a tap now, as a code; undefined when it is ready. */
  readonly notReady: () => string | undefined;
  /** Sensors that report by HTTP. */
  readonly inputs?: readonly PushedInput[];
  /** By which staff check receipts on their phones. */
  readonly receiptCheck?: string;
  readonly host: string;
  readonly port: number;
}

/** The gate's pages and figures, on loopback. */
export async function serveLane(options: LaneServerOptions): Promise<Listening> {
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
  const { receiptCheck } = options;
  if (receiptCheck !== undefined) app.get('/receipt-check', (c) => c.html(receiptCheck));
  app.route('/', createDisplay(options.display));

  return listen(app.fetch, options);
}
