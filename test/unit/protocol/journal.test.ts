import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeCbor } from '@pinless-gate/protocol/cbor';
import {
  decodeJournalUpload,
  encodeJournalUpload,
  MAX_UPLOAD_ENTRIES,
} from '@pinless-gate/protocol/fleet';
import {
  type DecisionEntry,
  decodeJournalEntry,
  encodeJournalEntry,
  hashEntry,
  type JournalEntry,
  journalOrigin,
} from '@pinless-gate/protocol/journal';
import { JournalVerifier } from '@pinless-gate/protocol/journal/chain';
import {
  checkpointMessage,
  decodeCheckpoint,
  encodeCheckpoint,
} from '@pinless-gate/protocol/journal/checkpoint';
import { describe, expect, test } from 'vitest';

const code = (expected: string) => expect.objectContaining({ code: expected });
const gateId = new Uint8Array(16).fill(5);
const base = {
  gateId,
  at: 1_797_750_000_123,
  monotonicMs: 1000,
  list: { version: 3, fingerprint: 'K7F2QD' },
};
const start: JournalEntry = {
  ...base,
  kind: 'start',
  sequence: 1,
  detail: 'ready',
  list: undefined,
};
const admitted: DecisionEntry = {
  ...base,
  kind: 'decision',
  sequence: 2,
  outcome: 'admitted',
  reason: undefined,
  conversionValue: new Uint8Array(16).fill(6),
  tickets: [{ ticketNo: 'T-1', entry: 1 }],
  code: 'ABCD',
  steps: { select: 1200, prove: 60_000 },
};
const refused: DecisionEntry = {
  ...admitted,
  sequence: 3,
  outcome: 'refused',
  reason: 'not-listed',
  conversionValue: undefined,
  tickets: [],
};

function chain(...entries: readonly JournalEntry[]): Uint8Array[] {
  let previous = journalOrigin(gateId);
  return entries.map((entry) => {
    const encoded = encodeJournalEntry(entry, previous);
    previous = hashEntry(encoded);
    return encoded;
  });
}
const whole = chain(start, admitted, refused);

describe('journal entry', () => {
  test.each([start, admitted, refused])('round trip of $kind $sequence', (entry) => {
    const previous = journalOrigin(gateId);
    expect(decodeJournalEntry(encodeJournalEntry(entry, previous))).toEqual({
      entry,
      previous: new Uint8Array(previous),
    });
  });

  test('every prefix is refused', () => {
    const encoded = whole[1]!;
    for (let length = 0; length < encoded.length; length++) {
      expect(() => decodeJournalEntry(encoded.subarray(0, length))).toThrow(code('ERR_CBOR'));
    }
  });

  const note = {
    version: 1,
    kind: 'start',
    sequence: 1,
    gateId,
    at: 1,
    monotonicMs: 1,
    previous: new Uint8Array(32),
    detail: '',
  };
  const { detail: _, ...notNote } = note;
  const decision = {
    ...notNote,
    kind: 'decision',
    outcome: 'admitted',
    tickets: [],
    code: 'A',
    steps: {},
  };
  test.each<[string, object, string]>([
    ['another version', { ...note, version: 2 }, 'ERR_JOURNAL_VERSION'],
    ['an unknown kind', { ...note, kind: 'pause' }, 'ERR_JOURNAL_KIND'],
    ['an unknown member', { ...note, name: 'x' }, 'ERR_CBOR_UNKNOWN'],
    ['a short hash', { ...note, previous: new Uint8Array(31) }, 'ERR_CBOR_TYPE'],
    ['an unknown outcome', { ...decision, outcome: 'maybe' }, 'ERR_JOURNAL_OUTCOME'],
    ['an admission with a reason', { ...decision, reason: 'x' }, 'ERR_JOURNAL_OUTCOME'],
    ['a refusal without one', { ...decision, outcome: 'refused' }, 'ERR_JOURNAL_OUTCOME'],
    ['a step of a negative time', { ...decision, steps: { a: -1 } }, 'ERR_CBOR_TYPE'],
  ])('%s', (_name, value, expected) => {
    expect(() => decodeJournalEntry(encodeCbor(value as never))).toThrow(code(expected));
  });
});

