import { HttpOrders, type HttpOrdersOptions } from './http-orders.ts';
import type { Turnstile } from './turnstile.ts';

/** Posts `{"id", "direction", "people", "at"}` to open and `{"hold", "at"}` to hold. */
export function httpTurnstile(options: Omit<HttpOrdersOptions, 'device'>): Turnstile {
  const orders = new HttpOrders({ ...options, device: 'turnstile' });
  return {
    open: ({ id, direction, people }) => orders.post({ id, direction, people }),
    hold: (open) => orders.post({ hold: open }),
    close: async () => orders.close(),
  };
}
