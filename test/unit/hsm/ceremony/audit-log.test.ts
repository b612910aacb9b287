import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { AuditLog } from '@pinless-gate/hsm/ceremony/audit-log';
import { LogFile } from '@pinless-gate/hsm/ceremony/log-file';
import { beforeAll, describe, expect, test } from 'vitest';
import { Ceremony } from './operators.ts';

const code = (expected: string | RegExp) =>
  expect.objectContaining({ code: expect.stringMatching(expected) });

/** Lines of a log with two steps, made once: 1 begin, 2 intent, 3 done, 4 intent, 5 done. */
let lines: string[];
let ceremony: Ceremony;

async function twoSteps(): Promise<Ceremony> {
  const made = await Ceremony.begin('sato', 'suzuki', 'tanaka');
  for (const key of ['event-1', 'event-2']) {
    await made.approveAll(await made.propose({ details: { key } }));
    await made.attempt({ details: { key } }).ended;
    made.at += 1000;
  }
  return made;
}

const readLines = async (of: Ceremony) =>
  (await readFile(of.path('log.ndjson'), 'utf8')).trimEnd().split('\n');

beforeAll(async () => {
  ceremony = await twoSteps();
  lines = await readLines(ceremony);
});

/** Writes the chain anew from the first changed line on, as somebody with the disk would. */
function rechained(changed: readonly string[]): string[] {
  const result: string[] = [];
  for (const [i, line] of changed.entries()) {
    const previous = i === 0 ? '0'.repeat(64) : sha256(result[i - 1]!);
    result.push(JSON.stringify({ ...JSON.parse(line), sequence: i + 1, previous }));
  }
  return result;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('AuditLog.replay', () => {
  test('as it was written', () => {
    const log = AuditLog.replay(lines);
    expect(log.entries.map(({ kind }) => kind)).toEqual([
      'begin',
      'intent',
      'done',
      'intent',
      'done',
    ]);
    expect(log.head).toBe(sha256(lines.at(-1)!));
    expect(log.unfinished).toEqual([]);
  });

  test.each(Array.from({ length: 4 }, (_, i) => i))('line %i + 1 deleted', (i) => {
    expect(() => AuditLog.replay(lines.toSpliced(i, 1))).toThrow(code(/^ERR_CEREMONY_LOG_/));
  });

  test.each(Array.from({ length: 4 }, (_, i) => i))('line %i + 1 swapped with the next', (i) => {
    const swapped = lines.with(i, lines[i + 1]!).with(i + 1, lines[i]!);
    expect(() => AuditLog.replay(swapped)).toThrow(code(/^ERR_CEREMONY_LOG_/));
  });

  test.each(Array.from({ length: 4 }, (_, i) => i))('line %i + 1 edited', (i) => {
    const edited = lines.with(i, lines[i]!.replace(/"at":"2026/, '"at":"2025'));
    expect(() => AuditLog.replay(edited)).toThrow(code(/^ERR_CEREMONY_/));
  });

  test('every octet of it counts: one flipped bit anywhere before the last line', () => {
    const text = lines.slice(0, -1).join('\n');
    const last = lines.at(-1)!;
    for (let i = 0; i < text.length; i += 37) {
      const flipped = `${text.slice(0, i)}${String.fromCharCode(text.charCodeAt(i) ^ 1)}${text.slice(i + 1)}`;
      expect(() => AuditLog.replay([...flipped.split('\n'), last]), `octet ${i}`).toThrow();
    }
  });

  test('written anew with the chain in order: what operators signed afterwards tells', () => {
    const done = { ...JSON.parse(lines[2]!), kind: 'failed', code: 'ERR_X', facts: undefined };
    const forged = rechained(lines.with(2, JSON.stringify(done)));
    expect(() => AuditLog.replay(forged)).toThrow(code('ERR_CEREMONY_FORK'));
  });

  test('a step cut out with the chain in order', () => {
    const forged = rechained([lines[0]!, lines[3]!, lines[4]!]);
    expect(() => AuditLog.replay(forged)).toThrow(code('ERR_CEREMONY_FORK'));
  });

  test('other operators from the beginning', async () => {
    const begin = JSON.parse(lines[0]!);
    begin.operators = (await Ceremony.begin('yamada', 'kato')).people.map(({ entry }) => entry);
    const forged = rechained(lines.with(0, JSON.stringify(begin)));
    expect(() => AuditLog.replay(forged)).toThrow(code('ERR_CEREMONY_FOREIGN'));
  });

  test('an intent that fewer approved', () => {
    const intent = JSON.parse(lines[1]!);
    intent.approvals = [intent.approvals[0], intent.approvals[0]];
    const forged = rechained(lines.with(1, JSON.stringify(intent)));
    expect(() => AuditLog.replay(forged)).toThrow(code('ERR_CEREMONY_OPERATOR_TWICE'));
  });

  test('another number on the last line', () => {
    const last = JSON.stringify({ ...JSON.parse(lines[4]!), sequence: 6 });
    expect(() => AuditLog.replay(lines.with(4, last))).toThrow(code('ERR_CEREMONY_LOG_SEQUENCE'));
  });

  test('one step twice', () => {
    const forged = rechained([...lines.slice(0, 3), lines[1]!, lines[2]!]);
    expect(() => AuditLog.replay(forged)).toThrow(code('ERR_CEREMONY_USED'));
  });

  test('an end without a beginning, and two ends', () => {
    expect(() => AuditLog.replay(rechained([lines[0]!, lines[2]!]))).toThrow(
      code('ERR_CEREMONY_LOG_ORDER'),
    );
    expect(() => AuditLog.replay(rechained([...lines.slice(0, 3), lines[2]!]))).toThrow(
      code('ERR_CEREMONY_LOG_ORDER'),
    );
  });

  test('a tail that was cut holds: only who remembers a later head sees it', () => {
    const cut = AuditLog.replay(lines.slice(0, 3));
    expect(cut.hasHead(sha256(lines[4]!))).toBe(false);
    expect(cut.hasHead(sha256(lines[2]!))).toBe(true);
    // A step that was approved later tells too.
    expect(cut.stoodAt({ sequence: 5, hash: sha256(lines[4]!) })).toBe(false);
  });

  test('a step that was begun and did not end', () => {
    const { unfinished } = AuditLog.replay(lines.slice(0, 4));
    expect(unfinished).toMatchObject([{ details: { key: 'event-2' } }]);
  });

  test('unknown members, other kinds, no JSON', () => {
    for (const line of ['{}', 'null', '', '{"kind":"x"}', `${lines[0]!.slice(0, -1)},"x":1}`]) {
      expect(() => AuditLog.replay([line])).toThrow(code('ERR_CEREMONY_LOG_LINE'));
    }
  });
});

describe('LogFile', () => {
  test('an unfinished last line is cut, and that is written down', async () => {
    const torn = await twoSteps();
    await appendFile(torn.path('log.ndjson'), '{"sequence":6,"prev');
    const opened = await LogFile.open(torn.directory, torn.now);
    expect(opened.torn).toBe(19);
    await torn.approveAll(await torn.propose());
    await torn.attempt().ended;
    const again = await LogFile.open(torn.directory, torn.now);
    expect(again.torn).toBe(0);
    expect(again.log.entries.slice(5).map(({ kind }) => kind)).toEqual(['torn', 'intent', 'done']);
  });

  test('a clock behind the last line', async () => {
    const late = await twoSteps();
    await late.approveAll(await late.propose());
    late.at -= 10_000;
    await expect(late.attempt().ended).rejects.toEqual(code('ERR_CEREMONY_'));
    const file = await LogFile.open(late.directory, late.now);
    const failed = { kind: 'failed', step: '0'.repeat(16), code: 'ERR_X' } as const;
    await expect(file.append(failed)).rejects.toEqual(code('ERR_CEREMONY_CLOCK'));
  });

  test('a damaged log stops every step', async () => {
    const damaged = await twoSteps();
    const id = await damaged.propose();
    await damaged.approveAll(id);
    const text = await readFile(damaged.path('log.ndjson'), 'utf8');
    await writeFile(damaged.path('log.ndjson'), text.replace('event-1', 'event-9'));
    const { run, ended } = damaged.attempt();
    await expect(ended).rejects.toEqual(code('ERR_CEREMONY_'));
    expect(run).not.toHaveBeenCalled();
  });
});
