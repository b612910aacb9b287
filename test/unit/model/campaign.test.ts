import { describe, expect, test } from 'vitest';
import { campaign, formatCounterExample } from '../../model/campaign.ts';
import { OctetMemory } from '../../model/memory.ts';
import { planOf } from '../../model/plan.ts';

/** All that the rules and modes of a lane can come to; the rest of the reasons is for what is no ticket's. */
const OUTCOMES = [
  'already-admitted',
  'already-open',
  'companion-first',
  'daily-limit',
  'evacuation',
  'event-paused',
  'gate-limit',
  'in',
  'lane-closed',
  'lane-entry-only',
  'lane-exit-only',
  'no-reentry',
  'not-inside',
  'not-listed',
  'not-yet-minimum-time',
  'out',
  'still-inside',
  'ticket-blocked',
  'too-early',
  'too-late',
  'wrong-gate',
  'wrong-zone',
];

/** A gate that forgets when somebody left. */
class Forgetful extends OctetMemory {
  override read(ticketNo: string) {
    const state = super.read(ticketNo);
    if (!state) return state;
    const { lastExitAt: _, ...rest } = state;
    return rest;
  }
}

describe('the gate and a second telling of its rules', () => {
  test('say the same, and reach every outcome', { timeout: 120_000 }, async () => {
    const report = await campaign({ sequences: 1500, seed: 1, journalEvery: 300 });
    expect(report.found && formatCounterExample(report.found)).toBeUndefined();
    expect(report.throughJournal).toBe(5);
    expect(report.outcomes).toEqual(OUTCOMES);
  });

  test('part where a gate forgets, and the example is short', { timeout: 120_000 }, async () => {
    const memory = () => new Forgetful();
    const { found } = await campaign({ sequences: 1000, seed: 1, journalEvery: 0, memory });
    expect(found!.plan.ops.length).toBeLessThanOrEqual(5);
    expect(formatCounterExample(found!)).toContain(`seed ${found!.seed}: after`);
  });

  test('a seed gives the same sequence wherever it is played', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7).ops).not.toEqual(planOf(8).ops);
  });
});
