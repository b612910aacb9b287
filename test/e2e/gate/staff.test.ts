import { mkdtempSync, rmSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { type SandboxTurnstile, startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  GateProcess,
  gateCommand,
  makeLane,
  makeVenue,
  readerLines,
  tapCard,
  type Venue,
} from './fixture.ts';

// What staff do by hand, at a gate that runs.

const directory = mkdtempSync(join(tmpdir(), 'staff-'));
let venue: Venue;
let reader: SandboxReader;
let turnstile: SandboxTurnstile;

beforeAll(async () => {
  [venue, reader, turnstile] = await Promise.all([
    makeVenue(),
    startReader({ directory }),
    startTurnstile(),
  ]);
}, 120_000);
afterAll(async () => {
  await Promise.all([reader?.close(), turnstile?.close()]);
  rmSync(directory, { recursive: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('an override, its undo, a mode, an evacuation and the readmission, all in the journal', async () => {
  const lane = await makeLane(venue, {
    reader: readerLines(reader),
    more: `[turnstile]\ndriver = "http"\nurl = "${turnstile.url}"\n[staff]\noperators = "operators.toml"\nport = ${await freePort()}\n`,
  });
  for (const name of ['lead', 'staff']) await writeFile(join(lane, name), `pin-of-${name}\n`);
  for (const role of ['lead', 'staff']) {
    const add = ['staff', 'add', `${role}-1`, '--role', role, '--pin-file', role];
    expect(await gateCommand(lane, ...add, '--config', 'gate.toml')).toMatchObject({ code: 0 });
  }
  expect((await stat(join(lane, 'operators.toml'))).mode & 0o777).toBe(0o600);

  const gate = new GateProcess(lane);
  await gate.started();
  const by = async (role: string, ...words: string[]) => {
    const who = ['--operator', `${role}-1`, '--pin-file', role, '--config', 'gate.toml', '--json'];
    const { code, out, err } = await gateCommand(
      lane,
      'staff',
      ...words,
      '--reason',
      'checked',
      ...who,
    );
    return { code, err, ...(out === '' ? {} : JSON.parse(out)) };
  };

  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('already-admitted');
  const code = gate.lines.findLast((line) => line.tap)!.code!;

  expect(await by('staff', 'override', code)).toMatchObject({
    code: 1,
    err: expect.stringContaining('ERR_STAFF_ROLE'),
  });
  const opened = turnstile.openings.length;
  expect(await by('lead', 'override', code)).toMatchObject({ tickets: [{ entry: 2 }] });
  await expect.poll(() => turnstile.openings.length, { timeout: 20_000 }).toBe(opened + 1);
  expect(await by('staff', 'undo', code)).toMatchObject({ tickets: [{ entry: 2 }] });

  expect(await by('lead', 'mode', 'rehearsal')).toMatchObject({ tickets: [] });
  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('already-admitted');
  expect(await by('staff', 'mode', 'evacuate')).toMatchObject({ tickets: [] });
  await expect.poll(() => turnstile.state.held, { timeout: 20_000 }).toBe(true);
  await gate.stop();

  const again = new GateProcess(lane);
  await again.started();
  expect((await tapCard(again, reader, venue.cards.sato!)).outcome).toBe('evacuation');
  expect(await by('lead', 'readmit')).toMatchObject({ readmitted: 1 });
  expect(await by('lead', 'mode', 'normal')).toMatchObject({ tickets: [] });
  await expect.poll(() => turnstile.state.held, { timeout: 20_000 }).toBe(false);
  expect((await tapCard(again, reader, venue.cards.sato!)).outcome).toBe('admitted');
  await again.stop();

  const shown = await gateCommand(lane, 'journal', 'show', '--config', 'gate.toml');
  for (const line of [
    /override .*by lead-1 \(lead\): checked/,
    /undo .*by staff-1 \(staff\): checked/,
    /mode evacuate, by staff-1/,
    /readmit 1, by lead-1/,
  ]) {
    expect(shown.out).toMatch(line);
  }
  const verified = await gateCommand(lane, 'journal', 'verify', '--config', 'gate.toml');
  expect(verified).toMatchObject({ code: 0 });
}, 180_000);
