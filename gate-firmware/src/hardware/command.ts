import { execFile } from 'node:child_process';
import { type Device, DeviceError, deviceCode, late } from './device-error.ts';

export interface CommandOptions {
  readonly device: Device;
  readonly timeoutMs: number;
  /** Where the command stands in the device's table. */
  readonly key?: string;
}

/** Runs a program, past any shell; exit code 0 means done, and one that is late is killed. */
export function runCommand(
  [program = '', ...args]: readonly string[],
  { device, timeoutMs, key = 'command' }: CommandOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (cause) => {
      if (!cause) return resolve();
      if (cause.killed) return reject(late(device, timeoutMs));
      reject(
        new DeviceError(
          deviceCode(device, 'COMMAND'),
          `${device}: command failed (${cause.code ?? cause.signal})`,
          { cause, hint: `run [${device}] ${key} by hand` },
        ),
      );
    });
  });
}
