import { join } from 'node:path';
import { admit, leave } from '@pinless-gate/gate-firmware/admission/state';
import { Passages } from '@pinless-gate/gate-firmware/lane/passages';
import type { PassageEntry } from '@pinless-gate/protocol/journal';
import type { Direction } from '@pinless-gate/protocol/lane-mode';
import { describe, expect, test } from 'vitest';
import { temporary } from '../fixture.ts';
import { LedgerRig } from './ledger.ts';

const OPERATOR = { id: 'tanaka', role: 'lead' } as const;

class Lane extends LedgerRig {
  readonly troubles: (string | undefined)[] = [];
  readonly broken: unknown[] = [];
  readonly passages: Passages;

  constructor({ present = true, directory }: { present?: boolean; directory?: string } = {}) {
    super(directory);
    this.passages = new Passages({
      ledger: this.ledger,
      present,
      after: this.after,
      onEntry: () => undefined,
      onTrouble: (error) => this.troubles.push(error?.code),
      onBroken: (error) => this.broken.push(error),
    });
  }

  /** Admits tickets as a decision does, and opens for them. */
  admits(numbers: readonly string[], direction: Direction = 'in', annulAfterS = 8): number {
    const sequence = this.ledger.next;
    const awaitsPassage = this.passages.witnessed;
    const movement = { sequence, at: this.now(), awaitsPassage };
    const move = direction === 'in' ? admit : leave;
    const states = numbers.map((no) => [no, move(this.ledger.state(no), movement)] as const);
    const tickets = states.map(([ticketNo, { entries }]) => ({ ticketNo, entry: entries }));
    const act = { kind: 'act', act: 'override', operator: OPERATOR, reason: 'x', tickets } as const;
    this.ledger.write(act, new Map(states));
    this.passages.opened({ sequence, direction, tickets, people: tickets.length }, annulAfterS);
    return sequence;
  }

  told(): string[] {
    return this.entries()
      .filter((entry): entry is PassageEntry => entry.kind === 'passage')
      .map(({ outcome, of, direction, tickets, people }) =>
        [outcome, of ?? '-', direction, people, ...tickets.map((one) => one.ticketNo)].join(' '),
      );
  }
}

describe('somebody admitted', () => {
  test('who passes is in for good', () => {
    const lane = new Lane();
    lane.admits(['T-1']);
    expect(lane.ledger.state('T-1').pending).toBeDefined();
    lane.passages.sensed('in');
    lane.pass(60_000);
    expect(lane.told()).toEqual(['passed 1 in 1 T-1']);
    expect(lane.ledger.state('T-1')).toMatchObject({ entries: 1, inside: true });
    expect(lane.ledger.state('T-1').pending).toBeUndefined();
  });

  test('nobody passes: the entry is given back after the time, not before', () => {
    const lane = new Lane();
    lane.admits(['T-1']);
    lane.pass(7999);
    expect(lane.told()).toEqual([]);
    lane.pass(1);
    expect(lane.told()).toEqual(['annulled 1 in 1 T-1']);
    expect(lane.ledger.state('T-1')).toMatchObject({ entries: 0, inside: false });
  });

  test('a party: each who passes gives the others the time again; the last are annulled', () => {
    const lane = new Lane();
    lane.admits(['T-1', 'T-2', 'T-3', 'T-4']);
    lane.passages.sensed('in');
    lane.pass(7000);
    lane.passages.sensed('in');
    lane.pass(7000);
    expect(lane.passages.expected).toBe(2);
    lane.pass(1000);
    expect(lane.told()).toEqual([
      'passed 1 in 1 T-1',
      'passed 1 in 1 T-2',
      'annulled 1 in 2 T-3 T-4',
    ]);
    const inside = ['T-1', 'T-2', 'T-3', 'T-4'].map((no) => lane.ledger.state(no).inside);
    expect(inside).toEqual([true, true, false, false]);
  });

  test('two after each other: who passes first is taken for the first', () => {
    const lane = new Lane();
    lane.admits(['T-1']);
    lane.pass(3000);
    lane.admits(['T-2']);
    lane.passages.sensed('in');
    lane.pass(60_000);
    expect(lane.told()).toEqual(['passed 1 in 1 T-1', 'annulled 2 in 1 T-2']);
  });

  test('a way out that nobody takes', () => {
    const lane = new Lane();
    lane.admits(['T-1']);
    lane.passages.sensed('in');
    lane.admits(['T-1'], 'out');
    lane.pass(8000);
    expect(lane.told().at(-1)).toBe('annulled 3 out 1 T-1');
    expect(lane.ledger.state('T-1').inside).toBe(true);
  });

  test('staff took it back: nothing is looked out for', () => {
    const lane = new Lane();
    lane.passages.forget(lane.admits(['T-1']));
    lane.pass(60_000);
    expect(lane.told()).toEqual([]);
  });

  test('a policy without a time: it counts at once, and that nobody came is noted', () => {
    const lane = new Lane();
    const sequence = lane.ledger.next;
    const tickets = [{ ticketNo: 'T-1', entry: 1 }];
    lane.passages.opened({ sequence, direction: 'in', tickets, people: 1 }, undefined);
    lane.pass(10_000);
    expect(lane.told()).toEqual([`missing ${sequence} in 1 T-1`]);
  });

  test('without a sensor there is no second phase', () => {
    const lane = new Lane({ present: false });
    lane.admits(['T-1']);
    lane.pass(60_000);
    expect(lane.told()).toEqual([]);
    expect(lane.ledger.state('T-1')).toMatchObject({ entries: 1, inside: true });
    expect(lane.ledger.state('T-1').pending).toBeUndefined();
  });
});