describe('JournalVerifier', () => {
  test('follows the chain, from the start or from where it stood', () => {
    const verifier = new JournalVerifier(gateId);
    for (const encoded of whole) verifier.entry(encoded);
    expect(verifier.sequence).toBe(3);
    const resumed = new JournalVerifier(gateId, { sequence: 2, hash: hashEntry(whole[1]!) });
    expect(resumed.entry(whole[2]!).sequence).toBe(3);
    expect(resumed.hash).toEqual(verifier.hash);
  });

  const [first, second, third] = whole as [Uint8Array, Uint8Array, Uint8Array];
  test.each<[string, readonly Uint8Array[], string]>([
    ['an entry left out', [first, third], 'ERR_JOURNAL_SEQUENCE'],
    ['an entry twice', [first, first], 'ERR_JOURNAL_SEQUENCE'],
    ['the first left out', [second], 'ERR_JOURNAL_SEQUENCE'],
    [
      'an entry replaced',
      [first, encodeJournalEntry(refused, hashEntry(first)), third],
      'ERR_JOURNAL_SEQUENCE',
    ],
    [
      'an entry rewritten',
      [first, encodeJournalEntry({ ...admitted, code: 'WXYZ' }, hashEntry(first)), third],
      'ERR_JOURNAL_CHAIN',
    ],
    ['another origin', [encodeJournalEntry(start, new Uint8Array(32))], 'ERR_JOURNAL_CHAIN'],
    [
      'another gate',
      [encodeJournalEntry({ ...start, gateId: new Uint8Array(16) }, journalOrigin(gateId))],
      'ERR_JOURNAL_GATE',
    ],
    ['octets that are no entry', [first, new Uint8Array(3)], 'ERR_JOURNAL_ENTRY'],
  ])('%s', (_, entries, expected) => {
    const verifier = new JournalVerifier(gateId);
    const feed = () => {
      for (const encoded of entries) verifier.entry(encoded);
    };
    expect(feed).toThrow(code(expected));
  });

  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const deviceKey = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const unsigned = {
    gateId,
    sequence: 3,
    hash: new Uint8Array(hashEntry(third)),
    at: 1_797_750_001_000,
  };
  const sealed = (change: Partial<typeof unsigned>) => {
    const checkpoint = { ...unsigned, ...change };
    const options = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = new Uint8Array(sign('sha256', checkpointMessage(checkpoint), options));
    return { ...checkpoint, signature };
  };
  const after = () => {
    const verifier = new JournalVerifier(gateId);
    for (const encoded of whole) verifier.entry(encoded);
    return verifier;
  };

  test('a checkpoint over the last entry', () => {
    const checkpoint = sealed({});
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
    expect(() => after().checkpoint(checkpoint, deviceKey)).not.toThrow();
  });

  test.each([
    ['of an earlier entry', sealed({ sequence: 2 }), 'ERR_JOURNAL_CHECKPOINT'],
    ['over another hash', sealed({ hash: new Uint8Array(32) }), 'ERR_JOURNAL_CHECKPOINT'],
    ['of another gate', sealed({ gateId: new Uint8Array(16) }), 'ERR_JOURNAL_SIGNATURE'],
    ['with another time', { ...sealed({}), at: 0 }, 'ERR_JOURNAL_SIGNATURE'],
    [
      'signed with zeros',
      { ...sealed({}), signature: new Uint8Array(64) },
      'ERR_JOURNAL_SIGNATURE',
    ],
  ])('a checkpoint %s', (_, checkpoint, expected) => {
    expect(() => after().checkpoint(checkpoint, deviceKey)).toThrow(code(expected));
  });
});

describe('journal upload', () => {
  const upload = { gateId, entries: whole.map((entry) => new Uint8Array(entry)) };

  test('round trip', () => {
    expect(decodeJournalUpload(encodeJournalUpload(upload))).toEqual(upload);
  });

  const members = { version: 1, gateId, entries: [] };
  test.each<[string, object, string]>([
    ['another version', { ...members, version: 2 }, 'ERR_UPLOAD_VERSION'],
    ['an entry that is no octets', { ...members, entries: ['x'] }, 'ERR_UPLOAD_ENTRY'],
    ['an unknown member', { ...members, x: 1 }, 'ERR_CBOR_UNKNOWN'],
    ['a short gate id', { ...members, gateId: new Uint8Array(15) }, 'ERR_CBOR_TYPE'],
    [
      'too many entries',
      { ...members, entries: Array(MAX_UPLOAD_ENTRIES + 1).fill(new Uint8Array(0)) },
      'ERR_UPLOAD_LENGTH',
    ],
  ])('%s', (_, value, expected) => {
    expect(() => decodeJournalUpload(encodeCbor(value as never))).toThrow(code(expected));
  });

  test('as many entries as there may be', () => {
    const entries = Array<Uint8Array>(MAX_UPLOAD_ENTRIES).fill(new Uint8Array(1));
    expect(decodeJournalUpload(encodeJournalUpload({ gateId, entries })).entries).toHaveLength(256);
  });
});
