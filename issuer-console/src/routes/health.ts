import { Hono } from 'hono';

export interface HealthRoutesDeps {
  /** Rejects, or resolves to false, where an upload could not be kept now. */
  readonly ready: () => Promise<boolean>;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

export const healthRoutes = ({ ready, metrics }: HealthRoutesDeps) =>
  new Hono()
    .get('/healthz', (c) => c.json({ alive: true }, 200, NO_STORE))
    .get('/readyz', async (c) => {
      const isReady = await ready();
      return c.json({ ready: isReady }, isReady ? 200 : 503, NO_STORE);
    })
    .get('/metrics', async (c) => {
      const { type, text } = await metrics();
      return c.body(text, 200, { 'content-type': type, ...NO_STORE });
    });

const NO_STORE = { 'cache-control': 'no-store' };
