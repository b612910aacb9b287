import type { Event } from '@pinless-gate/issuer-console/domain/event';
import type { Database } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import type { Bench, BenchContext } from './bench.ts';
import {
  batchesOf,
  type Engine,
  importFeed,
  makeStore,
  newEvent,
  type Stores,
} from './console-store.ts';
import { MemoryTrend } from './memory-trend.ts';
import { resultOf } from './result.ts';

const ROWS = 1_000_000;
const WANTED_S = 180;

export const importPurchases = importOn('embedded');
export const importPostgres = importOn('postgres');

function importOn(engine: Engine): Bench {
  return {
    target: {
      text: `≥ ${Math.ceil(ROWS / WANTED_S)} purchases/s: a million in three minutes`,
      met: ({ ours }) => ours.p50 >= ROWS / WANTED_S,
    },
    measure: async (context) => {
      const rows = context.rows ?? ROWS;
      const store = await makeStore(context, engine);
      const opened = await store.open();
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
        bench: engine === 'embedded' ? 'import' : `import-${engine}`,
        unit: 'purchases/s',
        better: 'higher',
        ours: [ours],
        baselineName: 'the same rows by INSERT of as many at a time, unread',
        baseline: [plain],
      });
    },
  };
}

async function importOnce(
  given: { stores: Stores; event: Event; rows: number },
  { log }: BenchContext,
): Promise<void> {
  const memory = new MemoryTrend();
  const before = process.cpuUsage();
  await importFeed(given, (progress) => memory.sample(progress / 100));
  const { user, system } = process.cpuUsage(before);
  log(
    `${((user + system) / 1e6).toFixed(1)} s of computing: what it takes on a machine of its own`,
  );
  log(memory.summary());
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
