import { DisplayBus } from '@pinless-gate/gate-firmware/display/state';
import type { TapResult } from '@pinless-gate/gate-firmware/lane/tap';
import { Listeners } from '@pinless-gate/gate-firmware/listeners';
import type { PrintReport } from '@pinless-gate/gate-firmware/receipt/printer';
import { rehearse } from '@pinless-gate/gate-firmware/rehearsal/rehearse';
import type { StepReport } from '@pinless-gate/gate-firmware/rehearsal/report';
import { Stage } from '@pinless-gate/gate-firmware/rehearsal/stage';
import type { LaneMode } from '@pinless-gate/protocol/lane-mode';
import { REFUSAL_REASONS, type RefusalReason } from '@pinless-gate/protocol/refusal';
import { describe, expect, test } from 'vitest';

interface Lane {
  /** What the lane shows instead of some reasons. */
  readonly shows?: Partial<Record<RefusalReason, 'out-of-service'>>;
  readonly printed?: PrintReport['outcome'] | 'silent';
  readonly turnstile?: () => Promise<void>;
}

const SEAT = { gate: 'B' };

/** A lane of fakes, and what is tapped at it. */
function lane({ shows = {}, printed = 'printed', turnstile = async () => undefined }: Lane = {}) {
  const display = new DisplayBus();
  const taps = new Listeners<TapResult>();
  const reports = new Listeners<PrintReport>();
  const opened: string[] = [];
  let mode: LaneMode = 'rehearsal';
  let now = 0;
  const refuse = (reason: RefusalReason) => {
    if (shows[reason]) display.show({ state: 'out-of-service', code: 'ERR_X' });
    else if (reason === 'already-open') display.show({ state: 'already-open', language: 'ja' });
    else if (reason === 'card-removed')
      display.show({ state: 'removed', language: 'ja', remainingMs: 2000 });
    else display.show({ state: 'refused', language: 'ja', reason, code: 'Z0-00' });
  };
  const stage = new Stage({
    display,
    taps,
    printer: {
      print: () => undefined,
      state: 'ok',
      onState: () => () => undefined,
      onReport: (listener) => reports.add(listener),
      close: async () => undefined,
    },
    turnstile: {
      open: ({ id }) => {
        opened.push(id);
        return turnstile();
      },
      hold: async () => undefined,
      close: async () => undefined,
    },
    showRefusal: refuse,
    idOf: (sequence) => `gate-${sequence}`,
    now: () => now++,
    printMs: 20,
  });
  const tell = (decision: object) =>
    taps.tell({ sequence: 5, decision, steps: { identify: 10 } } as unknown as TapResult);
  return {
    stage,
    display,
    opened,
    mode: () => mode,
    become: (next: LaneMode) => {
      mode = next;
    },
    admit() {
      display.show({ state: 'hold', progress: 0 });
      const tickets = [{ seat: SEAT, category: 'adult', place: 1 }];
      display.show({ state: 'admitted', language: 'ja', tickets, partySize: 1 });
      tell({ admitted: true, direction: 'in', tickets: [{ ticket: { place: 1 }, entry: 1 }] });
      if (printed !== 'silent') reports.tell({ id: 'gate-5-1', outcome: printed });
    },
    refuse(reason: RefusalReason) {
      display.show({ state: 'hold', progress: 0 });
      refuse(reason);
      tell({ admitted: false, reason });
    },
  };
}

const nobody = () => undefined;

const ADMITTED = { name: 'one adult', card: 'a', expect: 'admitted' } as const;

async function play(
  one: ReturnType<typeof lane>,
  onTap: () => void,
  { step = ADMITTED as { name: string; card: string; expect: 'admitted' | RefusalReason } } = {},
  signal = new AbortController().signal,
): Promise<StepReport[]> {
  return rehearse({
    plan: { steps: [step] },
    stage: one.stage,
    mode: one.mode,
    // The card comes once somebody waits for it.
    onTap: () => setImmediate(onTap),
    onStep: () => undefined,
    tapMs: onTap === nobody ? 20 : 5000,
    pauseMs: 0,
    signal,
  });
}

describe('a rehearsal', () => {
  test('a card, then every reason for a refusal', async () => {
    const one = lane();
    // A browser.
    one.display.subscribe(() => undefined);
    const [first, ...shown] = await play(one, one.admit);
    expect(first).toEqual({
      name: 'one adult',
      way: 'tapped',
      expected: 'admitted',
      actual: 'admitted',
      display: 'admitted',
      screens: 1,
      shownAfter: expect.any(Number),
      openedAfter: expect.any(Number),
      printedAfter: expect.any(Number),
      steps: { identify: 10 },
      turnstile: 'opened',
      receipts: ['printed'],
      asExpected: true,
    });
    expect(one.opened).toEqual(['gate-5']);
    expect(shown.map(({ actual }) => actual)).toEqual([...REFUSAL_REASONS]);
    expect(shown.every(({ way, asExpected }) => way === 'shown' && asExpected)).toBe(true);
  });

  test('another outcome than expected', async () => {
    const one = lane();
    const [first] = await play(one, () => one.refuse('phone'));
    expect(first).toMatchObject({ expected: 'admitted', actual: 'phone', asExpected: false });
    expect(one.opened).toEqual([]);
  });

  test('a reason that a card brings about is not shown again', async () => {
    const one = lane();
    const step = { name: 'a phone', card: 'p', expect: 'phone' } as const;
    const [first, ...shown] = await play(one, () => one.refuse('phone'), { step });
    expect(first).toMatchObject({ actual: 'phone', asExpected: true });
    expect(shown.map(({ name }) => name)).not.toContain('phone');
  });

  test.each([
    ['nobody taps', {}, 'nobody', { actual: 'no-tap' }],
    [
      'the printer prints nothing',
      { printed: 'not-printed' },
      'admit',
      { receipts: ['not-printed'] },
    ],
    ['the printer says nothing', { printed: 'silent' }, 'admit', { receipts: ['late'] }],
    [
      'the turnstile does not open',
      { turnstile: () => Promise.reject(Object.assign(new Error('x'), { code: 'ERR_TURNSTILE' })) },
      'admit',
      { turnstile: 'ERR_TURNSTILE' },
    ],
  ] as const)('%s: not as expected', async (_, how, tap, wanted) => {
    const one = lane(how as Lane);
    const [first] = await play(one, tap === 'admit' ? one.admit : nobody);
    expect(first).toMatchObject({ ...wanted, asExpected: false });
  });

  test('the display shows something else: not as expected', async () => {
    const one = lane({ shows: { 'clock-fault': 'out-of-service' } });
    const reports = await play(one, one.admit);
    expect(reports.find(({ name }) => name === 'clock-fault')).toMatchObject({
      actual: 'out-of-service',
      asExpected: false,
    });
  });

  test('the lane is set to something else: it ends, since taps would count', async () => {
    const one = lane();
    const tap = () => {
      one.become('evacuate');
      one.admit();
    };
    await expect(play(one, tap)).rejects.toMatchObject({ code: 'ERR_REHEARSAL_MODE' });
  });

  test('told to end: no report', async () => {
    const one = lane();
    const end = new AbortController();
    const ended = play(one, () => end.abort(), {}, end.signal);
    await expect(ended).rejects.toMatchObject({ code: 'ERR_REHEARSAL_ENDED' });
  });
});