describe('somebody whom nothing opened for', () => {
  test.each<[string, (lane: Lane) => void]>([
    ['with nobody admitted', () => undefined],
    [
      'after the one who was',
      (lane) => {
        lane.admits(['T-1']);
        lane.passages.sensed('out');
      },
    ],
    ['the other way', (lane) => void lane.admits(['T-1'])],
  ])('%s', (_, before) => {
    const lane = new Lane();
    before(lane);
    lane.passages.sensed('out');
    expect(lane.told().at(-1)).toBe('unexpected - out 1');
  });

  test('while the barrier is held open: a passage, and no admission is waited for', () => {
    const lane = new Lane();
    lane.passages.hold(true);
    lane.admits(['T-1']);
    lane.passages.sensed('out');
    lane.pass(60_000);
    expect(lane.told()).toEqual(['passed - out 1']);
    expect(lane.ledger.state('T-1')).toMatchObject({ entries: 1 });
  });
});

describe('a sensor that sees nobody of three in a row', () => {
  function blinded(): Lane {
    const lane = new Lane();
    for (const no of ['T-1', 'T-2', 'T-3']) {
      lane.admits([no]);
      lane.pass(8000);
    }
    return lane;
  }

  test('is no witness: the third admission stands, and those after it', () => {
    const lane = blinded();
    lane.admits(['T-4']);
    lane.pass(8000);
    expect(lane.told().map((line) => line.split(' ')[0])).toEqual([
      'annulled',
      'annulled',
      'missing',
      'missing',
    ]);
    expect(lane.ledger.state('T-3')).toMatchObject({ entries: 1, inside: true });
    expect(lane.troubles).toEqual(['ERR_PASSAGE_BLIND']);
  });

  test('is believed again when it sees somebody', () => {
    const lane = blinded();
    lane.passages.sensed('in');
    lane.admits(['T-5']);
    lane.pass(8000);
    expect(lane.troubles).toEqual(['ERR_PASSAGE_BLIND', undefined]);
    expect(lane.told().slice(-2)).toEqual(['unexpected - in 1', 'annulled 8 in 1 T-5']);
  });
});

describe('after a restart', () => {
  test('in doubt a person is inside', () => {
    const directory = join(temporary(), 'journal');
    const before = new Lane({ directory });
    before.admits(['T-0']);
    before.passages.sensed('in');
    const entered = before.admits(['T-1', 'T-2']);
    const left = before.admits(['T-0'], 'out');
    before.passages.close();
    before.pass(60_000);
    const lane = new Lane({ directory });
    lane.passages.settle();
    expect(lane.told().slice(-2)).toEqual([
      `missing ${entered} in 2 T-1 T-2`,
      `annulled ${left} out 1 T-0`,
    ]);
    for (const no of ['T-0', 'T-1', 'T-2']) {
      expect(lane.ledger.state(no)).toMatchObject({ entries: 1, inside: true });
      expect(lane.ledger.state(no).pending).toBeUndefined();
    }
    const { sequence } = lane.journal;
    lane.passages.settle();
    expect(lane.journal.sequence).toBe(sequence);
  });
});

test('a journal that cannot be written is told', async () => {
  const lane = new Lane();
  await lane.journal.close();
  lane.passages.sensed('in');
  expect(lane.broken).toHaveLength(1);
});
