import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Database } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import type { Bench, BenchContext } from './bench.ts';
import { Client, signIn } from './console-clients.ts';
import { type Read, readsOf } from './console-queries.ts';
import {
  type ConsoleStore,
  type Engine,
  importFeed,
  makeStore,
  newEvent,
} from './console-store.ts';
import { distribution, resultOf } from './result.ts';

const ROWS = 1_000_000;
const CLIENTS = 20;
/** Of each kind by each client. */
const TIMES = 15;
const WARM_UP = 2;
const WANTED_MS = 50;

export const consoleReads = readsOn('embedded');
export const consoleReadsPostgres = readsOn('postgres');

function readsOn(engine: Engine): Bench {
  return {
    target: {
      text: `p95 ≤ ${WANTED_MS} ms with ${CLIENTS} clients`,
      met: ({ ours }) => ours.p95 <= WANTED_MS,
    },
    measure: async (context) => {
      const rows = context.rows ?? ROWS;
      const store = await makeStore(context, engine);
      const { reads, tokens } = await fill(context, store, rows);
      const ours = await overHttp(context, store, { reads, tokens });
      const baseline = await bySql(context, store, reads);
      return resultOf({
        bench: engine === 'embedded' ? 'console-reads' : `console-reads-${engine}`,
        unit: 'ms',
        better: 'lower',
        ours,
        baselineName: `the queries of the same reads by the SQL client, ${CLIENTS} at a time`,
        baseline,
      });
    },
  };
}

async function fill({ log }: BenchContext, store: ConsoleStore, rows: number) {
  const opened = await store.open();
  try {
    await opened.migrate();
    const stores = storesOn(opened.db);
    const event = await newEvent(stores);
    log(`importing ${rows} purchases`);
    const importId = await importFeed({ stores, event, rows });
    const tokens = await signIn(stores, CLIENTS);
    return { reads: readsOf({ eventId: event.id, importId, rows }), tokens };
  } finally {
    await opened.close();
  }
}

async function overHttp(
  context: BenchContext,
  store: ConsoleStore,
  { reads, tokens }: { reads: readonly Read[]; tokens: readonly string[] },
): Promise<number[]> {
  const { url, pid, stop } = await serve(context, store);
  const clients = tokens.map((token, i) => new Client(token, i));
  try {
    const before = computedMs(pid);
    const samples = await measure(context, reads, clients.length, (read, client) =>
      clients[client]!.read(new URL(read.path(), url)),
    );
    const each = (computedMs(pid) - before) / (clients.length * (WARM_UP + TIMES) * reads.length);
    context.log(`${each.toFixed(2)} ms of the console's own computing each`);
    return samples;
  } finally {
    for (const client of clients) client.close();
    await stop();
  }
}

async function bySql(
  context: BenchContext,
  store: ConsoleStore,
  reads: readonly Read[],
): Promise<number[]> {
  context.log('the same by SQL');
  const { db, close } = await store.open();
  try {
    return await measure(context, reads, CLIENTS, (read) => timeOf(db, read.queries()));
  } finally {
    await close();
  }
}

async function timeOf(db: Database, queries: readonly string[]): Promise<number> {
  const start = performance.now();
  for (const query of queries) await db.execute(query);
  return performance.now() - start;
}

/** Each client reads one after another, without a pause between; all kinds in turns. */
async function measure(
  { log }: BenchContext,
  reads: readonly Read[],
  clients: number,
  time: (read: Read, client: number) => Promise<number>,
): Promise<number[]> {
  const samples = reads.map((): number[] => []);
  const one = async (client: number) => {
    for (let i = 0; i < (WARM_UP + TIMES) * reads.length; i++) {
      const kind = (client + i) % reads.length;
      const took = await time(reads[kind]!, client);
      if (i >= WARM_UP * reads.length) samples[kind]!.push(took);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  const seconds = (performance.now() - start) / 1000;
  log(`${Math.round((clients * (WARM_UP + TIMES) * reads.length) / seconds)} a second`);
  for (const [i, { name }] of reads.entries()) {
    const { p50, p95 } = distribution(samples[i]!, 'lower');
    log(`  ${name}: p50 ${p50}, p95 ${p95} ms`);
  }
  return samples.flat();
}

/** Of a process, by Linux, in hundredths of a second: what it would take on a machine of its own. */
function computedMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) * 10;
}

/** The program itself, as it is started by hand. */
async function serve({ directory }: BenchContext, { tables }: ConsoleStore) {
  const config = join(directory, 'issuer-console.toml');
  const own = 'time_zone = "Asia/Tokyo"\n[listen]\nport = 0\n[http]\nproxies = ["127.0.0.1"]\n';
  writeFileSync(config, own + tables);
  const program = join(import.meta.dirname, '../../issuer-console/bin/issuer-console.js');
  const child = spawn(process.execPath, [program, 'serve', '--config', config, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const line = await Promise.race([firstLine(child.stdout), exited.then(() => undefined)]);
  if (line === undefined) throw new Error('the console did not start');
  const { url } = JSON.parse(line) as { url: string };
  return { url, pid: child.pid!, stop };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: stream })) return line;
  return undefined;
}
