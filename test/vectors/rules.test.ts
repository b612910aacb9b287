import { changesOf } from '@pinless-gate/gate-firmware/admission/changes';
import { type Decision, decide } from '@pinless-gate/gate-firmware/admission/decide';
import { companionsElsewhere } from '@pinless-gate/gate-firmware/admission/party';
import {
  annul,
  block,
  confirm,
  NEW_TICKET,
  readmit,
  type TicketState,
  unblock,
  undo,
} from '@pinless-gate/gate-firmware/admission/state';
import {
  decodeTicketState,
  encodeTicketState,
} from '@pinless-gate/gate-firmware/journal/admission-state';
import { describe, expect, test } from 'vitest';
import { type RuleCase, readRuleFiles, readRules, type Step } from './rules.ts';

/** `T-1#1` entered for the first time, `again` without using an entry; what staff are asked comes last. */
function inWords(decision: Decision): string {
  if (!decision.admitted) return decision.reason;
  const { direction, tickets, attention, wait } = decision;
  const words = tickets.map(
    ({ ticket, entry, returns }) =>
      `${ticket.ticketNo}${direction === 'in' ? `#${entry}` : ''}${returns ? ' again' : ''}`,
  );
  if (direction === 'out') words.unshift('out');
  if (attention.length > 0) words.push(`look: ${attention.join(', ')}`);
  if (wait) words.push(`wait: ${wait}`);
  return words.join(' ');
}

const ACTS = { confirm, annul, undo, block, unblock, readmit };

/** One case from its first step to its last, with states as a journal keeps them. */
class Play {
  readonly #case: RuleCase;
  readonly #states = new Map<string, Uint8Array>();

  constructor(one: RuleCase) {
    this.#case = one;
  }

  step(step: Step, sequence: number): string {
    return step.act === 'tap' ? this.#tap(step, sequence) : this.#act(step);
  }

  #tap({ at, card, lane: gates, mode, direction, chosen, sensor, gate }: Step, sequence: number) {
    const tickets = this.#case.cards.get(card)!;
    const record = {
      tickets,
      party: { id: new Uint8Array(8), size: tickets.length },
      language: 'ja',
      evidenceId: 'E-1',
    } as const;
    const history = tickets.map(({ ticketNo }) => this.#read(gate, ticketNo));
    const issuedAt = Math.floor(at / 1000);
    const decision = decide({
      list: { notBefore: 0, issuedAt, expiresAt: 2 ** 40, policy: this.#case.policy },
      record,
      history: history.map((one) => one ?? NEW_TICKET),
      others: new Map(
        companionsElsewhere(record).flatMap((ticketNo) => {
          const one = this.#read(gate, ticketNo);
          return one ? [[ticketNo, one] as const] : [];
        }),
      ),
      lane: { gates, mode, direction },
      chosen,
      at,
    });
    if (decision.admitted) {
      const decided = { record, history, at, sequence, awaitsPassage: sensor };
      for (const { ticketNo, after } of changesOf(decision, decided)) {
        this.#write(gate, ticketNo, after);
      }
    }
    return inWords(decision);
  }

  #act({ act, gate, ticketNo, of }: Step): string {
    const before = this.#read(gate, ticketNo!) ?? NEW_TICKET;
    const after = ACTS[act as keyof typeof ACTS](before, { sequence: of ?? 0 });
    if (after === before) return 'nothing';
    this.#write(gate, ticketNo!, after);
    return 'done';
  }

  #read(gate: string, ticketNo: string): TicketState | undefined {
    const octets = this.#states.get(`${gate} ${ticketNo}`);
    return octets && decodeTicketState(octets);
  }

  #write(gate: string, ticketNo: string, after: TicketState): void {
    this.#states.set(`${gate} ${ticketNo}`, encodeTicketState(after));
  }
}

const files = readRuleFiles();

test('there is a file for every family of rules', () => {
  expect(files.map(({ name }) => name)).toEqual(
    [
      'attention',
      'check-out',
      'companions',
      'entries',
      'gates-and-zones',
      'lane-modes',
      'minimum-time',
      'parties',
      'passage',
      'paused',
      'reentry',
      'staff',
      'windows',
    ].map((name) => `${name}.json`),
  );
});

describe.each(files)('$name', ({ cases }) => {
  test.each(cases)('$name', (one) => {
    const play = new Play(one);
    const came = one.steps.map((step, i) => play.step(step, i + 1));
    expect(came).toEqual(one.steps.map(({ expect }) => expect));
  });
});

describe('the runner', () => {
  const text = (more: object, step: object = {}) =>
    JSON.stringify({
      about: 'x',
      policy: {},
      cards: { card: [{ ticketNo: 'T-1' }] },
      cases: [
        { name: 'x', steps: [{ at: '2026-12-20T18:00:00+09:00', expect: 'T-1#1', ...step }] },
      ],
      ...more,
    });

  test.each([
    ['of the file', text({ more: 1 })],
    ['of a step', text({}, { lanes: ['A'] })],
    ['of a ticket', text({ cards: { card: [{ ticketNo: 'T-1', seat: 'A' }] } })],
    ['of the policy', text({ policy: { entry: 1 } })],
    ['of a rule', text({ policy: { rules: [{ perDay: 1 }] } })],
  ])('knows no unknown key %s', (_, file) => {
    expect(() => readRules(file)).toThrow();
    expect(readRules(text({}))).toHaveLength(1);
  });
});
