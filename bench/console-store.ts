import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { type Event, eventDesk } from '@pinless-gate/issuer-console/domain/event';
import type { Import, ImportStore } from '@pinless-gate/issuer-console/domain/purchase';
import { Importer } from '@pinless-gate/issuer-console/purchases/importer';
import {
  type OpenDatabase,
  openEmbeddedDatabase,
  openServerDatabase,
} from '@pinless-gate/issuer-console/store/database';
import type { storesOn } from '@pinless-gate/issuer-console/store/stores';
import { startPostgres } from '@pinless-gate/test/postgres';
import type { BenchContext } from './bench.ts';
import { rowsOf } from './whitelist-feed.ts';

export type Engine = 'embedded' | 'postgres';
export type Stores = ReturnType<typeof storesOn>;

export const VENDOR = '1'.repeat(32);
const SEAL_KEY = new Uint8Array(32).fill(7);
const DAY_MS = 86_400_000;
const BATCH = 500;
const ASKER = commandLine(0);

/** A console's database in a bench's directory, and how `issuer-console serve` is told of it. */
export interface ConsoleStore {
  /** Of issuer-console.toml. */
  readonly tables: string;
  open(): Promise<OpenDatabase>;
}

export async function makeStore(context: BenchContext, engine: Engine): Promise<ConsoleStore> {
  const at = (name: string) => join(context.directory, name);
  writeFileSync(at('seal.key'), Buffer.from(SEAL_KEY).toString('hex'), { mode: 0o600 });
  mkdirSync(at('bundle'), { recursive: true });
  const common = `[bundle]\ndirectory = "bundle"\n[accounts]\nsecond_factor = "offered"\nseal_key_file = "seal.key"\n`;
  if (engine === 'embedded') {
    const open = () => openEmbeddedDatabase(at('store'));
    return { tables: `[store]\ndirectory = "store"\n${common}`, open };
  }
  const server = await startPostgres({ sync: true });
  if (!server) throw new Error('PostgreSQL is not installed here');
  context.defer(() => server.close());
  writeFileSync(at('database-url'), server.url, { mode: 0o600 });
  const open = () => openServerDatabase(at('database-url'), () => undefined);
  return { tables: `[store]\nurl_file = "database-url"\n${common}`, open };
}

const deps = {
  seal: sealWith(SEAL_KEY),
  now: Date.now,
  random: (length: number) => new Uint8Array(randomBytes(length)),
  log: { warn: () => undefined } as never,
};

export async function newEvent(stores: Stores): Promise<Event> {
  const from = Date.now();
  await stores.vendors.add({ id: VENDOR, name: 'bench' }, { by: ASKER.by, at: from });
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
  return { ...event, createdAt: from, revision: 1, archivedAt: undefined };
}

/** The purchases of a feed, as one upload; the import's id. `afterBatch` is told the percent. */
export async function importFeed(
  { stores, event, rows }: { stores: Stores; event: Event; rows: number },
  afterBatch: (progress: number) => void = () => undefined,
): Promise<string> {
  const imports: ImportStore = {
    ...stores.imports,
    put: async (of, batch, at) => {
      await stores.imports.put(of, batch, at);
      afterBatch(batch.progress);
    },
  };
  const importer = new Importer({ ...stores, imports, ...deps });
  const id = await importer.take(ASKER, event, 'ndjson', octetsOf(rows));
  await importer.idle();
  const { state, accepted, unchanged } = (await stores.imports.find(ASKER.scope, id)) as Import;
  if (state !== 'done' || accepted + unchanged !== rows) throw new Error(`import ${state}`);
  return id;
}

async function* octetsOf(rows: number): AsyncGenerator<Uint8Array> {
  for (const batch of batchesOf(rows)) yield Buffer.from(batch.join(''));
}

/** Lines of the feed, as many at a time as an import keeps at once. */
export function* batchesOf(rows: number): Generator<string[]> {
  let batch: string[] = [];
  for (const row of rowsOf(rows, 1)) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
