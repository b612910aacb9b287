import { type Decision, decide, type Facts } from '@pinless-gate/gate-firmware/admission/decide';
import { admit, leave, NEW_TICKET } from '@pinless-gate/gate-firmware/admission/state';
import type { Policy } from '@pinless-gate/protocol/policy';
import type { Ticket } from '@pinless-gate/protocol/record';
import type { Bench } from './bench.ts';
import { resultOf } from './result.ts';
import { alternate } from './rounds.ts';

const ROUNDS = 40;
const DECISIONS = 5000;
const AT = Date.UTC(2026, 11, 20, 9);
const HOUR_S = 3600;
const WANTED_P99_US = 20;
const CATEGORIES = ['adult', 'child', 'carer'];

const POLICY: Policy = {
  gates: ['A', 'B', 'C', 'D'],
  toleranceS: 600,
  staleAfterS: 1e6,
  refuseAfterS: 1e6,
  timeZone: 'Asia/Tokyo',
  zones: [
    { name: 'Arena', gates: ['A', 'B'] },
    { name: 'Stand', gates: ['C', 'D'] },
  ],
  rules: [
    {
      entries: 30,
      entriesPerDay: 9,
      entriesPerGate: 9,
      reentry: 'after-exit',
      checkOutMinute: 240,
      minimumS: 60,
      windows: [{ from: AT / 1000 - 9 * HOUR_S, until: AT / 1000 + 9 * HOUR_S }],
    },
    { categories: ['child', 'carer'], companion: 'required' },
  ],
  attention: CATEGORIES.map((flag) => ({ flag, lane: 'lamp' as const })),
  paused: [{ gates: ['C'], from: AT / 1000, until: AT / 1000 + HOUR_S }],
  passage: { annulAfterS: 20 },
};

/** How long the rules take for a card, when every rule there is stands in the policy. */
export function decideBench(size: number): Bench {
  return {
    target: {
      text: `p99 ${WANTED_P99_US} µs or less`,
      met: ({ ours }) => ours.p99 <= WANTED_P99_US,
    },
    async measure({ log }) {
      const facts = Array.from({ length: 64 }, (_, i) => factsOf(size, i));
      const [ours, bare] = facts.map((one) => [entering(decide(one)), looped(one)]).at(-1)!;
      if (ours !== bare) throw new Error(`${ours} of ${size} enter, and ${bare} in the bare loop`);
      log(`${ROUNDS} rounds of ${DECISIONS.toLocaleString('en')} decisions each`);
      const figures = await alternate(
        ROUNDS,
        async () => times(facts, decide),
        async () => times(facts, looped),
      );
      return resultOf({
        bench: `decide-${size}`,
        unit: 'µs',
        better: 'lower',
        ours: figures.ours.flat(),
        baselineName:
          'a bare loop: gate, block, three counters, minimum time, two windows, numbers only',
        baseline: figures.baseline.flat(),
      });
    },
  };
}

/** A party that entered, left and comes back; one in two of them on the day before. */
function factsOf(size: number, n: number): Facts {
  const tickets = Array.from({ length: size }, (_, i) => ticketOf(i));
  const entered = AT - (n % 2 === 0 ? 20 : 3) * HOUR_S * 1000 - 1000 * n;
  const history = tickets.map((_, i) => {
    const first = { sequence: n + 1, at: entered + i, gate: 'A', date: '2026-12-19' };
    return leave(admit(NEW_TICKET, first), { sequence: n + 2, at: entered + 60_000 });
  });
  return {
    list: { notBefore: 0, issuedAt: AT / 1000, expiresAt: AT / 1000 + HOUR_S, policy: POLICY },
    record: {
      tickets,
      party: { id: new Uint8Array(8), size },
      language: 'ja',
      evidenceId: 'E-1',
    },
    history,
    lane: { gates: ['A', 'B'], mode: 'normal', direction: 'in' },
    at: AT + n,
  };
}

function ticketOf(i: number): Ticket {
  const category = CATEGORIES[i % CATEGORIES.length]!;
  return {
    ticketNo: `T-${i + 1}`,
    seat: { gate: 'A', block: '112', row: '7', number: String(i) },
    zone: 'Arena',
    category,
    admission: { from: AT / 1000 - HOUR_S, until: AT / 1000 + HOUR_S },
    entries: 99,
    reentry: false,
    flags: [category],
    with: category === 'adult' ? undefined : 'T-1',
    place: i + 1,
  };
}

function entering(decision: Decision): number {
  return decision.admitted ? decision.tickets.length : 0;
}

/** What somebody would write who needs only the answer yes or no: no reasons, no days, no parties. */
function looped({ list: { policy }, record, history, lane, at }: Facts): number {
  const [rule] = policy.rules!;
  let entering = 0;
  for (let i = 0; i < record.tickets.length; i++) {
    const { admission } = record.tickets[i]!;
    const state = history[i]!;
    if (!lane.gates.includes(record.tickets[i]!.seat.gate) || state.blocked) continue;
    if (state.entries >= rule!.entries! || (state.day?.entries ?? 0) >= rule!.entriesPerDay!)
      continue;
    if ((state.perGate?.[0]?.entries ?? 0) >= rule!.entriesPerGate!) continue;
    if (at - (state.lastEntryAt ?? 0) < 1000 * rule!.minimumS!) continue;
    const now = at / 1000;
    const [window] = rule!.windows!;
    if (now < admission.from - policy.toleranceS || now > admission.until + policy.toleranceS)
      continue;
    if (now < window!.from - policy.toleranceS || now > window!.until + policy.toleranceS) continue;
    entering++;
  }
  return entering;
}

/** Microseconds of each. */
function times(facts: readonly Facts[], judge: (facts: Facts) => unknown): number[] {
  return Array.from({ length: DECISIONS }, (_, i) => {
    const one = facts[i % facts.length]!;
    const start = performance.now();
    judge(one);
    return (performance.now() - start) * 1000;
  });
}
