import { readFileSync } from 'node:fs';
import { Reader } from '@pinless-gate/gate-firmware/card/reader';
import { KAZASHI_GATE_ID } from '@pinless-gate/test/sandbox/demo/material';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BUSY_MS } from '../../busy.ts';
import {
  GateProcess,
  gateCommand,
  hsmLines,
  type LaneOptions,
  makeLane,
  readerLines,
  tapCard,
} from './fixture.ts';
import { stand } from './stand.ts';

// What is between a lane and its cards hangs, crashes or is held by others; and two lanes on one machine.

const { venue, reader } = await stand();

async function startGate(options: LaneOptions = {}) {
  const lane = await makeLane(venue, { reader: readerLines(reader), ...options });
  const gate = new GateProcess(lane);
  return { gate, lane, url: await gate.started() };
}

/** Stops it like a process that hangs: connections are open, nothing is answered. */
async function hangPcscd(): Promise<{ resume(): void }> {
  const pid = (await reader.pcscdPid())!;
  process.kill(pid, 'SIGSTOP');
  const resume = () => void process.kill(pid, 'SIGCONT');
  onTestFinished(resume);
  return { resume };
}

const wellAgain = (gate: GateProcess) => gate.line(({ msg }) => msg === 'lane is back in service');

function childOf(pid: number, entry: string): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return children
    .map(Number)
    .find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(entry))!;
}

describe('pcscd hangs', () => {
  test('while nobody is there: out of service in words, and back by itself', async () => {
    const { gate, url } = await startGate();
    const { resume } = await hangPcscd();
    const hung = performance.now();
    const fault = await gate.line(({ code }) => code === 'ERR_READER_SERVICE');
    expect(performance.now() - hung).toBeLessThan(3000 + BUSY_MS);
    expect(fault.msg).toMatch(/^PC\/SC service: reader: no answer to watch within 3000 ms/);
    const page = await (await fetch(url)).text();
    expect(page).toContain('data-state="out-of-service"');
    expect(page).toContain('Out of service');
    resume();
    const resumed = performance.now();
    await wellAgain(gate);
    expect(performance.now() - resumed).toBeLessThan(3000 + BUSY_MS);
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    expect(gate.lines.filter(({ code }) => code === 'ERR_READER_SERVICE')).toHaveLength(1);
  });

  test('while a card signs: refused, out of service, and back by itself', async () => {
    const { gate } = await startGate();
    const slow = { ...venue.cards.sato!, faults: [{ atStep: 'sign' as const, answer: 500 }] };
    const inserted = await reader.insert(slow);
    onTestFinished(() => inserted.remove());
    await expect.poll(async () => (await inserted.report()).steps.sign?.commands).toBe(1);
    const { resume } = await hangPcscd();
    expect(await gate.tap()).toBe('card-too-slow');
    await gate.line(({ code }) => code?.startsWith('ERR_READER') === true);
    resume();
    await wellAgain(gate);
    // It still lies there, and nobody was told anything else of it.
    expect(await gate.tap()).toBe('admitted');
    await inserted.remove();
  });
});

test('the process that holds the PC/SC library crashes: the next card is served', async () => {
  const { gate } = await startGate();
  const before = childOf(gate.child.pid!, 'reader-child.js');
  process.kill(before, 'SIGSEGV');
  await gate.line(({ code }) => code === 'ERR_READER_SERVICE');
  await wellAgain(gate);
  expect(childOf(gate.child.pid!, 'reader-child.js')).not.toBe(before);
  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
});

test('another program holds the card: the lane says so, and serves when it has let go', async () => {
  const other = await Reader.open({ reader: reader.names[0], socket: reader.socket });
  onTestFinished(() => other.close());
  const inserted = await reader.insert(venue.cards.sato!);
  onTestFinished(() => inserted.remove());
  // The card knows that it has power a moment before pcscd tells of it.
  await expect.poll(async () => (await other.watch()).kind).toBe('present');
  await other.session()([Uint8Array.of(0, 0xa4, 0, 0x0c, 2, 0x3f, 0)], 5000);
  const { gate } = await startGate();
  expect(await gate.tap()).toBe('gate-fault');
  const fault = await gate.line(({ code }) => code === 'ERR_READER_IN_USE');
  expect(fault.msg).toMatch(/another program holds it$/);
  await other.disconnect();
  await inserted.remove();
  await wellAgain(gate);
  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
});

/** The second lane of the machine: an id, a token, envelopes and a profile of its own. */
function otherLane(): LaneOptions {
  const { kept } = venue;
  return {
    id: KAZASHI_GATE_ID,
    reader: `name = "${reader.names[1]}"\nsocket = "${reader.socket}"`,
    hsm: hsmLines(kept).replaceAll('/token/', '/token-kazashi/'),
    keys: `${kept}/token-kazashi/keys`,
    card: `kazashi = { ca = "${kept}/jlis/surface-ca.json" }`,
  };
}

test('two lanes on one machine: each its reader and journal, and one that dies leaves the other alone', async () => {
  const [one, other] = await Promise.all([startGate(), startGate(otherLane())]);
  const [first, second] = await Promise.all([
    reader.insert(venue.cards.sato!),
    reader.insert(venue.cards.suzuki!, { slot: 1 }),
  ]);
  onTestFinished(async () => void (await Promise.all([first.remove(), second.remove()])));
  expect([await one.gate.tap(), await other.gate.tap()]).toEqual(['admitted', 'admitted']);
  expect(await one.gate.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  await Promise.all([first.remove(), second.remove()]);
  const again = await reader.insert(venue.cards.suzuki!, { slot: 1 });
  expect(await other.gate.tap()).toBe('already-admitted');
  await again.remove();
  await other.gate.stop();
  const verified = async ({ lane }: { lane: string }) => {
    const { out } = await gateCommand(lane, 'journal', 'verify', '--config', 'gate.toml', '--json');
    return JSON.parse(out) as object;
  };
  expect(await verified(one)).toMatchObject({ verified: true, admitted: 1 });
  expect(await verified(other)).toMatchObject({ verified: true, admitted: 1 });
});
