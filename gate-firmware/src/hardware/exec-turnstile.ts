import { runCommand } from './command.ts';
import { DeviceError } from './device-error.ts';
import type { Turnstile } from './turnstile.ts';

export interface ExecTurnstileOptions {
  /** Program and its first arguments; id, direction and number of people are added. */
  readonly command: readonly string[];
  /** The same for holding: `open` or `normal` is added. Without it this turnstile cannot be held. */
  readonly hold?: readonly string[] | undefined;
  readonly timeoutMs: number;
}

export function execTurnstile({ command, hold, timeoutMs }: ExecTurnstileOptions): Turnstile {
  const options = { device: 'turnstile', timeoutMs } as const;
  return {
    open: ({ id, direction, people }) =>
      runCommand([...command, id, direction, String(people)], options),
    async hold(open) {
      if (!hold) {
        throw new DeviceError('ERR_TURNSTILE_HOLD', 'turnstile: cannot be held open', {
          hint: 'set [turnstile] hold to the command that does it',
        });
      }
      await runCommand([...hold, open ? 'open' : 'normal'], { ...options, key: 'hold' });
    },
    close: async () => undefined,
  };
}
