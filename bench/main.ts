import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Io, reportError, UsageError } from '@pinless-gate/runtime/program';
import type { Bench, BenchContext } from './bench.ts';
import { formatResult } from './result.ts';

const USAGE = `usage: npm run bench -- [NAME…] [--rows N] [--json]

Runs every bench, or those named, each against its baseline in the same run. What each asks and how to
read the figures: bench/README.md.`;

/** Loaded when they are run: one that needs a reader does not hinder one that needs none. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  lookup: async () => (await import('./lookup.ts')).lookup1m,
  'lookup-10m': async () => (await import('./lookup.ts')).lookup10m,
  'lookup-30m': async () => (await import('./lookup.ts')).lookup30m,
  'whitelist-build': async () => (await import('./whitelist.ts')).whitelistBuild,
  'whitelist-rebuild': async () => (await import('./whitelist.ts')).whitelistRebuild,
  'whitelist-delta': async () => (await import('./whitelist-delta.ts')).whitelistDelta,
  'whitelist-delta-bytes': async () => (await import('./whitelist-delta.ts')).whitelistDeltaBytes,
  'whitelist-swap': async () => (await import('./whitelist-swap.ts')).whitelistSwap,
  'whitelist-swap-10m': async () => (await import('./whitelist-swap.ts')).whitelistSwap10m,
  'apply-1m': async () => (await import('./apply.ts')).apply1m,
  'apply-10m': async () => (await import('./apply.ts')).apply10m,
  journal: async () => (await import('./journal.ts')).journal,
  'journal-latency': async () => (await import('./journal.ts')).journalLatency,
  'decide-1': async () => (await import('./decide.ts')).decideBench(1),
  'decide-4': async () => (await import('./decide.ts')).decideBench(4),
  'decide-10': async () => (await import('./decide.ts')).decideBench(10),
  'publish-change': async () => (await import('./publish-change.ts')).publishChange,
  import: async () => (await import('./import.ts')).importPurchases,
  resale: async () => (await import('./resale.ts')).resale1k,
  'resale-100k': async () => (await import('./resale.ts')).resale100k,
  'import-postgres': async () => (await import('./import.ts')).importPostgres,
  'console-reads': async () => (await import('./console-reads.ts')).consoleReads,
  'console-reads-postgres': async () => (await import('./console-reads.ts')).consoleReadsPostgres,
  'console-charts': async () => (await import('./console-charts.ts')).consoleCharts,
  convert: async () => (await import('./convert.ts')).convert,
  verify: async () => (await import('./verify.ts')).verify,
  tap: async () => (await import('./tap.ts')).tap,
  'tap-modelled': async () => (await import('./tap.ts')).tapModelled,
  'lane-display': async () => (await import('./lane.ts')).laneDisplay,
  'lane-pulse': async () => (await import('./lane.ts')).lanePulse,
  'lane-print': async () => (await import('./lane.ts')).lanePrint,
  'lane-queue-106k': async () => (await import('./queue.ts')).laneQueue('106k'),
  'lane-queue-424k': async () => (await import('./queue.ts')).laneQueue('424k'),
  'lane-queue-848k': async () => (await import('./queue.ts')).laneQueue('848k'),
  'hsm-mac': async () => (await import('./hsm.ts')).hsmMac,
  'hsm-sign-1': async () => (await import('./hsm.ts')).hsmSign(1),
  'hsm-sign-2': async () => (await import('./hsm.ts')).hsmSign(2),
  'hsm-sign-4': async () => (await import('./hsm.ts')).hsmSign(4),
  'hsm-sign-8': async () => (await import('./hsm.ts')).hsmSign(8),
  'hsm-call': async () => (await import('./hsm.ts')).hsmCall,
  'hsm-slow': async () => (await import('./hsm-slow.ts')).hsmSlow,
};

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  whitelist: ['whitelist', 'apply', 'lookup'],
  hsm: ['hsm'],
};

async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, rows: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    io.out(USAGE);
    return 0;
  }
  const rows = values.rows === undefined ? undefined : rowsOf(values.rows);
  const names = positionals.length > 0 ? positionals.flatMap(named) : Object.keys(BENCHES);
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    const known = Object.keys(BENCHES).join(', ');
    throw new UsageError(`unknown bench "${unknown}"`, `there are ${known}`);
  }
  let code = 0;
  for (const name of names) {
    try {
      const bench = await BENCHES[name]!();
      const log = (line: string) => io.err(`${name}: ${line}`);
      const result = await inContext({ log, rows }, (context) => bench.measure(context));
      io.out(values.json ? JSON.stringify(result) : formatResult(result, bench.target));
    } catch (error) {
      // The others still have something to say.
      code = Math.max(code, reportError(`bench ${name}`, error, io));
    }
  }
  return code;
}

function rowsOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--rows ${text}: a number`);
}

/** `lookup` is also `lookup-10m`, and so on; `whitelist` is everything that a list goes through. */
function named(name: string): string[] {
  const family = FAMILIES[name] ?? [name];
  const all = Object.keys(BENCHES).filter((bench) =>
    family.some((one) => bench === one || bench.startsWith(`${one}-`)),
  );
  return all.length > 0 ? all : [name];
}

/** Its directory is not under /tmp, which may be memory: what is measured includes the disk. */
async function inContext<T>(
  given: Pick<BenchContext, 'log' | 'rows'>,
  use: (context: BenchContext) => Promise<T>,
): Promise<T> {
  const parent = join(import.meta.dirname, '..', 'build');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'run-'));
  const closers: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  try {
    return await use({ ...given, directory, defer: (close) => closers.push(close) });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

const io: Io = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  signal: new AbortController().signal,
  interactive: process.stderr.isTTY === true,
};
try {
  process.exitCode = await run(process.argv.slice(2), io);
} catch (error) {
  process.exitCode = reportError('bench', error, io);
}
