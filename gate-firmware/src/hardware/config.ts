import { z } from 'zod';
import { execTurnstile } from './exec-turnstile.ts';
import { httpTurnstile } from './http-turnstile.ts';
import { noTurnstile, type Turnstile } from './turnstile.ts';

const timeoutMs = z.int().min(10).max(10_000).default(1000);
const command = z.array(z.string().min(1)).min(1);

/** The `[turnstile]` table. */
export const turnstileTable = z.discriminatedUnion('driver', [
  z.strictObject({ driver: z.literal('none') }),
  z.strictObject({
    driver: z.literal('http'),
    url: z.url({ protocol: /^https?$/ }),
    timeout_ms: timeoutMs,
  }),
  z.strictObject({
    driver: z.literal('exec'),
    /** Program and its first arguments; id, direction and number of people are added. */
    command,
    /** The same for holding the way open: `open` or `normal` is added. */
    hold: command.optional(),
    timeout_ms: timeoutMs,
  }),
]);
export type TurnstileTable = z.infer<typeof turnstileTable>;

export function openTurnstile(table: TurnstileTable): Turnstile {
  switch (table.driver) {
    case 'none':
      return noTurnstile();
    case 'http':
      return httpTurnstile({ url: new URL(table.url), timeoutMs: table.timeout_ms });
    case 'exec':
      return execTurnstile({
        command: table.command,
        hold: table.hold,
        timeoutMs: table.timeout_ms,
      });
  }
}
