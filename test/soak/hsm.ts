import { readdirSync, readFileSync } from 'node:fs';
import type { HsmConfig } from '@pinless-gate/hsm/config';
import { type IsolatedKeyStore, openKeyStore } from '@pinless-gate/hsm/isolated';

// Sessions and objects that are not given back show as open files, threads, objects or memory of the module's process.

export interface Calls {
  readonly macs: number;
  readonly signatures: number;
}

export interface Footprint {
  readonly files: number;
  readonly threads: number;
  readonly keys: number;
  /** MiB. */
  readonly resident: number;
}

/** MiB that a process may grow by: its heap is collected when it likes. It was seen to level out within this share. */
const SLACK_MIB = 48;
const WARM_UP = 0.3;
const LABELS = { event: 'event-soak', institution: 'institution-soak' };

/** Uses two keys of the token, made where they are not there, and compares what the process holds before and after. */
export async function soak(
  config: HsmConfig,
  { macs, signatures }: Calls,
): Promise<{ before: Footprint; after: Footprint; grown: string[] }> {
  const store = await openKeyStore(config, { operationMs: 10_000 });
  try {
    const there = new Set((await store.keys()).map(({ label }) => label));
    if (!there.has(LABELS.event)) await store.generate(LABELS.event, 'event');
    if (!there.has(LABELS.institution)) await store.generate(LABELS.institution, 'institution');
    // Every session of the pool is open and every cache is full before the first look.
    await call(store, {
      macs: Math.ceil(macs * WARM_UP),
      signatures: Math.ceil(signatures * WARM_UP),
    });
    const before = await footprint(store);
    await call(store, { macs, signatures });
    const after = await footprint(store);
    return { before, after, grown: grown(before, after) };
  } finally {
    await store.close();
  }
}

async function call(store: IsolatedKeyStore, { macs, signatures }: Calls): Promise<void> {
  const message = new Uint8Array(78);
  const repeat = async (count: number, atOnce: number, one: () => Promise<unknown>) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  };
  await Promise.all([
    repeat(macs, 8, () => store.mac(LABELS.event, message)),
    repeat(signatures, 8, () => store.sign(LABELS.institution, message)),
  ]);
}

async function footprint(store: IsolatedKeyStore): Promise<Footprint> {
  const status = readFileSync(`/proc/${store.pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)![1]);
  return {
    files: readdirSync(`/proc/${store.pid}/fd`).length,
    threads: field('Threads'),
    keys: (await store.keys()).length,
    resident: Math.round(field('VmRSS') / 1024),
  };
}

function grown(before: Footprint, after: Footprint): string[] {
  const more = (['files', 'threads', 'keys'] as const).filter((what) => after[what] > before[what]);
  return after.resident > before.resident + SLACK_MIB ? [...more, 'resident'] : more;
}
