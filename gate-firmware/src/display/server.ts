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

const OWN_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** The gate's pages and figures, on loopback. */
export async function serveLane(options: LaneServerOptions): Promise<Listening> {
  const app = new Hono();
  // Another name that leads here is that of a page from elsewhere (DNS rebinding).
  app.use(async (c, next) =>
    OWN_NAMES.test(c.req.header('host') ?? '') ? next() : c.text('not a name of mine', 421),
  );
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
