import { join } from 'node:path';
import { startReader } from '@pinless-gate/test/sandbox/reader';
import { describe, expect, test } from 'vitest';
import { BUSY_MS } from '../../busy.ts';
import {
  GateProcess,
  gateCommand,
  type LaneOptions,
  makeLane,
  readerLines,
  tapCard,
} from './fixture.ts';
import { stand, untilLast } from './stand.ts';

// What is wrong between the gate and the cards: no service, no reader, too many, too short.

const { venue, reader, directory } = await stand();
/** Passes no extended APDU. */
const short = await untilLast(
  startReader({ directory: join(directory, 'short'), maxCommandLength: 261 }),
);

async function startLane(options: LaneOptions): Promise<{ gate: GateProcess; lane: string }> {
  const lane = await makeLane(venue, options);
  return { gate: new GateProcess(lane), lane };
}

const ready = async (url: string) => {
  const response = await fetch(new URL('readyz', url));
  return `${response.status} ${(await response.text()).trim()}`;
};

interface Finding {
  readonly check: string;
  readonly outcome: string;
  readonly what: string;
  readonly code?: string;
  readonly action?: string;
}

/** What `gate doctor` says of one thing. */
async function finding(lane: string, check: string): Promise<Finding | undefined> {
  const { out, code } = await gateCommand(lane, 'doctor', '--config', 'gate.toml', '--json');
  const { healthy, findings } = JSON.parse(out) as { healthy: boolean; findings: Finding[] };
  expect(code).toBe(healthy ? 0 : 1);
  return findings.find((one) => one.check === check);
}

describe('gate run', () => {
  test.each<[string, () => string, string, RegExp]>([
    ['no pcscd', () => 'socket = "nowhere.comm"', 'ERR_READER_SERVICE', /^PC\/SC service: /],
    [
      'the reader that is named is not there',
      () => `name = "ACS ACR1252 00 00"\nsocket = "${reader.socket}"`,
      'ERR_READER_MISSING',
      /^reader not found among "Virtual PCD 00 00", "Virtual PCD 00 01"$/,
    ],
    [
      'two readers, and none is named',
      () => `socket = "${reader.socket}"`,
      'ERR_READER_SEVERAL',
      /^several readers: "Virtual PCD 00 00", "Virtual PCD 00 01"$/,
    ],
  ])('%s: out of service with one clear line, once', async (_, lines, code, message) => {
    const { gate, lane } = await startLane({ reader: lines() });
    const url = await gate.started();
    const fault = await gate.line((line) => line.code === code);
    expect(fault.msg).toMatch(message);
    await expect.poll(() => ready(url)).toBe(`503 ${code}`);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(gate.lines.filter((line) => line.code === code)).toHaveLength(1);
    const ended = await gate.stop();
    expect(ended.code).toBe(0);
    const { out } = await gateCommand(lane, 'journal', 'export', '--config', 'gate.toml');
    const notes = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const said = notes.map(({ kind, detail }) => [kind, detail].filter(Boolean).join(' '));
    // Whenever it came: the gate waits a second for it.
    expect(said.filter((note) => note === 'list applied')).toHaveLength(1);
    expect(said.filter((note) => note !== 'list applied')).toEqual([
      'start gate',
      `fault ${code}`,
      'stop gate',
      'checkpoint',
    ]);
  });

  test('pcscd killed and started again: the lane comes back by itself', async () => {
    const { gate } = await startLane({ reader: readerLines(reader) });
    await gate.started();
    expect((await tapCard(gate, reader, venue.cards.stranger!)).outcome).toBe('not-listed');
    await reader.killPcscd();
    const killed = performance.now();
    await gate.line(({ code }) => code?.startsWith('ERR_READER') === true);
    expect(performance.now() - killed).toBeLessThan(2000 + BUSY_MS);
    await reader.restartPcscd();
    const restarted = performance.now();
    await gate.line(({ msg }) => msg === 'lane is back in service');
    expect(performance.now() - restarted).toBeLessThan(2000 + BUSY_MS);
    expect((await tapCard(gate, reader, venue.cards.stranger!)).outcome).toBe('not-listed');
  });

  test('pcscd killed while a card signs: refused, and the lane comes back', async () => {
    const { gate } = await startLane({ reader: readerLines(reader) });
    await gate.started();
    const slow = { ...venue.cards.sato!, faults: [{ atStep: 'sign' as const, answer: 1000 }] };
    const inserted = await reader.insert(slow);
    await expect.poll(async () => (await inserted.report()).steps.sign?.commands).toBe(1);
    await reader.killPcscd();
    expect(await gate.tap()).toMatch(/^(gate-fault|card-removed)$/);
    await reader.restartPcscd();
    await gate.line(({ msg }) => msg === 'lane is back in service');
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
  });

  test('a reader without extended length: the first tap says so', async () => {
    const { gate, lane } = await startLane({ reader: readerLines(short) });
    await gate.started();
    const { outcome } = await tapCard(gate, short, venue.cards.sato!);
    expect(outcome).toBe('gate-fault');
    const fault = await gate.line(({ code }) => code === 'ERR_READER_EXTENDED_LENGTH');
    expect(fault.msg).toBe('the reader passes no extended APDU');
    await gate.stop();
    const { out } = await gateCommand(lane, 'journal', 'show', '--config', 'gate.toml');
    expect(out).toContain('fault: ERR_READER_EXTENDED_LENGTH');
  });
});

describe('gate doctor', () => {
  test.each<[string, () => string, Partial<Finding>]>([
    ['a reader', () => readerLines(reader), { outcome: 'ok', what: '"Virtual PCD 00 00"' }],
    [
      'no pcscd',
      () => 'socket = "nowhere.comm"',
      { outcome: 'failed', what: expect.stringContaining('no PC/SC service') },
    ],
    [
      'no such reader',
      () => `name = "ACS"\nsocket = "${reader.socket}"`,
      { outcome: 'failed', what: expect.stringMatching(/^no-reader: "Virtual PCD 00 00", /) },
    ],
    [
      'two readers',
      () => `socket = "${reader.socket}"`,
      { outcome: 'failed', what: expect.stringMatching(/^several-readers: "Virtual PCD 00 00", /) },
    ],
  ])('%s', async (_, lines, expected) => {
    const lane = await makeLane(venue, { reader: lines() });
    const found = await finding(lane, 'reader');
    expect(found).toMatchObject(expected);
    if (expected.outcome === 'failed') expect(found?.action).toBeTruthy();
  });

  test('extended length: a driver that does not tell is unknown, never ok', async () => {
    const lane = await makeLane(venue, { reader: readerLines(short) });
    const found = await finding(lane, 'extended length');
    expect(found?.outcome).not.toBe('ok');
    expect(found?.action).toBeTruthy();
  });
});
