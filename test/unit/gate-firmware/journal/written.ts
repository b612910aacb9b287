import { join } from 'node:path';
import { exportLine } from '@pinless-gate/gate-firmware/journal/export';
import { itemsOf } from '@pinless-gate/gate-firmware/journal/items';
import { Journal, type NewEntry } from '@pinless-gate/gate-firmware/journal/journal';
import { openDatabase, openDurable } from '@pinless-gate/gate-firmware/storage/lmdb';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { GATE_ID, temporary } from '../fixture.ts';

const CONVERSION_VALUE = new Uint8Array(16).fill(0xc7);

/** Entry `i` of a journal that tests spoil. */
export const entryAt = (i: number): NewEntry =>
  i % 2
    ? { kind: 'fault', at: i, monotonicMs: i, detail: '=cmd|"ERR_TEST"' }
    : {
        kind: 'decision',
        at: i,
        monotonicMs: i,
        outcome: i === 2 ? 'admitted' : 'refused',
        reason: i === 2 ? undefined : 'not-listed',
        conversionValue: i === 2 ? CONVERSION_VALUE : undefined,
        tickets: i === 2 ? [{ ticketNo: '-T,1', entry: 1 }] : [],
        code: 'K7-42',
        steps: { journal: 5 },
      };

export interface WriteOptions {
  readonly gateId?: Uint8Array;
  readonly entries?: number;
  /** A checkpoint after each so many. */
  readonly every?: number;
}

/** A journal of ten entries, the fourth and the eighth signed, in a directory of the test. */
export async function writeJournal(
  store: FakeKeyStore,
  { gateId = GATE_ID, entries = 10, every = 4 }: WriteOptions = {},
): Promise<string> {
  const directory = join(temporary(), 'journal');
  const journal = Journal.open(directory, gateId);
  const sign = (message: Uint8Array) => store.sign('device', message);
  for (let i = 1; i <= entries; i++) {
    journal.append(entryAt(i));
    if (i % every === 0) await journal.checkpoint(1_797_000_000_000 + i, sign);
  }
  await journal.close();
  return directory;
}

/** The lines of its export. */
export async function exported(directory: string, gateId = GATE_ID): Promise<string[]> {
  const journal = Journal.open(directory, gateId);
  const lines = Array.from(itemsOf(journal), exportLine);
  await journal.close();
  return lines;
}

export type Databases = Record<'entries' | 'meta' | 'checkpoints', ReturnType<typeof openDatabase>>;

/** As somebody could edit the file who knows it well. */
export async function edit(
  directory: string,
  change: (databases: Databases) => void,
): Promise<void> {
  const environment = openDurable(directory);
  const open = (name: string) => openDatabase(environment, name);
  const databases = {
    entries: open('entries'),
    meta: open('meta'),
    checkpoints: open('checkpoints'),
  };
  environment.transactionSync(() => change(databases));
  await environment.close();
}
