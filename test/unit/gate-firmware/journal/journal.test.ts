import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TicketState } from '@pinless-gate/gate-firmware/admission/state';
import { Journal, type NewEntry } from '@pinless-gate/gate-firmware/journal/journal';
import { openDatabase, openDurable } from '@pinless-gate/gate-firmware/storage/lmdb';
import { concat, equal, uint64, utf8 } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry, hashEntry, journalOrigin } from '@pinless-gate/protocol/journal';
import { JournalVerifier } from '@pinless-gate/protocol/journal/chain';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EVENT_ID, GATE_ID, temporary, withCode } from '../fixture.ts';

const NOTE: NewEntry = { kind: 'fault', at: 1, monotonicMs: 2, detail: 'ERR_TEST' };
const OTHER_EVENT = new Uint8Array(16).fill(9);
/** State of a ticket that entered so often, with nothing else known of it. */
const state = (entries: number): TicketState | undefined =>
  entries === 0
    ? undefined
    : { revision: entries, entries, inside: true, lastEntryAt: 999 + entries };
const entered = (entriesBefore: number, ticketNo = 'T-1') => ({
  eventId: EVENT_ID,
  ticketNo,
  before: state(entriesBefore),
  after: state(entriesBefore + 1)!,
});

function open(directory = join(temporary(), 'journal')): Journal {
  const journal = Journal.open(directory, GATE_ID);
  onTestFinished(() => journal.close());
  return journal;
}

/** Opens, acts, closes: what stays is what was on the disk. */
async function session(directory: string, action: (journal: Journal) => void): Promise<void> {
  const journal = Journal.open(directory, GATE_ID);
  try {
    action(journal);
  } finally {
    await journal.close();
  }
}

/** As somebody could edit the file who knows it. */
async function edit(
  directory: string,
  database: string,
  change: (db: ReturnType<typeof openDatabase>) => void,
): Promise<void> {
  const environment = openDurable(directory);
  const db = openDatabase(environment, database);
  environment.transactionSync(() => change(db));
  await environment.close();
}

describe('Journal.append', () => {
  test('begins at 1, after the origin of this gate', () => {
    const journal = open();
    expect(journal.sequence).toBe(0);
    expect(equal(journal.hash, journalOrigin(GATE_ID))).toBe(true);
    expect(journal.newestTime()).toBeUndefined();
    const { sequence, encoded } = journal.append(NOTE);
    expect(sequence).toBe(1);
    expect(equal(decodeJournalEntry(encoded).previous, journalOrigin(GATE_ID))).toBe(true);
    expect(equal(journal.hash, hashEntry(encoded))).toBe(true);
    expect(journal.newestTime()).toBe(1);
  });

  test.each([
    ['nothing', [], true],
    ['a stop', ['start', 'stop'], true],
    ['a stop, and a list that somebody applied', ['start', 'stop', 'list'], true],
    ['a start', ['start', 'stop', 'start'], false],
    ['a fault while it ran', ['start', 'list', 'fault'], false],
  ] as const)('%s at its end says whether it ended in order', (_, kinds, inOrder) => {
    const journal = open();
    for (const kind of kinds) journal.append({ ...NOTE, kind });
    expect(journal.endedInOrder()).toBe(inOrder);
  });

  test('every entry names the one before, also after it was opened again', async () => {
    const directory = join(temporary(), 'journal');
    for (let i = 0; i < 3; i++) {
      await session(directory, (journal) => {
        for (let n = 0; n < 3; n++) journal.append({ ...NOTE, at: 10 * i + n });
      });
    }
    const journal = open(directory);
    const verifier = new JournalVerifier(GATE_ID);
    for (const encoded of journal.all()) verifier.entry(encoded);
    expect([verifier.sequence, journal.sequence]).toEqual([9, 9]);
    expect(equal(journal.hash, verifier.hash)).toBe(true);
  });

  test('changes entry and tickets together', async () => {
    const directory = join(temporary(), 'journal');
    await session(directory, (journal) => {
      journal.append(NOTE, [entered(0), entered(0, 'T-2')]);
      journal.append(NOTE, [entered(1)]);
    });
    const journal = open(directory);
    expect(journal.ticketState(EVENT_ID, 'T-1')).toEqual(state(2));
    expect(journal.ticketState(EVENT_ID, 'T-2')).toEqual(state(1));
    expect(journal.ticketState(EVENT_ID, 'T-3')).toBeUndefined();
    expect(journal.ticketState(OTHER_EVENT, 'T-1')).toBeUndefined();
  });

  test.each([
    ['entered meanwhile', [entered(0)]],
    ['never entered', [entered(2)]],
    ['is fine, but the next one is not', [entered(0, 'T-2'), entered(0)]],
  ])('a ticket that %s: nothing is written, and the journal goes on', (_, changes) => {
    const journal = open();
    journal.append(NOTE, [entered(0)]);
    const { hash } = journal;
    expect(() => journal.append(NOTE, changes)).toThrow(withCode('ERR_JOURNAL_CONFLICT'));
    expect([journal.sequence, journal.hash]).toEqual([1, hash]);
    expect([...journal.all()]).toHaveLength(1);
    expect(journal.ticketState(EVENT_ID, 'T-1')?.entries).toBe(1);
    expect(journal.ticketState(EVENT_ID, 'T-2')).toBeUndefined();
    expect(journal.append(NOTE, [entered(1)]).sequence).toBe(2);
  });

  test('one ticket twice in one decision is a conflict', () => {
    const journal = open();
    expect(() => journal.append(NOTE, [entered(0), entered(0)])).toThrow(
      withCode('ERR_JOURNAL_CONFLICT'),
    );
    expect(journal.ticketState(EVENT_ID, 'T-1')).toBeUndefined();
  });
});

