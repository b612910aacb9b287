import { join } from 'node:path';
import { Modes } from '@pinless-gate/gate-firmware/lane/modes';
import { LANE_MODES } from '@pinless-gate/protocol/lane-mode';
import { describe, expect, test } from 'vitest';
import { temporary } from '../fixture.ts';
import { LedgerRig } from './ledger.ts';

const ACT = { operator: { id: 'sato', role: 'lead' }, reason: 'doors' } as const;

class Lane extends LedgerRig {
  readonly done: string[] = [];
  readonly modes: Modes;

  constructor(directory?: string, hold: (open: boolean) => Promise<void> = async () => undefined) {
    super(directory);
    this.modes = new Modes({
      ledger: this.ledger,
      turnstile: {
        hold: (open) => {
          this.done.push(`hold ${open} after ${this.journal.sequence}`);
          return hold(open);
        },
      },
      stand: (standing) => this.done.push(standing),
      onHold: (open) => this.done.push(`held ${open}`),
      onError: (what) => this.done.push(`error ${what}`),
    });
  }
}

describe('a mode', () => {
  test.each(LANE_MODES)('%s stays over a restart', async (mode) => {
    const directory = join(temporary(), 'journal');
    const lane = new Lane(directory);
    lane.modes.take(mode, ACT);
    expect(lane.entries()).toMatchObject([{ kind: 'act', act: 'mode', detail: mode, ...ACT }]);
    expect(new Lane(directory).modes.current).toBe(mode);
  });

  test('for the time being is over with the program that took it', () => {
    const directory = join(temporary(), 'journal');
    const lane = new Lane(directory);
    lane.modes.take('closed', ACT);
    lane.modes.take('rehearsal', ACT, 'closed');
    expect(lane.modes.current).toBe('rehearsal');
    expect(lane.entries().at(-1)).toMatchObject({ act: 'mode', detail: 'rehearsal' });
    expect(new Lane(directory).modes.current).toBe('closed');
  });

  test('is journalled before the barrier moves', () => {
    const lane = new Lane();
    lane.modes.take('always-open', ACT);
    lane.modes.take('normal', ACT);
    expect(lane.done).toEqual([
      'hold true after 1',
      'held true',
      'open',
      'hold false after 2',
      'held false',
      'idle',
    ]);
  });

  test('that leaves the barrier alone does not move it', () => {
    const lane = new Lane();
    for (const mode of ['entry-only', 'exit-only', 'closed', 'rehearsal'] as const) {
      lane.modes.take(mode, ACT);
    }
    expect(lane.done).toEqual(['idle', 'idle', 'closed', 'idle']);
  });

  test('that cannot be written is not taken', async () => {
    const lane = new Lane();
    await lane.journal.close();
    expect(() => lane.modes.take('always-open', ACT)).toThrow(
      expect.objectContaining({ code: 'ERR_JOURNAL_BROKEN' }),
    );
    expect(lane.modes.current).toBe('normal');
    expect(lane.done).toEqual([]);
  });
});

describe('an evacuation', () => {
  test('opens before it is journalled', () => {
    const lane = new Lane();
    expect(lane.modes.take('evacuate', ACT)).toBe(1);
    expect(lane.done).toEqual(['hold true after 0', 'held true', 'evacuate']);
  });

  test('opens whatever becomes of the journal', async () => {
    const lane = new Lane();
    await lane.journal.close();
    expect(lane.modes.take('evacuate', ACT)).toBeUndefined();
    expect(lane.done.map((line) => line.split(' after')[0])).toEqual([
      'hold true',
      'held true',
      'evacuate',
      'error journal',
    ]);
    expect(lane.modes.current).toBe('evacuate');
  });

  test('goes on after a restart: the barrier is held again', () => {
    const directory = join(temporary(), 'journal');
    new Lane(directory).modes.take('evacuate', ACT);
    const lane = new Lane(directory);
    lane.modes.resume();
    expect(lane.done).toEqual(['hold true after 1', 'held true', 'evacuate']);
  });

  test('a turnstile that does not obey is told', async () => {
    const lane = new Lane(undefined, () => Promise.reject(new Error('stuck')));
    lane.modes.take('evacuate', ACT);
    await expect.poll(() => lane.done).toContain('error turnstile');
  });
});

test('a barrier that nobody holds is not closed on anybody at the start', () => {
  const lane = new Lane();
  lane.modes.resume();
  expect(lane.done).toEqual(['idle']);
});
