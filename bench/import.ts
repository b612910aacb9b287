import { randomBytes } from 'node:crypto';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { type Event, eventDesk } from '@pinless-gate/issuer-console/domain/event';
import type { Import, ImportStore } from '@pinless-gate/issuer-console/domain/purchase';
import { Importer } from '@pinless-gate/issuer-console/purchases/importer';
import { type Database, openEmbeddedDatabase } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import type { Bench, BenchContext } from './bench.ts';
import { MemoryTrend } from './memory-trend.ts';
import { resultOf } from './result.ts';
import { rowsOf } from './whitelist-feed.ts';

const ROWS = 1_000_000;
const WANTED_S = 180;
const BATCH = 500;
const VENDOR = '1'.repeat(32);
const DAY_MS = 86_400_000;
const ASKER = commandLine(0);

export const importPurchases: Bench = {
  target: {
    text: `≥ ${Math.ceil(ROWS / WANTED_S)} purchases/s: a million in three minutes`,
    met: ({ ours }) => ours.p50 >= ROWS / WANTED_S,
  },
  measure: async (context) => {
    const rows = context.rows ?? ROWS;
    const opened = await openEmbeddedDatabase(context.directory);
    context.defer(() => opened.close());
    await opened.migrate();
    const stores = storesOn(opened.db);
    const event = await newEvent(stores);
    const once = () => importOnce({ stores, event, rows }, context);
    context.log(`${rows} purchases as one upload`);
    const ours = await rate(rows, once);
    context.log(`${Math.round(rows / ours)} s; the same again: nothing to write`);
    const again = await rate(rows, once);
    context.log(`unchanged: ${Math.round(again)} purchases/s`);
    const plain = await rate(rows, () => insertPlainly(opened.db, rows));
    return resultOf({
      bench: 'import',
      unit: 'purchases/s',
      better: 'higher',
      ours: [ours],
      baselineName: `the same rows by INSERT of ${BATCH}, unread`,
      baseline: [plain],
    });
  },
};

type Stores = ReturnType<typeof storesOn>;

const deps = {
  seal: sealWith(new Uint8Array(32).fill(7)),
  now: Date.now,
  random: (length: number) => new Uint8Array(randomBytes(length)),
  log: { warn: () => undefined } as never,
};

function importerOn(stores: Stores, afterBatch: (progress: number) => void): Importer {
  const imports: ImportStore = {
    ...stores.imports,
    put: async (of, batch, at) => {
      await stores.imports.put(of, batch, at);
      afterBatch(batch.progress);
    },
  };
  return new Importer({ ...stores, imports, ...deps });
}

async function newEvent(stores: Stores): Promise<Event> {
  const origin = { by: ASKER.by, at: Date.now() };
  await stores.vendors.add({ id: VENDOR, name: 'bench' }, origin);
  const from = Date.now();
  const event = {
    id: '2'.repeat(32),
    vendorId: VENDOR,
    name: 'bench',
    startsAt: from,
    admission: { from, until: from + DAY_MS },
    gates: ['A', 'B'],
    issuers: ['jpki-auth'],
  };
  await eventDesk({ ...stores, ...deps }).add(ASKER, event);
  return { ...event, createdAt: from };
}

async function importOnce(
  { stores, event, rows }: { stores: Stores; event: Event; rows: number },
  { log }: BenchContext,
): Promise<void> {
  const memory = new MemoryTrend();
  const before = process.cpuUsage();
  const importer = importerOn(stores, (progress) => memory.sample(progress / 100));
  const id = await importer.take(ASKER, event, 'ndjson', octetsOf(rows));
  await importer.idle();
  const found = (await stores.imports.find(ASKER.scope, id)) as Import;
  const { state, accepted, unchanged } = found;
  if (state !== 'done' || accepted + unchanged !== rows) throw new Error(`import ${state}`);
  const { user, system } = process.cpuUsage(before);
  log(
    `${((user + system) / 1e6).toFixed(1)} s of computing: what it takes on a machine of its own`,
  );
  log(memory.summary());
}

async function* octetsOf(rows: number): AsyncGenerator<Uint8Array> {
  for (const batch of batchesOf(rows)) yield Buffer.from(batch.join(''));
}

function* batchesOf(rows: number): Generator<string[]> {
  let batch: string[] = [];
  for (const row of rowsOf(rows, 1)) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function insertPlainly(db: Database, rows: number): Promise<void> {
  await db.execute('create table plain (number bigint primary key, feed text not null)');
  let number = 0;
  for (const batch of batchesOf(rows)) {
    const values = batch.map((row) => `(${++number}, '${row.trimEnd()}')`);
    await db.execute(`insert into plain values ${values.join(',')}`);
  }
}

async function rate(rows: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (1000 * rows) / (performance.now() - began);
}
