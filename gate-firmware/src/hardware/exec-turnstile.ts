import { execFile } from 'node:child_process';
import { type Turnstile, TurnstileError } from './turnstile.ts';

export interface ExecTurnstileOptions {
  /** Program and its first arguments; id, direction and number of people are added. */
  readonly command: readonly string[];
  /** The same for holding: `open` or `normal` is added. Without it this turnstile cannot be held. */
  readonly hold?: readonly string[] | undefined;
  readonly timeoutMs: number;
}

/** Runs a program, past any shell; exit code 0 means done. */
export function execTurnstile({ command, hold, timeoutMs }: ExecTurnstileOptions): Turnstile {
  return {
    open: ({ id, direction, people }) =>
      run([...command, id, direction, String(people)], 'command', timeoutMs),
    async hold(open) {
      if (!hold) {
        throw new TurnstileError('ERR_TURNSTILE_HOLD', 'turnstile: cannot be held open', {
          hint: 'set [turnstile] hold to the command that does it',
        });
      }
      await run([...hold, open ? 'open' : 'normal'], 'hold', timeoutMs);
    },
    close: async () => undefined,
  };
}

function run([program = '', ...args]: readonly string[], key: string, timeout: number) {
  return new Promise<void>((resolve, reject) => {
    execFile(program, args, { timeout, killSignal: 'SIGKILL' }, (cause) => {
      if (!cause) return resolve();
      reject(
        cause.killed
          ? new TurnstileError('ERR_TURNSTILE_TIMEOUT', `turnstile: not done in ${timeout} ms`, {
              cause,
            })
          : new TurnstileError(
              'ERR_TURNSTILE_COMMAND',
              `turnstile: command failed (${cause.code ?? cause.signal})`,
              { cause, hint: `run [turnstile] ${key} by hand` },
            ),
      );
    });
  });
}
