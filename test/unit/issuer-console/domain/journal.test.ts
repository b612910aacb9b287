import { placeEntries, readUpload, totalUs } from '@pinless-gate/issuer-console/domain/journal';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { hashEntry, journalOrigin } from '@pinless-gate/protocol/journal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GATE_A, TestGate } from '../fixture.ts';

const gate = new TestGate(GATE_A, 'A');
for (let i = 0; i < 12; i++) gate.admit();
const all = readUpload({ gateId: gate.id, entries: gate.entries });

/** A console that holds the first `count` entries of the gate. */
function holding(count: number) {
  const last = gate.entries[count - 1];
  const hash = last ? hashEntry(last) : journalOrigin(fromHex(GATE_A));
  const held = new Map(gate.entries.slice(0, count).map((raw, i) => [i + 1, raw]));
  return { position: { sequence: count, hash }, held };
}

describe('placeEntries', () => {
  test('any part of one journal, on any state of it, is taken up or is a gap', () => {
    const index = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(index, index, index, (count, from, length) => {
        const { position, held } = holding(count);
        const entries = all.slice(from, from + length);
        const placement = placeEntries(GATE_A, position, held, entries);
        if (entries.length > 0 && from > count) {
          expect(placement).toEqual({ outcome: 'gap', sequence: count });
          return;
        }
        const end = Math.max(count, from + entries.length);
        const after = entries.length === 0 ? count : end;
        expect(placement).toMatchObject({ outcome: 'accepted', sequence: after });
        if (placement.outcome !== 'accepted') return;
        expect(placement.fresh).toHaveLength(after - count);
        expect(placement.hash).toEqual(holding(after).position.hash);
      }),
    );
  });

  test('a held entry that cannot be found is a conflict, not silence', () => {
    const { position } = holding(3);
    expect(placeEntries(GATE_A, position, new Map(), all.slice(0, 3))).toEqual({
      outcome: 'conflict',
      sequence: 3,
      at: 1,
    });
  });

  test('a chain that stands elsewhere is a conflict at the first new entry', () => {
    const { held } = holding(3);
    const position = { sequence: 3, hash: new Uint8Array(32) };
    expect(placeEntries(GATE_A, position, held, all.slice(2, 6))).toEqual({
      outcome: 'conflict',
      sequence: 3,
      at: 4,
    });
  });
});

describe('totalUs', () => {
  test.each([
    [{ total: 5, a: 1 }, 5],
    [{ a: 1, b: 2 }, 3],
    [{}, 0],
    [{ total: 0, a: 9 }, 0],
    [{ a: Number.MAX_SAFE_INTEGER, b: 1 }, Number.MAX_SAFE_INTEGER],
  ])('%o', (steps, total) => {
    expect(totalUs(steps)).toBe(total);
  });
});
