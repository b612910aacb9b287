import { execFile } from 'node:child_process';
import { type Turnstile, TurnstileError } from './turnstile.ts';

export interface ExecTurnstileOptions {
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** Runs a program with the admission's id as its last argument; exit code 0 means open. No shell. */
export function execTurnstile({ command, timeoutMs }: ExecTurnstileOptions): Turnstile {
  const [program = '', ...first] = command;
  return {
    open: (id) =>
      new Promise((resolve, reject) => {
        const options = { timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
        execFile(program, [...first, id], options, (error) => {
          if (!error) return resolve();
          reject(
            error.killed
              ? new TurnstileError(
                  'ERR_TURNSTILE_TIMEOUT',
                  `turnstile: not open in ${timeoutMs} ms`,
                  {
                    cause: error,
                  },
                )
              : new TurnstileError(
                  'ERR_TURNSTILE_COMMAND',
                  `turnstile: command failed (${error.code ?? error.signal})`,
                  { cause: error, hint: 'run [turnstile].command by hand' },
                ),
          );
        });
      }),
    close: () => undefined,
  };
}
