import { join } from 'node:path';
import type { GateConfig } from '@pinless-gate/gate-firmware/config';
import { Journaling } from '@pinless-gate/gate-firmware/journaling';
import { systemClock } from '@pinless-gate/gate-firmware/lane/clock';
import { toHex } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry, type NoteEntry } from '@pinless-gate/protocol/journal';
import type { Logger } from '@pinless-gate/runtime/log';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { GATE_ID, temporary } from './fixture.ts';

let wall: number;

beforeEach(() => {
  wall = Date.UTC(2026, 11, 20, 15);
  vi.spyOn(systemClock, 'now').mockImplementation(() => wall);
  vi.spyOn(systemClock, 'monotonic').mockReturnValue(5000);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function open() {
  const said: [object, string][] = [];
  const say = (what: object, message: string) => said.push([what, message]);
  const log = { info: say, warn: say, error: say } as unknown as Logger;
  const config = { journalDirectory: join(temporary(), 'journal'), gateId: GATE_ID } as GateConfig;
  const journaling = Journaling.open(config, log);
  onTestFinished(() => journaling.close());
  const details = () =>
    [...journaling.journal.all()].map(
      (encoded) => (decodeJournalEntry(encoded).entry as NoteEntry).detail,
    );
  return { journaling, said, details };
}

describe('a disk that fills up', () => {
  test('is told once when it is low, and again when it is low again', () => {
    const { journaling, details } = open();
    const free = vi.spyOn(journaling.journal, 'freeShare', 'get');
    for (const share of [0.5, 0.09, 0.08, 0.3, 0.05]) {
      free.mockReturnValue(share);
      journaling.entry();
    }
    expect(details()).toEqual(['ERR_DISK_LOW', 'ERR_DISK_LOW']);
  });
});

describe('a clock that moves', () => {
  test('by a little: noted with its size, and it is no fault', () => {
    const { journaling, details } = open();
    expect(journaling.clockFault()).toBeUndefined();
    wall += 3000;
    expect(journaling.clockFault()).toBeUndefined();
    expect(journaling.clockFault()).toBeUndefined();
    expect(details()).toEqual(['clock moved +3000 ms']);
  });

  test('by a day: a fault, and what is noted meanwhile has the time of before', () => {
    const { journaling } = open();
    journaling.note('list', 'applied');
    const { at } = decodeJournalEntry(journaling.journal.read(1, 1)[0]!).entry;
    wall -= 86_400_000;
    expect(journaling.clockFault()?.code).toBe('ERR_CLOCK_BACK');
    journaling.note('fault', 'ERR_CLOCK_BACK');
    const noted = decodeJournalEntry(journaling.journal.read(2, 1)[0]!).entry.at;
    expect(noted).toBe(at);
  });
});

describe('the end', () => {
  test('says where the journal ends', () => {
    const { journaling, said } = open();
    journaling.start();
    journaling.stop();
    const hash = toHex(journaling.journal.hash).slice(0, 16);
    expect(said.at(-1)).toEqual([{ sequence: 2, hash }, 'the journal ends']);
  });
});
