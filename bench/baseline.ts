import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { GateError } from '@pinless-gate/protocol/errors';

const ROOT = join(import.meta.dirname, '..');
const HEADERS = ['common.h', 'pkcs11.h'];

/** A baseline that does not compile, start or answer. */
export class BaselineError extends GateError {}

/** Compiles `bench/baseline/NAME.c` where it has changed; gives the program's path. */
export function compileBaseline(name: string): string {
  const source = join(ROOT, 'baseline', `${name}.c`);
  const program = join(ROOT, 'build', name);
  const inputs = [source, ...HEADERS.map((header) => join(ROOT, 'baseline', header))];
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (inputs.every((input) => statSync(input).mtimeMs < built)) return program;
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-I/usr/include/PCSC'];
  try {
    execFileSync('gcc', [...flags, '-o', program, source, '-lpcsclite', '-ldl'], { stdio: 'pipe' });
  } catch (cause) {
    const said = String((cause as { stderr?: Buffer }).stderr ?? cause).trim();
    throw new BaselineError('ERR_BASELINE_COMPILE', `${name}.c: ${said}`, {
      cause,
      hint: 'apt-get install gcc libc6-dev libpcsclite-dev',
    });
  }
  return program;
}

/** A running baseline: stays as it is between rounds, so that rounds of ours and its can alternate. */
export class Baseline {
  readonly #name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#name = name;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static start(
    name: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Baseline {
    const child = spawn(compileBaseline(name), args, {
      env: { PATH: '/usr/bin:/bin', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return new Baseline(name, child);
  }

  /** One round of `count`; the words of the answer. */
  async round(count: number): Promise<string[]> {
    this.#child.stdin.write(`${count}\n`);
    const { value, done } = await this.#lines.next();
    if (done)
      throw new BaselineError('ERR_BASELINE_ENDED', `${this.#name}: ended before its answer`);
    return value.split(' ');
  }

  close(): void {
    this.#child.stdin.end();
  }
}
