import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedReport } from '@pinless-gate/gate-firmware/rehearsal/report';
import { REFUSAL_REASONS } from '@pinless-gate/protocol/refusal';
import { type Rehearsed, rehearseWithCards } from '@pinless-gate/test/sandbox/demo/tester';
import { startPrinter } from '@pinless-gate/test/sandbox/printer';
import { startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import { describe, expect, test } from 'vitest';
import { gateCommand, makeLane, readerLines } from './fixture.ts';
import { stand, untilLast } from './stand.ts';

// A rehearsal on a whole lane: reader, turnstile, printer, display.

const { venue, reader } = await stand();
const turnstile = await untilLast(startTurnstile());
const printer = await untilLast(startPrinter());

const lane = () =>
  makeLane(venue, {
    reader: readerLines(reader),
    more: `[turnstile]\ndriver = "http"\nurl = "${turnstile.url}"
timeout_ms = 10000
[printer]\ndriver = "tcp"\nhost = "127.0.0.1"\nport = ${printer.port}\n`,
  });

const STEPS = [
  { name: 'one adult', card: 'sato', expect: 'admitted' },
  { name: 'the same once more', card: 'sato', expect: 'admitted' },
  { name: 'not on the list', card: 'stranger', expect: 'not-listed' },
  { name: 'a cloned certificate', card: 'clone', expect: 'card-not-authentic' },
  { name: 'pulled away early', card: 'pulled', expect: 'card-removed' },
];

async function rehearsed(gate: string, steps: typeof STEPS, ...more: string[]): Promise<Rehearsed> {
  await writeFile(join(gate, 'plan.json'), JSON.stringify({ steps }));
  const files = ['--config', 'gate.toml', '--plan', 'plan.json', '--out', 'report.json'];
  return rehearseWithCards([...files, '--operator', 'sato', '--show-ms', '0', ...more], {
    reader,
    cards: venue.cards,
    directory: gate,
  });
}

const report = async (gate: string) =>
  JSON.parse(await readFile(join(gate, 'report.json'), 'utf8')) as SignedReport;

const journal = async (gate: string, command: string) =>
  (await gateCommand(gate, 'journal', command, '--config', 'gate.toml', '--json')).out;

describe('gate rehearse', () => {
  test('every reason, tapped or shown; nothing counts; signed by the gate', async () => {
    const gate = await lane();
    const { code, lines } = await rehearsed(gate, STEPS);
    expect(lines.filter((line) => line.includes('NOT AS EXPECTED'))).toEqual([]);
    expect(code).toBe(0);

    const { steps, journal: span } = (await report(gate)).report;
    expect(steps.slice(0, 5)).toMatchObject([
      { actual: 'admitted', turnstile: 'opened', receipts: ['printed'], display: 'admitted' },
      { actual: 'admitted', turnstile: 'opened', receipts: ['printed'], display: 'admitted' },
      { actual: 'not-listed', display: 'refused' },
      { actual: 'card-not-authentic', display: 'refused' },
      { actual: 'card-removed', display: 'removed' },
    ]);
    const [first] = steps;
    expect(first!.shownAfter).toBeGreaterThan(0);
    expect(first!.openedAfter).toBeGreaterThanOrEqual(first!.shownAfter!);
    expect(first!.printedAfter).toBeGreaterThan(first!.shownAfter!);
    expect(new Set(steps.map(({ actual }) => actual))).toEqual(
      new Set(['admitted', ...REFUSAL_REASONS]),
    );
    expect(turnstile.openings).toHaveLength(2);
    expect(printer.jobs).toHaveLength(2);
    // The lane's mode, then one entry for each card.
    expect(span.last - span.after).toBeGreaterThanOrEqual(1 + STEPS.length);
    const entries = await journal(gate, 'show');
    expect(entries).toContain('a rehearsal begins');
    expect(entries).toContain('the rehearsal is over');
    expect(JSON.parse(await journal(gate, 'verify'))).toMatchObject({
      verified: true,
      unsigned: 0,
    });

    const verify = ['rehearse', 'verify', '--report', 'report.json', '--key'];
    const key = join(venue.kept, 'device.pem');
    expect((await gateCommand(gate, ...verify, key)).code).toBe(0);
    const other = await gateCommand(gate, ...verify, join(venue.kept, 'device-kazashi.pem'));
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('REHEARSAL_SIGNATURE')]);
  });
});
