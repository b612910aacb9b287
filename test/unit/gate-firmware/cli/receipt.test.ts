import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiptPreviewCommand } from '@pinless-gate/gate-firmware/cli/receipt';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { beforeAll, describe, expect, test } from 'vitest';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receipt-'));
});

const VALID = {
  event: { name: '冬の音楽祭', place: '横浜', startsAt: '2026-12-20T18:00:00+09:00' },
  ticket: { ticketNo: 'T-1', seat: { gate: 'B', block: '112', row: '7', number: '15' } },
};

/** Exit code, then everything that was written. */
async function preview(file: unknown, out: string, ...more: string[]) {
  const ticket = join(directory, 'ticket.json');
  await writeFile(ticket, typeof file === 'string' ? file : JSON.stringify(file));
  const lines = { out: [] as string[], err: [] as string[] };
  const io: Io = {
    out: (line) => lines.out.push(line),
    err: (line) => lines.err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  };
  const program = {
    name: 'gate',
    usage: '',
    commands: { 'receipt preview': receiptPreviewCommand },
  };
  const argv = ['receipt', 'preview', '--ticket', ticket, '--out', join(directory, out), ...more];
  return { code: await runProgram(program, argv, io), ...lines };
}

describe('gate receipt preview', () => {
  test.each([
    ['x.svg', '<svg '],
    ['x.txt', '横浜'],
    ['x.escpos', '\x1b@'],
  ])('%s', async (out, part) => {
    expect((await preview(VALID, out)).code).toBe(0);
    expect(await readFile(join(directory, out), out === 'x.escpos' ? 'latin1' : 'utf8')).toContain(
      part,
    );
  });

  test('--json, and a count of what no printer has', async () => {
    const file = { ...VALID, event: { ...VALID.event, place: '👍' } };
    const { out, err } = await preview(file, 'x.svg', '--json');
    expect(JSON.parse(out.join(''))).toMatchObject({ missing: 1 });
    expect(err).toHaveLength(1);
  });

  test.each([
    ['no JSON', '{', 'ERR_RECEIPT_JSON', 1],
    ['no seat', { ...VALID, ticket: { ticketNo: 'T' } }, 'ERR_RECEIPT_TICKET', 1],
    ['a name', { ...VALID, name: 'Hanako' }, 'ERR_RECEIPT_TICKET', 1],
    [
      'a time without a zone',
      { ...VALID, event: { ...VALID.event, startsAt: '2026-12-20T18:00' } },
      'ERR_RECEIPT_TICKET',
      1,
    ],
    ['no such zone', { ...VALID, timeZone: 'Asia/Nowhere' }, 'ERR_RECEIPT_TICKET', 1],
  ])('%s', async (_, file, code, exit) => {
    const result = await preview(file, 'x.svg');
    expect(result.code).toBe(exit);
    expect(result.err[0]).toContain(`[${code}]`);
    expect(result.err[0]).not.toContain('Hanako');
  });

  test('with a template of the venue, whose mistake is told by its line', async () => {
    const template = join(directory, 'receipt.txt');
    await writeFile(template, 'ようこそ {{ticket}}\n');
    expect((await preview(VALID, 'x.txt', '--template', template)).code).toBe(0);
    expect(await readFile(join(directory, 'x.txt'), 'utf8')).toContain('ようこそ T-1');
    await writeFile(template, 'ようこそ\n{{name}}\n');
    const { code, err } = await preview(VALID, 'x.txt', '--template', template);
    expect([code, err.join()]).toEqual([1, expect.stringContaining('receipt.txt:2: {{name}}')]);
  });

  test('a format it does not know', async () => {
    expect((await preview(VALID, 'x.pdf')).code).toBe(2);
  });
});
