import { DisplayBus, type DisplayState } from '@pinless-gate/gate-firmware/display/state';
import { PUT_BACK_MS, Visit } from '@pinless-gate/gate-firmware/display/visit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lane() {
  const display = new DisplayBus({ state: 'closed' });
  const visit = new Visit({ display, defaultLanguage: 'ja' });
  const shown: DisplayState[] = [];
  display.subscribe((state) => shown.push(state));
  return { visit, display, shown, states: () => shown.splice(0).map(({ state }) => state) };
}

const REFUSED = {
  state: 'refused',
  language: 'ja',
  reason: 'card-removed',
  code: 'K7-42',
} as const;
const ADMITTED = {
  state: 'admitted',
  language: 'ja',
  tickets: [{ seat: { gate: 'B' }, category: 'adult', place: 1 }],
  partySize: 1,
} as const;

describe('Visit', () => {
  test('a card comes, is told, and the lane is free again', () => {
    const { visit, states } = lane();
    visit.hold(0);
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(3999);
    expect(states()).toEqual(['hold', 'admitted']);
    vi.advanceTimersByTime(1);
    expect(states()).toEqual(['idle']);
  });

  test('the next card ends what the last one was told, and is told for its whole time', () => {
    const { visit, states } = lane();
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(3000);
    visit.hold(0);
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(3999);
    expect(states()).toEqual(['admitted', 'hold', 'admitted']);
  });

  test.each([
    ['a party', { tickets: [1, 2, 3].map((place) => ({ ...ADMITTED.tickets[0], place })) }, 6000],
    ['no receipt', { noReceipt: true }, 12_000],
    ['a word with staff', { attention: ['child alone'] }, 12_000],
  ])('%s is shown longer', (_, more, ms) => {
    const { visit, display } = lane();
    visit.tell({ ...ADMITTED, ...more });
    vi.advanceTimersByTime(ms - 1);
    expect(display.current.state).toBe('admitted');
    vi.advanceTimersByTime(1);
    expect(display.current.state).toBe('idle');
  });

  test('a receipt that did not come out gives longer to read the seat; later, nothing', () => {
    const { visit, display, states } = lane();
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(3000);
    visit.withoutReceipt();
    visit.withoutReceipt();
    expect(states()).toEqual(['admitted', 'admitted']);
    expect(display.current).toMatchObject({ state: 'admitted', noReceipt: true });
    vi.advanceTimersByTime(11_999);
    expect(display.current.state).toBe('admitted');
    vi.advanceTimersByTime(1);
    visit.withoutReceipt();
    expect(display.current.state).toBe('idle');
  });

  test('who waits for staff reads so until they were there', () => {
    const { visit, states } = lane();
    visit.tell({ state: 'staff', language: 'ja', code: 'K7-42', why: 'face-check' });
    vi.advanceTimersByTime(600_000);
    visit.choose('ko');
    vi.advanceTimersByTime(600_000);
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(4000);
    expect(states()).toEqual(['staff', 'staff', 'admitted', 'idle']);
  });

  test('out of service, and what was told stands again for the rest of its time', () => {
    const { visit, states } = lane();
    visit.tell(ADMITTED);
    visit.outOfService('ERR_READER_MISSING');
    visit.outOfService(undefined);
    expect(states()).toEqual(['admitted', 'out-of-service', 'admitted']);
    vi.advanceTimersByTime(4000);
    expect(states()).toEqual(['idle']);
  });

  test('stands closed or open between cards', () => {
    const { visit, states } = lane();
    visit.stand('open');
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(4000);
    visit.stand('closed');
    expect(states()).toEqual(['open', 'admitted', 'open', 'closed']);
  });

  test('an evacuation is over everything: results, cards, faults, languages', () => {
    const { visit, shown } = lane();
    visit.tell(ADMITTED);
    visit.stand('evacuate');
    visit.hold(0.5);
    visit.tell(REFUSED);
    visit.putBack(REFUSED);
    visit.outOfService('ERR_READER_MISSING');
    visit.choose('ko');
    vi.advanceTimersByTime(60_000);
    expect(new Set(shown.slice(1).map(({ state }) => state))).toEqual(new Set(['evacuate']));
    visit.outOfService(undefined);
    visit.stand('idle');
    expect(shown.at(-1)).toEqual({ state: 'idle' });
  });
});

describe('Visit, a card that left too early', () => {
  test('put back in time: nobody was refused', () => {
    const { visit, states } = lane();
    visit.hold(0.5);
    visit.putBack(REFUSED);
    vi.advanceTimersByTime(PUT_BACK_MS - 1);
    visit.hold(0);
    visit.tell(ADMITTED);
    vi.advanceTimersByTime(3999);
    expect(states()).toEqual(['hold', 'removed', 'hold', 'admitted']);
  });

  test('not put back: asked to touch once more, for as long as any refusal', () => {
    const { visit, states, shown } = lane();
    visit.putBack(REFUSED);
    expect(shown).toEqual([{ state: 'removed', language: 'ja', remainingMs: PUT_BACK_MS }]);
    vi.advanceTimersByTime(PUT_BACK_MS + 3999);
    expect(states()).toEqual(['removed', 'refused']);
    vi.advanceTimersByTime(1);
    expect(states()).toEqual(['idle']);
  });
});

describe('Visit, a language chosen at the screen', () => {
  test('leads until the visit ends', () => {
    const { visit, shown } = lane();
    visit.choose('ko');
    expect(visit.language).toBe('ko');
    visit.hold(0);
    visit.tell(ADMITTED);
    expect(shown).toEqual([
      { state: 'idle', language: 'ko' },
      { state: 'hold', progress: 0, language: 'ko' },
      { ...ADMITTED, language: 'ko' },
    ]);
    vi.advanceTimersByTime(4000);
    expect(shown.at(-1)).toEqual({ state: 'idle' });
    expect(visit.language).toBe('ja');
  });

  test('changes what is being read', () => {
    const { visit, shown } = lane();
    visit.tell(REFUSED);
    visit.choose('zh');
    expect(shown.at(-1)).toEqual({ ...REFUSED, language: 'zh' });
  });

  test('is forgotten when nobody comes', () => {
    const { visit, shown } = lane();
    visit.choose('en');
    vi.advanceTimersByTime(29_999);
    expect(visit.language).toBe('en');
    vi.advanceTimersByTime(1);
    expect(shown.at(-1)).toEqual({ state: 'idle' });
  });

  test('the lane’s own is chosen by choosing it', () => {
    const { visit, shown } = lane();
    visit.choose('en');
    visit.choose('ja');
    expect(shown.at(-1)).toEqual({ state: 'idle' });
  });
});