describe('Journal.read', () => {
  test.each([
    [1, 3, [1, 2, 3]],
    [4, 10, [4, 5]],
    [5, 1, [5]],
    [6, 10, []],
    [1, 0, []],
  ])('from %i, at most %i', (from, limit, expected) => {
    const journal = open();
    for (let i = 0; i < 5; i++) journal.append(NOTE);
    const sequences = journal
      .read(from, limit)
      .map((encoded) => decodeJournalEntry(encoded).entry.sequence);
    expect(sequences).toEqual(expected);
  });
});

describe('the list floor', () => {
  test('rises with an entry and stays over a restart, for each event alone', async () => {
    const directory = join(temporary(), 'journal');
    await session(directory, (journal) => {
      expect(journal.listFloor(EVENT_ID)).toBe(0);
      journal.raiseListFloor(EVENT_ID, 4, { ...NOTE, kind: 'list', detail: 'applied' });
    });
    const journal = open(directory);
    expect([journal.listFloor(EVENT_ID), journal.listFloor(OTHER_EVENT)]).toEqual([4, 0]);
    expect(journal.sequence).toBe(1);
  });

  test('never falls, and then nothing is written', () => {
    const journal = open();
    journal.raiseListFloor(EVENT_ID, 4, NOTE);
    expect(() => journal.raiseListFloor(EVENT_ID, 3, NOTE)).toThrow(withCode('ERR_JOURNAL_FLOOR'));
    expect([journal.listFloor(EVENT_ID), journal.sequence]).toEqual([4, 1]);
    journal.raiseListFloor(EVENT_ID, 4, NOTE);
    expect(journal.sequence).toBe(2);
  });
});

describe('Journal.uploaded', () => {
  test('is kept, in both directions', async () => {
    const directory = join(temporary(), 'journal');
    await session(directory, (journal) => {
      expect(journal.uploaded).toBe(0);
      journal.uploaded = 7;
      journal.uploaded = 3;
    });
    expect(open(directory).uploaded).toBe(3);
  });
});

describe('Journal.open', () => {
  async function written(): Promise<string> {
    const directory = join(temporary(), 'journal');
    await session(directory, (journal) => {
      for (let i = 0; i < 3; i++) journal.append(NOTE);
    });
    return directory;
  }

  test('of another gate', async () => {
    const directory = await written();
    const other = new Uint8Array(16).fill(1);
    expect(() => Journal.open(directory, other)).toThrow(withCode('ERR_JOURNAL_GATE'));
  });

  test('the newest entry was cut off', async () => {
    const directory = await written();
    await edit(directory, 'entries', (db) => db.removeSync(uint64(3)));
    expect(() => Journal.open(directory, GATE_ID)).toThrow(withCode('ERR_JOURNAL_HEAD'));
  });

  test('the newest entry was edited', async () => {
    const directory = await written();
    await edit(directory, 'entries', (db) => {
      const octets = Buffer.from(db.get(uint64(3))!);
      octets[octets.length - 1] = octets.at(-1)! ^ 1;
      db.putSync(uint64(3), octets);
    });
    expect(() => Journal.open(directory, GATE_ID)).toThrow(withCode('ERR_JOURNAL_HEAD'));
  });

  test('the head points beyond the end', async () => {
    const directory = await written();
    await edit(directory, 'meta', (db) =>
      db.putSync(utf8('head'), concat(uint64(9), new Uint8Array(32))),
    );
    expect(() => Journal.open(directory, GATE_ID)).toThrow(withCode('ERR_JOURNAL_HEAD'));
  });
});

describe('the file under an open journal', () => {
  const file = (directory: string) => join(directory, 'data.mdb');

  test.each([
    ['deleted', (directory: string) => rmSync(file(directory))],
    [
      'replaced by a copy of itself',
      (directory: string) => {
        copyFileSync(file(directory), `${file(directory)}.copy`);
        renameSync(`${file(directory)}.copy`, file(directory));
      },
    ],
  ])('%s: nothing more is written, and it stays so', (_, spoil) => {
    const directory = join(temporary(), 'journal');
    const journal = open(directory);
    journal.append(NOTE);
    spoil(directory);
    expect(() => journal.append(NOTE)).toThrow(withCode('ERR_JOURNAL_REPLACED'));
    expect(() => journal.append(NOTE)).toThrow(withCode('ERR_JOURNAL_REPLACED'));
    expect(journal.sequence).toBe(1);
  });
});
