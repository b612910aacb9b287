import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileDurably } from '@pinless-gate/runtime/durable-file';
import { type Command, EXIT_OK, type Io, UsageError } from '@pinless-gate/runtime/program';
import { type PrintedJob, startPrinter } from '../printer.ts';
import { type Opening, type SandboxTurnstile, startTurnstile } from '../turnstile.ts';
import type { TurnstileSenses } from '../turnstile-state.ts';
import { aborted, parsePort } from './options.ts';

const PRINTER_PORT = '9100';
const TURNSTILE_PORT = '9200';

/** `sandbox printer [--port 9100] [--directory DIR]` */
export const printerCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: PRINTER_PORT },
      directory: { type: 'string' },
    },
  });
  if (values.directory !== undefined) await mkdir(values.directory, { recursive: true });
  const jobs = new JobWriter(io, values.directory);
  const printer = await startPrinter({ port: parsePort(values.port), onJob: jobs.take });
  io.err(`printer listens on 127.0.0.1:${printer.port}`);
  await aborted(io);
  await printer.close();
  await jobs.finished;
  return EXIT_OK;
};

/** Says each job in one line, and keeps its octets where there is a directory for them. */
export class JobWriter {
  readonly #io: Io;
  readonly #directory: string | undefined;
  #count = 0;
  finished: Promise<void> = Promise.resolve();

  constructor(io: Io, directory: string | undefined) {
    this.#io = io;
    this.#directory = directory;
  }

  readonly take = ({ bytes }: PrintedJob): void => {
    const name = `receipt-${String(++this.#count).padStart(4, '0')}.bin`;
    this.#io.out(`printed ${name}, ${bytes.length} octets`);
    const directory = this.#directory;
    if (directory === undefined) return;
    this.finished = this.finished.then(() => writeFileDurably(join(directory, name), bytes));
  };
}

/** `sandbox turnstile [--port 9200] [--gate URL --token-file FILE]` */
export const turnstileCommand: Command = async (argv, io) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: TURNSTILE_PORT },
      gate: { type: 'string' },
      'token-file': { type: 'string' },
    },
  });
  const port = parsePort(values.port);
  const { gate, 'token-file': tokenFile } = values;
  if ((gate === undefined) !== (tokenFile === undefined)) {
    throw new UsageError('--gate and --token-file go together');
  }
  const senses =
    gate === undefined ? {} : reportTo(gate, (await readFile(tokenFile!, 'utf8')).trim(), io);
  const onOpening = (opening: Opening) => announce(io, opening);
  const turnstile = await startTurnstile({ port, onOpening, ...senses });
  io.err(`turnstile: POST ${turnstile.url}\nto watch it and to walk through: ${pageOf(turnstile)}`);
  await aborted(io);
  await turnstile.close();
  return EXIT_OK;
};

export function pageOf({ url }: SandboxTurnstile): string {
  return new URL('/', url).href;
}

/** The gate's `[passage]` and `[evacuation]` with driver `http`. */
function reportTo(gate: string, token: string, io: Io): TurnstileSenses {
  const post = (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    fetch(new URL(path, gate), { method: 'POST', headers, body: JSON.stringify(body) }).then(
      ({ ok, status }) => ok || io.err(`gate answered ${status} to ${path}`),
      () => io.err(`gate cannot be reached at ${gate}`),
    );
  };
  return {
    onPassage: (direction) => post('/inputs/passage', { direction }),
    onEvacuation: (active) => post('/inputs/evacuation', { active }),
  };
}

export function announce(io: Io, { id, openedAt }: Opening): void {
  io.out(`${new Date(openedAt).toISOString()} opened for ${id}`);
}
