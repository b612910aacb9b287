import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readExport } from '@pinless-gate/gate-firmware/journal/export';
import { verifyItems } from '@pinless-gate/gate-firmware/journal/verify';
import { fromHex, toHex } from '@pinless-gate/protocol/bytes';
import { decodeJournalEntry, encodeJournalEntry, hashEntry } from '@pinless-gate/protocol/journal';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FakeKeyStore } from '../../../fakes/key-store.ts';
import { GATE_ID, gateKeys, temporary, withCode } from '../fixture.ts';
import { exported, writeJournal } from './written.ts';

let store: FakeKeyStore;
let device: Uint8Array;
let lines: string[];

beforeEach(async () => {
  store = await gateKeys();
  device = await store.publicKey('device');
  lines = await exported(await writeJournal(store));
});

function verify(spoilt: readonly string[], expected = {}) {
  const file = join(temporary(), 'journal.ndjson');
  writeFileSync(file, `${spoilt.join('\n')}\n`);
  return verifyItems(readExport(file), { gateId: GATE_ID, device, expected });
}

// Lines 4 and 9 are the checkpoints of entries 4 and 8.
const LINE_OF = [0, 1, 2, 3, 5, 6, 7, 8, 10, 11] as const;
const lineOf = (entry: number) => LINE_OF[entry - 1]!;
const octetsOf = (line: string) => fromHex((JSON.parse(line) as { octets: string }).octets);

/** An entry with other words, chained after `previous`; as who can write exports writes it. */
function rewritten(line: string, previous: Uint8Array, changes: object = {}): string {
  const { entry } = decodeJournalEntry(octetsOf(line));
  const encoded = encodeJournalEntry({ ...entry, ...changes } as typeof entry, previous);
  const shown = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify({
    ...shown,
    ...changes,
    hash: toHex(hashEntry(encoded)),
    octets: toHex(encoded),
  });
}

const previousOf = (line: string) => decodeJournalEntry(octetsOf(line)).previous;

describe('an export', () => {
  test('says what the journal says, and is verified with the key alone', () => {
    expect(lines).toHaveLength(12);
    expect(verify(lines)).toMatchObject({
      ...{ entries: 10, checkpoints: 2, unsigned: 2, admitted: 1 },
      refused: { 'not-listed': 4 },
    });
    expect(JSON.parse(lines[1]!)).toMatchObject({
      ...{ sequence: 2, kind: 'decision', outcome: 'admitted', at: '1970-01-01T00:00:00.002Z' },
      tickets: [{ ticketNo: '-T,1', entry: 1 }],
    });
    expect(JSON.parse(lines[1]!)).not.toHaveProperty('conversionValue');
  });

  test.each<[string, (lines: string[]) => string[], string]>([
    ['the tail cut under a checkpoint', (all) => all.toSpliced(lineOf(8), 1), 'ERR_JOURNAL_TAIL'],
    ['a line edited', (all) => edited(all, 6), 'ERR_JOURNAL_CHAIN'],
    ['a line edited that a checkpoint is over', (all) => edited(all, 8), 'ERR_JOURNAL_CHECKPOINT'],
    [
      'the words edited, not the octets',
      (all) => all.with(1, all[1]!.replace('-T,1', '-T,9')),
      'ERR_JOURNAL_LINE',
    ],
    ['a line deleted', (all) => all.toSpliced(lineOf(6), 1), 'ERR_JOURNAL_MISSING'],
    ['the first line deleted', (all) => all.slice(1), 'ERR_JOURNAL_MISSING'],
    ['a line twice', (all) => all.toSpliced(lineOf(6), 0, all[lineOf(6)]!), 'ERR_JOURNAL_INSERTED'],
    [
      'a line inserted, with a number and a hash that fit',
      (all) => {
        const previous = hashEntry(octetsOf(all[lineOf(5)]!));
        const forged = rewritten(all[lineOf(5)]!, previous, { sequence: 6 });
        return all.toSpliced(lineOf(6), 0, forged);
      },
      'ERR_JOURNAL_INSERTED',
    ],
    [
      'two lines in another order',
      (all) => all.with(lineOf(6), all[lineOf(7)]!).with(lineOf(7), all[lineOf(6)]!),
      'ERR_JOURNAL_ORDER',
    ],
    [
      'a line of another gate',
      (all) => {
        const gateId = new Uint8Array(16);
        const line = all[lineOf(6)]!;
        const shown = JSON.parse(rewritten(line, previousOf(line), { gateId })) as object;
        const { gateId: _, ...rest } = { gateId, ...shown };
        return all.with(lineOf(6), JSON.stringify({ ...rest, gate: toHex(gateId) }));
      },
      'ERR_JOURNAL_GATE',
    ],
    [
      'a checkpoint over another time',
      (all) =>
        all.map((line) =>
          line.replace('1797000000008', '1797000000009').replace(/(2026.*)00.008Z/, '$100.009Z'),
        ),
      'ERR_JOURNAL_SIGNATURE',
    ],
    ['a line that is no JSON', (all) => all.with(3, 'x'), 'ERR_JOURNAL_LINE'],
    ['a line without octets', (all) => all.with(3, '{"sequence":4}'), 'ERR_JOURNAL_LINE'],
  ])('%s', (_, spoil, code) => {
    expect(() => verify(spoil(lines))).toThrow(withCode(code));
  });

  function edited(all: string[], entry: number): string[] {
    const line = all[lineOf(entry)]!;
    return all.with(lineOf(entry), rewritten(line, previousOf(line), { code: 'K7-43' }));
  }

  test('cut after the newest checkpoint: found by who knows that there was more', () => {
    const cut = lines.slice(0, lineOf(8) + 2);
    expect(verify(cut)).toMatchObject({ entries: 8, unsigned: 0 });
    expect(() => verify(cut, { sequence: 10 })).toThrow(withCode('ERR_JOURNAL_TAIL'));
  });

  test('the end written anew: found by who knows the hash', () => {
    const last = lines.at(-1)!;
    const { hash } = verify(lines);
    const other = lines.with(-1, rewritten(last, previousOf(last), { code: 'K7-43' }));
    expect(verify(other)).toMatchObject({ entries: 10 });
    expect(verify(lines, { sequence: 10, hash })).toMatchObject({ entries: 10 });
    expect(() => verify(other, { sequence: 10, hash: hash.subarray(0, 8) })).toThrow(
      withCode('ERR_JOURNAL_OTHER'),
    );
  });

  test('of another gate, or signed with another key', async () => {
    const gateId = new Uint8Array(16).fill(1);
    const other = await exported(await writeJournal(store, { gateId }), gateId);
    expect(() => verify(other)).toThrow(withCode('ERR_JOURNAL_GATE'));
    device = await store.publicKey('publisher');
    expect(() => verify(lines)).toThrow(withCode('ERR_JOURNAL_SIGNATURE'));
  });
});

