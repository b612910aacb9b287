import { GateError } from '@pinless-gate/protocol/errors';
import { readSecret } from './secret-input.ts';

/** What a command may touch of the outside: handed in, so that commands can be tested. */
export interface Io {
  /** Results. With `--json` nothing else may go here. */
  readonly out: (line: string) => void;
  /** Progress, hints, errors. */
  readonly err: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by SIGINT or SIGTERM: long-running commands end in order. */
  readonly signal: AbortSignal;
  /** True where standard error is a terminal, so that progress may redraw its line. */
  readonly interactive: boolean;
  /** A line that a person types unseen, for instance a PIN; absent where nobody sits at a terminal. */
  readonly readSecret?: (prompt: string) => Promise<string>;
}

/** Takes the arguments after its own name; returns the exit code. */
export type Command = (argv: readonly string[], io: Io) => Promise<number>;

export interface Program {
  readonly name: string;
  /** One paragraph, then the examples: shown by `--help` and on wrong usage. */
  readonly usage: string;
  /** By name, which may have two words: `institution new`. Or one command, without a name. */
  readonly commands: Readonly<Record<string, Command>> | Command;
}

export const EXIT_OK = 0;
export const EXIT_REFUSED = 1;
export const EXIT_USAGE = 2;
export const EXIT_DEFECT = 70;

/** Wrong usage: exit code 2 and the program's usage text. */
export class UsageError extends GateError {
  constructor(message: string, hint?: string) {
    super('ERR_USAGE', message, hint === undefined ? {} : { hint });
  }
}

/** Runs one command of a program; translates every error into one line and an exit code. */
export async function runProgram(
  program: Program,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const [first = ''] = argv;
  if (first === '--help' || first === '-h' || first === 'help') {
    io.out(program.usage);
    return EXIT_OK;
  }
  const { name: what, words, command } = findCommand(program, argv);
  if (!command) {
    io.err(first === '' ? `${program.name}: no command given` : unknownCommand(program, first));
    io.err(program.usage);
    return EXIT_USAGE;
  }
  const rest = argv.slice(words);
  if (rest.includes('--help')) {
    io.out(program.usage);
    return EXIT_OK;
  }
  try {
    return await command(rest, io);
  } catch (error) {
    return reportError(what, error, io);
  }
}

function findCommand({ name, commands }: Program, argv: readonly string[]) {
  if (typeof commands === 'function') return { name, words: 0, command: commands };
  const [words, command] =
    [2, 1]
      .map((count) => [count, argv.slice(0, count).join(' ')] as const)
      .filter(([count, key]) => argv.length >= count && Object.hasOwn(commands, key))
      .map(([count, key]) => [count, commands[key]] as const)[0] ?? [];
  return { name: [name, ...argv.slice(0, words)].join(' '), words, command };
}

function unknownCommand(program: Program, word: string): string {
  return `${program.name}: unknown command "${word}" [ERR_USAGE]`;
}

/** One line, `program: what failed: why [CODE]`, then the next action where there is one. */
export function reportError(what: string, error: unknown, io: Io): number {
  if (error instanceof GateError) {
    io.err(`${what}: ${error.message} [${error.code}]`);
    if (error.hint) io.err(`  ${error.hint}`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_REFUSED;
  }
  if (isParseArgsError(error)) {
    io.err(`${what}: ${error.message} [ERR_USAGE]`);
    io.err(`  see ${what.split(' ')[0]} --help`);
    return EXIT_USAGE;
  }
  const system = systemErrorLine(error);
  if (system) {
    io.err(`${what}: ${system}`);
    return EXIT_REFUSED;
  }
  io.err(`${what}: defect: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  return EXIT_DEFECT;
}

/** The whole of a `main.ts`: real streams, signals and exit code. */
export async function main(program: Program): Promise<void> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => abort.abort(signal));
  }
  // A reader that went away (`| head`) is not a defect.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_OK);
    throw error;
  });
  process.exitCode = await runProgram(program, process.argv.slice(2), {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    signal: abort.signal,
    interactive: process.stderr.isTTY === true,
    ...(process.stdin.isTTY && { readSecret }),
  });
}

function isParseArgsError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof TypeError && /^ERR_PARSE_ARGS/.test((error as { code?: string }).code ?? '')
  );
}

/** Missing files, full disks, ports in use: the system's own words and code. */
function systemErrorLine(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (code === undefined || syscall === undefined) return undefined;
  const where = path ?? (address === undefined ? undefined : `${address}:${port}`);
  const why = SYSTEM_WORDS[code] ?? error.message;
  return `${where === undefined ? syscall : where}: ${why} [${code}]`;
}

const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'is not a directory',
  ENOSPC: 'no space left on the disk',
  EROFS: 'read-only file system',
  EEXIST: 'already exists',
  EADDRINUSE: 'address is in use',
  ECONNREFUSED: 'connection refused',
};
