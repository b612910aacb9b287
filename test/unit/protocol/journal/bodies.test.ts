import { toHex } from '@pinless-gate/protocol/bytes';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  type ActEntry,
  type DecisionEntry,
  decodeJournalEntry,
  encodeJournalEntry,
  type PassageEntry,
} from '@pinless-gate/protocol/journal';
import { parseDirection, parseLaneMode } from '@pinless-gate/protocol/lane-mode';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
const previous = new Uint8Array(32);
const base = {
  sequence: 2,
  gateId: new Uint8Array(16).fill(5),
  at: 1_797_750_000_123,
  monotonicMs: 1000,
  list: { version: 3, fingerprint: 'K7F2QD' },
};
const admitted: DecisionEntry = {
  ...base,
  kind: 'decision',
  outcome: 'admitted',
  conversionValue: new Uint8Array(16).fill(6),
  tickets: [{ ticketNo: 'T-1', entry: 1 }],
  code: 'ABCD',
  steps: { select: 1200, prove: 60_000 },
};
const passed: PassageEntry = {
  ...base,
  kind: 'passage',
  outcome: 'passed',
  of: 1,
  direction: 'in',
  people: 2,
  tickets: [{ ticketNo: 'T-1', entry: 1 }],
};
const override: ActEntry = {
  ...base,
  kind: 'act',
  act: 'override',
  operator: { id: 'tanaka-2', role: 'lead' },
  reason: '券面を確認しました',
  of: 1,
  tickets: [{ ticketNo: 'T-1', entry: 1 }],
  code: 'K7-42',
};

/** An admission as every gate before lane modes wrote it. */
const BEFORE =
  'ad6261741b000001a2924009fb64636f64656441424344646b696e64686465636973696f6e646c697374a26776657273696f6e036b66696e6765727072696e74664b3746325144657374657073a26570726f766519ea606673656c6563741904b0666761746549645005050505050505050505050505050505676f7574636f6d656861646d6974746564677469636b65747381a265656e74727901687469636b65744e6f63542d316776657273696f6e016870726576696f7573582000000000000000000000000000000000000000000000000000000000000000006873657175656e6365026b6d6f6e6f746f6e69634d731903e86f636f6e76657273696f6e56616c75655006060606060606060606060606060606';

test('an admission keeps the octets that it had', () => {
  expect(toHex(encodeJournalEntry(admitted, previous))).toBe(BEFORE);
});

test.each([
  ['a way out in a mode', { ...admitted, direction: 'out', mode: 'rehearsal' } as const],
  ['a passage', passed],
  ['a passage without an admission', { ...passed, of: undefined, tickets: [] }],
  ['one nobody expected', { ...passed, outcome: 'unexpected', of: undefined, tickets: [] }],
  ['an act about a tap', override],
  ['an act about a ticket', { ...override, act: 'block', of: undefined, ticketNo: 'T-9' }],
  ['an act with a word', { ...override, act: 'mode', detail: 'exit-only', tickets: [] }],
] as [string, DecisionEntry | PassageEntry | ActEntry][])('round trip: %s', (_, entry) => {
  const encoded = encodeJournalEntry(entry, previous);
  expect(decodeJournalEntry(encoded).entry).toEqual(entry);
  for (let length = 0; length < encoded.length; length++) {
    expect(() => decodeJournalEntry(encoded.subarray(0, length))).toThrow(code('ERR_CBOR'));
  }
});

describe('what no entry says', () => {
  const { list, ...plain } = base;
  const head = { ...plain, version: 1, previous };
  const decision = { ...head, kind: 'decision', outcome: 'admitted', tickets: [], code: 'A' };
  const passage = { ...head, kind: 'passage', outcome: 'passed', direction: 'in', people: 1 };
  const operator = { id: 'tanaka', role: 'staff' };
  const act = { ...head, kind: 'act', act: 'block', operator, reason: 'lost', tickets: [] };
  const two = [1, 2].map((entry) => ({ ticketNo: 'T-1', entry }));
  test.each<[string, object, string]>([
    ['that it leads in', { ...decision, steps: {}, direction: 'in' }, 'ERR_JOURNAL_WAY'],
    ['that it is normal', { ...decision, steps: {}, mode: 'normal' }, 'ERR_JOURNAL_WAY'],
    ['a mode that is none', { ...decision, steps: {}, mode: 'open' }, 'ERR_LANE_MODE'],
    ['another way', { ...passage, tickets: [], direction: 'up' }, 'ERR_LANE_DIRECTION'],
    [
      'an outcome that is none',
      { ...passage, outcome: 'seen', tickets: [] },
      'ERR_JOURNAL_PASSAGE',
    ],
    [
      'an annulment of nothing',
      { ...passage, outcome: 'annulled', tickets: [] },
      'ERR_JOURNAL_PASSAGE',
    ],
    ['a missing nobody', { ...passage, outcome: 'missing', tickets: [] }, 'ERR_JOURNAL_PASSAGE'],
    [
      'somebody unexpected who was admitted',
      { ...passage, outcome: 'unexpected', of: 1, tickets: [] },
      'ERR_JOURNAL_PASSAGE',
    ],
    ['nobody', { ...passage, people: 0, tickets: [] }, 'ERR_JOURNAL_PASSAGE'],
    ['more tickets than people', { ...passage, of: 1, tickets: two }, 'ERR_JOURNAL_PASSAGE'],
    ['tickets of no admission', { ...passage, tickets: two.slice(1) }, 'ERR_JOURNAL_PASSAGE'],
    ['an act that is none', { ...act, act: 'dance' }, 'ERR_JOURNAL_ACT'],
    ['a sentence as detail', { ...act, detail: 'a b' }, 'ERR_JOURNAL_ACT'],
    ['an operator in capitals', { ...act, operator: { ...operator, id: 'T' } }, 'ERR_ACT_OPERATOR'],
    ['an unknown role', { ...act, operator: { ...operator, role: 'king' } }, 'ERR_ACT_ROLE'],
    ['more of an operator', { ...act, operator: { ...operator, n: 1 } }, 'ERR_CBOR_UNKNOWN'],
    ['no reason', { ...act, reason: '' }, 'ERR_ACT_REASON'],
    ['a blank reason', { ...act, reason: ' ' }, 'ERR_ACT_REASON'],
    ['two lines', { ...act, reason: 'a\nb' }, 'ERR_ACT_REASON'],
    ['201 characters', { ...act, reason: 'a'.repeat(201) }, 'ERR_ACT_REASON'],
  ])('%s', (_, value, expected) => {
    expect(() => decodeJournalEntry(encodeCbor(value as never))).toThrow(code(expected));
  });

  test('nor is it written', () => {
    for (const wrong of [
      { reason: '' },
      { detail: 'a b' },
      { operator: { id: '', role: 'lead' } },
    ]) {
      const entry = { ...override, ...wrong } as ActEntry;
      expect(() => encodeJournalEntry(entry, previous)).toThrow(/./);
    }
  });
});

test('modes and ways are known by their words', () => {
  expect(parseLaneMode('exit-only')).toBe('exit-only');
  expect(parseDirection('out')).toBe('out');
});