describe('docs/journal.md, with nothing of ours', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/journal.md'), 'utf8');
  const script = /```bash\n([\s\S]*?)```/.exec(page)![1]!;

  async function run(spoilt: readonly string[], key = device): Promise<string> {
    const directory = temporary();
    const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key).toString('base64')}\n-----END PUBLIC KEY-----\n`;
    writeFileSync(join(directory, 'verify.sh'), script);
    writeFileSync(join(directory, 'device.pem'), pem);
    writeFileSync(join(directory, 'journal.ndjson'), `${spoilt.join('\n')}\n`);
    const ran = promisify(execFile)('bash', ['verify.sh'], { cwd: directory });
    return ran.then(
      ({ stdout }) => stdout.trim(),
      ({ stdout }: { stdout: string }) => stdout.trim(),
    );
  }

  test('whole, and spoilt in each way', async () => {
    const { hash } = verify(lines);
    const end = `ends with 10 ${toHex(hash).slice(0, 16)}`;
    const spoilt = [
      lines,
      lines.toSpliced(lineOf(8), 1),
      lines.toSpliced(lineOf(6), 1),
      lines.with(
        lineOf(6),
        rewritten(lines[lineOf(6)]!, previousOf(lines[lineOf(6)]!), { code: 'K7-43' }),
      ),
      lines.filter((line) => !line.includes('checkpoint')),
    ];
    const said = await Promise.all(spoilt.map((one) => run(one)));
    expect(said).toEqual([
      `whole: 10 entries, signed up to 8, ${end}`,
      'NOT WHOLE: after entry 7: a checkpoint over entry 8',
      'NOT WHOLE: after entry 5: the next does not follow it',
      'NOT WHOLE: after entry 6: the next does not follow it',
      'NOT WHOLE: after entry 10: no checkpoint at all',
    ]);
    expect(await run(lines, await store.publicKey('publisher'))).toBe(
      'NOT WHOLE: after entry 4: the checkpoint is not of this key',
    );
  }, 20_000);
});
