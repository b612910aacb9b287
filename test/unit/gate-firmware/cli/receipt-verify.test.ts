import { generateKeyPairSync, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  receiptCheckPageCommand,
  receiptVerifyCommand,
} from '@pinless-gate/gate-firmware/cli/receipt-verify';
import { formatReceiptCode, receiptMessage } from '@pinless-gate/protocol/receipt-code';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { describe, expect, test } from 'vitest';
import { temporary } from '../fixture.ts';

async function run(...argv: string[]) {
  const lines = { out: [] as string[], err: [] as string[] };
  const io: Io = {
    out: (line) => lines.out.push(line),
    err: (line) => lines.err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  };
  const commands = { verify: receiptVerifyCommand, 'check-page': receiptCheckPageCommand };
  const code = await runProgram({ name: 'gate', usage: '', commands }, argv, io);
  return { code, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

async function gate(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const file = join(await temporary(), `${name}.pem`);
  await writeFile(file, publicKey.export({ format: 'pem', type: 'spki' }));
  const statement = {
    event: new Uint8Array(8).fill(1),
    gate: new Uint8Array(4).fill(2),
    sequence: 41,
    at: 1_797_756_120,
    listVersion: 14,
    copy: 1,
    place: 1,
    partySize: 1,
    code: 'K7-42',
    ticketNo: 'T-1',
    seat: { gate: 'B' },
  };
  const signature = sign('sha256', receiptMessage(statement), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return { file, code: formatReceiptCode(statement, signature) };
}

describe('gate receipt verify', () => {
  test('whose it is, and what it says', async () => {
    const [north, south] = [await gate('north'), await gate('south')];
    const { code, out } = await run(
      'verify',
      '--key',
      north.file,
      '--key',
      south.file,
      south.code,
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      signedBy: 'south',
      ticketNo: 'T-1',
      copy: 1,
      gate: '02020202',
      at: '2026-12-20T08:42:00.000Z',
    });
  });

  test('of nobody known here, and no code at all', async () => {
    const [north, south] = [await gate('north'), await gate('south')];
    const other = await run('verify', '--key', north.file, south.code);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('ERR_RECEIPT_SIGNATURE')]);
    const none = await run('verify', '--key', north.file, 'K7-42');
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('ERR_RECEIPT_CODE')]);
    expect((await run('verify', south.code)).code).toBe(2);
  });
});

test('gate receipt check-page: one file with the keys', async () => {
  const north = await gate('north');
  const out = join(await temporary(), 'check.html');
  expect((await run('check-page', '--key', north.file, '--out', out)).code).toBe(0);
  expect(await readFile(out, 'utf8')).toContain('"name":"north"');
});
