import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rehearseVerifyCommand } from '@pinless-gate/gate-firmware/cli/rehearse-verify';
import {
  type RehearsalReport,
  signReport,
  verifyReport,
} from '@pinless-gate/gate-firmware/rehearsal/report';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { describe, expect, test } from 'vitest';
import { temporary } from '../fixture.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const byGate = async (message: Uint8Array) =>
  new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));

const REPORT: RehearsalReport = {
  version: '0.1.0',
  gate: { id: '01'.repeat(16), name: 'レーン 1' },
  event: '02'.repeat(16),
  list: { version: 3, fingerprint: 'K7QA' },
  devices: { printer: 'tcp', turnstile: 'http' },
  operator: 'sato',
  from: 1_797_756_120_000,
  until: 1_797_756_180_000,
  journal: { after: 4, last: 9 },
  steps: [
    {
      name: 'one adult',
      way: 'tapped',
      expected: 'admitted',
      actual: 'admitted',
      display: 'admitted',
      screens: 1,
      shownAfter: 91_000,
      openedAfter: 92_000,
      printedAfter: 350_000,
      steps: { identify: 800 },
      turnstile: 'opened',
      receipts: ['printed'],
      asExpected: true,
    },
  ],
  asExpected: true,
};

const signed = (report = REPORT) => signReport(report, byGate);
const refusal = (code: string) => expect.objectContaining({ code });

describe('the report of a rehearsal', () => {
  test('what the gate signed, whatever its layout', async () => {
    const json = JSON.stringify(await signed(), null, 2);
    expect(verifyReport(json, publicKey, 'r.json')).toEqual(REPORT);
  });

  test('anything changed: not signed', async () => {
    const { report, signature } = await signed();
    const spoilt = [
      { ...report, asExpected: false },
      { ...report, list: { ...report.list, version: 4 } },
      { ...report, steps: [] },
      { ...report, steps: [{ ...report.steps[0]!, shownAfter: 1000 }] },
    ];
    for (const one of spoilt) {
      const json = JSON.stringify({ report: one, signature });
      expect(() => verifyReport(json, publicKey, 'r.json')).toThrow(
        refusal('ERR_REHEARSAL_SIGNATURE'),
      );
    }
  });

  test('another key: not signed', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const json = JSON.stringify(await signed());
    expect(() => verifyReport(json, other, 'r.json')).toThrow(refusal('ERR_REHEARSAL_SIGNATURE'));
  });

  test('a member that nobody signed, or no report at all: refused as it is', async () => {
    const whole = await signed();
    for (const json of ['{', '7', JSON.stringify({ ...whole, note: 'all was well' })]) {
      expect(() => verifyReport(json, publicKey, 'r.json')).toThrow(
        refusal('ERR_REHEARSAL_REPORT'),
      );
    }
  });
});

async function verifyFile(report: RehearsalReport, ...more: string[]) {
  const directory = await temporary();
  const [file, key] = [join(directory, 'r.json'), join(directory, 'device.pem')];
  await writeFile(file, JSON.stringify(await signed(report)));
  await writeFile(key, publicKey.export({ format: 'pem', type: 'spki' }));
  const lines = { out: [] as string[], err: [] as string[] };
  const io: Io = {
    out: (line) => lines.out.push(line),
    err: (line) => lines.err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  };
  const commands = { verify: rehearseVerifyCommand };
  const argv = ['verify', '--report', file, '--key', key, ...more];
  const code = await runProgram({ name: 'gate', usage: '', commands }, argv, io);
  return { code, out: lines.out.join('\n') };
}

describe('gate rehearse verify', () => {
  test('all as expected: 0, one line a step', async () => {
    const { code, out } = await verifyFile(REPORT);
    expect(code).toBe(0);
    expect(out).toMatch(/tapped {2}one adult .*turnstile 92\.0 ms, receipts 350\.0 ms, 1 screen$/m);
    expect(out).toContain('all as expected');
  });

  test('signed, but not as expected: 1, and what', async () => {
    const [step] = REPORT.steps;
    const steps = [{ ...step!, receipts: ['late'], asExpected: false }];
    const { code, out } = await verifyFile({ ...REPORT, steps, asExpected: false });
    expect(code).toBe(1);
    expect(out).toContain('NOT AS EXPECTED, but admitted, late');
  });

  test('--json: the report', async () => {
    const { out } = await verifyFile(REPORT, '--json');
    expect(JSON.parse(out)).toEqual(REPORT);
  });
});
