import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { officeOf } from '../enrolling.ts';
import { GATE_A, NOW, publish, startConsole, type TestConsole, TestGate } from '../fixture.ts';

// What the board says of a gate's printer.

let started: TestConsole;
let gate: TestGate;

beforeAll(async () => {
  started = await startConsole();
}, 60_000);
afterAll(() => started.close());
beforeEach(async () => {
  await started.clear();
  started.now = NOW;
  await publish(started.bundles);
  gate = new TestGate(GATE_A, 'A');
  await started.enrol(gate);
});

const page = async (language = 'en') => {
  const text = await (await started.see(`/?lang=${language}`)).text();
  return text
    .slice(text.indexOf('<main'))
    .replaceAll('&#39;', "'")
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
};
const says = async (...told: ({ kind: 'start' } | { kind: 'fault'; detail: string })[]) => {
  for (const entry of told) gate.write(entry);
  await started.upload(gate);
  return page();
};
const fault = (detail: string) => ({ kind: 'fault', detail }) as const;
const paperOut = fault('ERR_PRINTER_PAPER_OUT');

test.each([
  ['ERR_PRINTER_PAPER_OUT', 'out of paper', 'put in a new roll'],
  ['ERR_PRINTER_COVER_OPEN', 'cover is open', 'close the cover'],
  ['ERR_PRINTER_OFFLINE', 'does not answer', 'check its power'],
  ['ERR_PRINTER_PAPER_LOW', 'near its end', 'have a new roll ready'],
  ['ERR_PRINTER_ON_FIRE', 'does not print', 'look at the printer'],
])('%s: what is wrong, since when, and what to do', async (code, what, next) => {
  const text = await says(fault(code));
  expect(text).toContain(what);
  expect(text).toContain(next);
  expect(text).toMatch(/since .*18:04/);
  expect(text).not.toContain(code);
});

test('what a gate told last is in force, until it prints again or starts anew', async () => {
  expect(await says(paperOut, fault('ERR_PRINTER_COVER_OPEN'))).toContain('cover is open');
  expect(await says(fault('ERR_DISK_LOW'))).toContain('cover is open');
  expect(await says(fault('PRINTER_OK'))).not.toContain('printer');
  expect(await says(paperOut)).toContain('out of paper');
  expect(await says({ kind: 'start' })).not.toContain('printer');
  expect(await says({ kind: 'start' }, paperOut)).toContain('out of paper');
});

test('in Japanese, and not of a gate that was revoked', async () => {
  await says(paperOut);
  expect(await page('ja')).toContain('用紙がありません');
  await officeOf(started).revoke(GATE_A);
  expect(await page()).not.toContain('out of paper');
});
