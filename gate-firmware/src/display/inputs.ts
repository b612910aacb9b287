import { timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import type { PushedInput } from '../hardware/open.ts';

const MAX_BODY = 256;

/** What each input takes, as the line that a serial sensor would send. */
const LINES: Readonly<Record<PushedInput['name'], (body: unknown) => string | undefined>> = {
  passage: (body) => {
    const { direction } = body as { direction?: unknown };
    return direction === 'in' || direction === 'out' ? direction : undefined;
  },
  evacuation: (body) => {
    const { active } = body as { active?: unknown };
    return typeof active === 'boolean' ? (active ? 'on' : 'off') : undefined;
  },
};

/**
 * `POST /inputs/passage` with `{"direction": "in"}` and `POST /inputs/evacuation` with `{"active": true}`, each
 * with the token of its table as `Authorization: Bearer`. 204; 401 without the token, 400 for anything else.
 */
export function inputRoutes(inputs: readonly PushedInput[]): Hono {
  const app = new Hono();
  for (const { name, token, push } of inputs) {
    app.post(`/inputs/${name}`, async (c) => {
      if (!same(c.req.header('authorization') ?? '', `Bearer ${token}`)) return c.body(null, 401);
      if (Number(c.req.header('content-length') ?? Number.NaN) <= MAX_BODY) {
        const body: unknown = await c.req.json().catch(() => undefined);
        const line = typeof body === 'object' && body !== null ? LINES[name](body) : undefined;
        if (line !== undefined) {
          push(line);
          return c.body(null, 204);
        }
      }
      return c.body(null, 400);
    });
  }
  return app;
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
