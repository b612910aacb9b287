import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '@pinless-gate/test/sandbox/demo/program';
import { freePort } from '@pinless-gate/test/sandbox/free-port';
import { startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import { expect, onTestFinished, test } from 'vitest';
import { GateProcess, gateCommand, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand, untilLast } from './stand.ts';

// What staff do by hand, and what sensors say, at a gate that runs.

const { venue, reader } = await stand();
const turnstile = await untilLast(startTurnstile());

/** A lane with two operators. */
async function staffedLane(more = ''): Promise<string> {
  const staff = `[staff]\noperators = "operators.toml"\nport = ${await freePort()}\n`;
  const lane = await makeLane(venue, {
    reader: readerLines(reader),
    more: `[turnstile]\ndriver = "http"\nurl = "${turnstile.url}"\ntimeout_ms = 10000\n${staff}${more}`,
  });
  for (const role of ['lead', 'staff']) {
    await writeFile(join(lane, role), `pin-of-${role}\n`);
    const add = ['staff', 'add', `${role}-1`, '--role', role, '--pin-file', role];
    expect(await gateCommand(lane, ...add, '--config', 'gate.toml')).toMatchObject({ code: 0 });
  }
  return lane;
}

/** `gate staff …` with a reason, by one of the two. */
async function act(lane: string, role: string, ...words: string[]) {
  const who = ['--operator', `${role}-1`, '--pin-file', role, '--config', 'gate.toml', '--json'];
  const why = ['--reason', 'checked'];
  const { code, out, err } = await gateCommand(lane, 'staff', ...words, ...why, ...who);
  return { code, err, ...(out === '' ? {} : JSON.parse(out)) };
}

const lastCode = (gate: GateProcess) => gate.lines.findLast((line) => line.tap)!.code!;

test('an override, its undo, modes, an evacuation and the readmission, all in the journal', async () => {
  const lane = await staffedLane();
  expect((await stat(join(lane, 'operators.toml'))).mode & 0o777).toBe(0o600);
  const gate = new GateProcess(lane);
  await gate.started();
  const { sato, wrongGate } = venue.cards;
  expect((await tapCard(gate, reader, wrongGate!)).outcome).toBe('wrong-gate');
  const code = lastCode(gate);

  expect(await act(lane, 'staff', 'override', code)).toMatchObject({
    code: 1,
    err: expect.stringContaining('ERR_STAFF_ROLE'),
  });
  const opened = turnstile.openings.length;
  expect(await act(lane, 'lead', 'override', code)).toMatchObject({ tickets: [{ entry: 1 }] });
  await expect.poll(() => turnstile.openings.length, { timeout: 20_000 }).toBe(opened + 1);
  expect(await act(lane, 'staff', 'undo', code)).toMatchObject({ tickets: [{ entry: 1 }] });

  expect(await act(lane, 'lead', 'mode', 'rehearsal')).toMatchObject({ tickets: [] });
  expect((await tapCard(gate, reader, sato!)).outcome).toBe('admitted');
  expect(turnstile.openings.length).toBe(opened + 1);
  expect(await act(lane, 'lead', 'mode', 'normal')).toMatchObject({ tickets: [] });
  expect((await tapCard(gate, reader, sato!)).outcome).toBe('admitted');
  expect(await act(lane, 'staff', 'mode', 'evacuate')).toMatchObject({ tickets: [] });
  await expect.poll(() => turnstile.state.held, { timeout: 20_000 }).toBe(true);
  await gate.stop();

  const again = new GateProcess(lane);
  await again.started();
  expect((await tapCard(again, reader, wrongGate!)).outcome).toBe('evacuation');
  expect(await act(lane, 'lead', 'readmit')).toMatchObject({ readmitted: 1 });
  expect(await act(lane, 'lead', 'mode', 'normal')).toMatchObject({ tickets: [] });
  await expect.poll(() => turnstile.state.held, { timeout: 20_000 }).toBe(false);
  expect((await tapCard(again, reader, sato!)).outcome).toBe('admitted');
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

test('what the sensor and the contact of the fire alarm say', async () => {
  const lane = await staffedLane(
    ['passage', 'evacuation']
      .map((name) => `[${name}]\ndriver = "http"\ntoken_file = "token"\n`)
      .join(''),
  );
  const token = 'a-token-of-this-test';
  await writeFile(join(lane, 'token'), token);
  const gate = new GateProcess(lane);
  const url = await gate.started();
  const says = async (input: string, body: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    expect((await fetch(new URL(`inputs/${input}`, url), init)).status).toBe(204);
  };
  expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
  await says('passage', { direction: 'in' });
  await says('passage', { direction: 'in' });
  await says('evacuation', { active: true });
  await expect.poll(() => turnstile.state.held, { timeout: 20_000 }).toBe(true);
  await says('passage', { direction: 'out' });
  const metrics = await (await fetch(new URL('metrics', url))).text();
  expect(metrics).toContain('gate_passages_total{outcome="unexpected",direction="in"} 1');
  await gate.stop();
  const shown = await gateCommand(lane, 'journal', 'show', '--config', 'gate.toml');
  expect(shown.out).toMatch(/passage passed, 1 in of \d+/);
  expect(shown.out).toMatch(/passage unexpected, 1 in$/m);
  expect(shown.out).toMatch(/mode evacuate, by evacuation-contact \(device\)/);
  expect(shown.out).toMatch(/passage passed, 1 out$/m);
}, 120_000);

/** The venue's list, as its event would have it with passages that nobody used taken back after a second. */
async function annullingBundle(): Promise<string> {
  const directory = dirname(venue.bundle);
  const event = await readFile(join(directory, 'event.toml'), 'utf8');
  const annulling = event.replace('[policy]\n', '[policy]\nannul_after_seconds = 1\n');
  await writeFile(join(directory, 'annulling.toml'), annulling);
  const feed = ['--feed', 'purchases.ndjson', '--event', 'annulling.toml'];
  await run('whitelist', ['build', ...feed, '--out', 'annulling'], directory);
  return join(directory, 'annulling');
}

test('nobody passes: the admission is taken back, and the same card enters again', async () => {
  const [bundle, own] = await Promise.all([annullingBundle(), startTurnstile()]);
  onTestFinished(() => own.close());
  const lane = await makeLane(
    { ...venue, bundle },
    {
      reader: readerLines(reader),
      more: `[turnstile]\ndriver = "http"\nurl = "${own.url}"\ntimeout_ms = 10000\n[passage]\ndriver = "http"\ntoken_file = "token"\n`,
    },
  );
  await writeFile(join(lane, 'token'), 'a-token-of-this-test');
  const gate = new GateProcess(lane);
  const url = await gate.started();
  const annulled = async () => {
    const metrics = await (await fetch(new URL('metrics', url))).text();
    return /^gate_passages_total\{outcome="annulled",direction="in"\} (\d+)$/m.exec(metrics)?.[1];
  };
  for (const times of ['1', '2']) {
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    await expect.poll(annulled, { timeout: 20_000 }).toBe(times);
  }
  expect(own.openings).toHaveLength(2);
  await gate.stop();
  const exported = await gateCommand(lane, 'journal', 'export', '--config', 'gate.toml');
  const entries = exported.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const admissions = entries.filter(({ kind }) => kind === 'decision');
  const passages = entries.filter(({ kind }) => kind === 'passage');
  expect(admissions).toMatchObject([{ outcome: 'admitted' }, { outcome: 'admitted' }]);
  expect(passages).toMatchObject(
    admissions.map(({ sequence }) => ({ of: sequence, outcome: 'annulled', people: 1 })),
  );
  const verified = await gateCommand(lane, 'journal', 'verify', '--config', 'gate.toml');
  expect(verified).toMatchObject({ code: 0 });
}, 120_000);
