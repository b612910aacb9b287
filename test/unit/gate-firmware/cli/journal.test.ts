import { join } from 'node:path';
import { verifyJournal } from '@pinless-gate/gate-firmware/cli/journal-verify';
import { Checkpoints } from '@pinless-gate/gate-firmware/journal/checkpoints';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { concat, uint64, utf8 } from '@pinless-gate/protocol/bytes';
import { hashEntry } from '@pinless-gate/protocol/journal';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { GATE_ID, gateKeys, temporary, withCode } from '../fixture.ts';
import { type Databases, edit as editJournal, writeJournal } from '../journal/written.ts';

let store: FakeKeyStore;
let device: Uint8Array;
let directory: string;

beforeEach(async () => {
  store = await gateKeys();
  device = await store.publicKey('device');
  directory = join(temporary(), 'journal');
});

const sign = (message: Uint8Array) => store.sign('device', message);

const written = async () => {
  directory = await writeJournal(store);
};
const edit = (change: (databases: Databases) => void) => editJournal(directory, change);

function verify(expected?: { sequence: number; hash: Uint8Array }) {
  const journal = Journal.open(directory, GATE_ID);
  onTestFinished(() => journal.close());
  return verifyJournal(journal, device, expected);
}

/** Cuts the tail and mends the head, so that the gate itself would start. */
function cutAfter(last: number) {
  return ({ entries, meta }: Databases) => {
    for (let i = last + 1; i <= 10; i++) entries.removeSync(uint64(i));
    meta.putSync(utf8('head'), concat(uint64(last), hashEntry(entries.get(uint64(last))!)));
  };
}

describe('verifyJournal', () => {
  test('a journal that is whole', async () => {
    await written();
    expect(verify()).toMatchObject({
      entries: 10,
      checkpoints: 2,
      unsigned: 2,
      admitted: 1,
      refused: { 'not-listed': 4 },
    });
  });

  test('an empty one', () => {
    expect(verify()).toMatchObject({ entries: 0, checkpoints: 0, unsigned: 0 });
  });

  test.each<[string, (databases: Databases) => void, string]>([
    [
      'an entry was edited',
      ({ entries }) => {
        const octets = Buffer.from(entries.get(uint64(3))!);
        octets[octets.length - 1] = octets.at(-1)! ^ 1;
        entries.putSync(uint64(3), octets);
      },
      'ERR_JOURNAL_CHAIN',
    ],
    [
      'an entry was deleted',
      ({ entries }) => void entries.removeSync(uint64(5)),
      'ERR_JOURNAL_MISSING',
    ],
    [
      'the first entry was deleted',
      ({ entries }) => void entries.removeSync(uint64(1)),
      'ERR_JOURNAL_MISSING',
    ],
    [
      'two entries were swapped',
      ({ entries }) => {
        const [a, b] = [entries.get(uint64(5))!, entries.get(uint64(6))!].map((one) =>
          Buffer.from(one),
        );
        entries.putSync(uint64(5), b!);
        entries.putSync(uint64(6), a!);
      },
      'ERR_JOURNAL_ORDER',
    ],
    [
      'an entry was inserted',
      ({ entries }) =>
        void entries.putSync(concat(uint64(5), utf8('x')), Buffer.from(entries.get(uint64(5))!)),
      'ERR_JOURNAL_INSERTED',
    ],
    [
      'the console confirmed more than there is',
      (databases) => {
        cutAfter(8)(databases);
        databases.meta.putSync(utf8('uploaded'), uint64(9));
      },
      'ERR_JOURNAL_TAIL',
    ],
    [
      'an entry became garbage',
      ({ entries }) => void entries.putSync(uint64(5), utf8('x')),
      'ERR_JOURNAL_ENTRY',
    ],
    ['the tail was cut under a checkpoint', cutAfter(7), 'ERR_JOURNAL_TAIL'],
    ['the tail was cut to before the first checkpoint', cutAfter(2), 'ERR_JOURNAL_TAIL'],
    [
      'a checkpoint is of another place',
      ({ checkpoints }) => void checkpoints.putSync(uint64(3), checkpoints.get(uint64(4))!),
      'ERR_JOURNAL_CHECKPOINT',
    ],
  ])('%s', async (_, change, code) => {
    await written();
    await edit(change);
    expect(verify).toThrow(withCode(code));
  });

  test('cut after the newest checkpoint, it looks whole: only who noted the end can tell', async () => {
    await written();
    const { hash } = verify();
    await edit(cutAfter(8));
    expect(verify()).toMatchObject({ entries: 8, unsigned: 0 });
    expect(() => verify({ sequence: 10, hash })).toThrow(withCode('ERR_JOURNAL_TAIL'));
  });

  test('checkpoints of another device key', async () => {
    await written();
    device = await store.publicKey('publisher');
    expect(verify).toThrow(withCode('ERR_JOURNAL_SIGNATURE'));
  });
});

describe('Journal.checkpoint', () => {
  test('nothing new, no checkpoint', async () => {
    const journal = Journal.open(directory, GATE_ID);
    onTestFinished(() => journal.close());
    expect(await journal.checkpoint(1, sign)).toBeUndefined();
    journal.append({ kind: 'start', at: 1, monotonicMs: 1, detail: 'gate' });
    expect(await journal.checkpoint(2, sign)).toMatchObject({ sequence: 1, at: 2 });
    expect(await journal.checkpoint(3, sign)).toBeUndefined();
    expect(journal.lastCheckpoint).toBe(1);
  });
});

describe('Checkpoints', () => {
  function start(signer = sign) {
    const journal = Journal.open(directory, GATE_ID);
    onTestFinished(() => journal.close());
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const checkpoints = new Checkpoints({ journal, sign: signer, now: () => 1, onError });
    const append = (count: number) => {
      for (let i = 0; i < count; i++) {
        journal.append({ kind: 'fault', at: i, monotonicMs: i, detail: 'x' });
        checkpoints.entry();
      }
    };
    return { journal, checkpoints, append, errors };
  }

  test('every 256 entries, and one more at the end', async () => {
    const { journal, checkpoints, append } = start();
    append(255);
    await new Promise(setImmediate);
    expect(journal.lastCheckpoint).toBe(0);
    append(1);
    await vi.waitFor(() => expect(journal.lastCheckpoint).toBe(256));
    append(10);
    await checkpoints.close();
    expect([...journal.checkpoints()].map(({ sequence }) => sequence)).toEqual([256, 266]);
    expect(verifyJournal(journal, device)).toMatchObject({ unsigned: 0 });
  });

  test('a device key that fails is told, and tried again later', async () => {
    let failing = true;
    const { journal, checkpoints, append, errors } = start((message) =>
      failing ? Promise.reject(new Error('down')) : sign(message),
    );
    append(256);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    failing = false;
    append(1);
    await checkpoints.close();
    expect(journal.lastCheckpoint).toBe(257);
  });
});
