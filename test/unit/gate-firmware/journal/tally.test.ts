import type { NewEntry } from '@pinless-gate/gate-firmware/journal/journal';
import { EntryTally } from '@pinless-gate/gate-firmware/journal/tally';
import type { JournalEntry } from '@pinless-gate/protocol/journal';
import { describe, expect, test } from 'vitest';
import { GATE_ID } from '../fixture.ts';

const TIMES = { at: 1, monotonicMs: 1 };
const tickets = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ticketNo: `T-${i}`, entry: 1 }));
const admitted = (count: number, more = {}): NewEntry => ({
  ...{ ...TIMES, kind: 'decision', outcome: 'admitted', code: 'K7-42', steps: {} },
  ...{ tickets: tickets(count), ...more },
});
const passage = (outcome: 'passed' | 'annulled' | 'missing', count: number): NewEntry => ({
  ...{ ...TIMES, kind: 'passage', outcome, of: 1, direction: 'in', people: count },
  tickets: tickets(count),
});
const act = (name: 'undo' | 'override', of: number, count: number): NewEntry => ({
  ...{ ...TIMES, kind: 'act', act: name, operator: { id: 'a', role: 'lead' }, reason: 'x', of },
  tickets: tickets(count),
});

function counted(...entries: NewEntry[]) {
  const tally = new EntryTally();
  entries.forEach((entry, i) => {
    tally.count({ ...entry, sequence: i + 1, gateId: GATE_ID } as JournalEntry);
  });
  return tally.result();
}

describe('EntryTally', () => {
  test.each<[string, NewEntry[], { entered: number; left?: number }]>([
    ['a party of three', [admitted(3)], { entered: 3 }],
    ['one that passed', [admitted(1), passage('passed', 1)], { entered: 1 }],
    ['one that nobody was seen of', [admitted(1), passage('missing', 1)], { entered: 1 }],
    ['one that was annulled', [admitted(1), passage('annulled', 1)], { entered: 0 }],
    ['two of three annulled', [admitted(3), passage('annulled', 2)], { entered: 1 }],
    ['one that was undone', [admitted(1), act('undo', 1, 1)], { entered: 0 }],
    ['one by hand', [act('override', 1, 1)], { entered: 1 }],
    ['in and out', [admitted(1), admitted(1, { direction: 'out' })], { entered: 1, left: 1 }],
    [
      'an exit that was undone',
      [admitted(1), admitted(1, { direction: 'out' }), act('undo', 2, 1)],
      { entered: 1, left: 0 },
    ],
    ['a rehearsal', [admitted(2, { mode: 'rehearsal' })], { entered: 0 }],
  ])('%s', (_, entries, expected) => {
    expect(counted(...entries)).toMatchObject({ left: 0, ...expected });
  });

  test('refusals by reason', () => {
    const refused = (reason: string) => admitted(0, { outcome: 'refused', reason });
    const result = counted(refused('a'), refused('b'), refused('a'));
    expect(result).toEqual({ admitted: 0, refused: { a: 2, b: 1 }, entered: 0, left: 0 });
  });
});
