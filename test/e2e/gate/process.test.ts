import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
import { fromHex } from '@pinless-gate/protocol/bytes';
import { GATE_ID } from '@pinless-gate/test/sandbox/demo/material';
import { run } from '@pinless-gate/test/sandbox/demo/program';
import { type SandboxTurnstile, startTurnstile } from '@pinless-gate/test/sandbox/turnstile';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BUSY_MS } from '../../busy.ts';
import { compileDiskFault } from '../../fakes/disk-fault.ts';
import {
  GateProcess,
  gateCommand,
  type LaneOptions,
  makeLane,
  readerLines,
  tapCard,
} from './fixture.ts';
import { stand, untilLast } from './stand.ts';

// The life of a gate: its ends, its disk, its lists.

const { venue, reader } = await stand();
const turnstile = await untilLast(startTurnstile());

const laneFor = (options: LaneOptions = {}) =>
  makeLane(venue, {
    reader: readerLines(reader),
    more: `[turnstile]\ndriver = "http"\nurl = "${turnstile.url}"\ntimeout_ms = 10000\n`,
    ...options,
  });

/** For tests that count: one id opens a turnstile once, and the journals of all tests begin at 1. */
async function ownTurnstile(): Promise<{ own: SandboxTurnstile; more: string }> {
  const own = await startTurnstile();
  onTestFinished(() => own.close());
  return { own, more: `[turnstile]\ndriver = "http"\nurl = "${own.url}"\n` };
}

const verified = async (lane: string) => {
  const { out } = await gateCommand(lane, 'journal', 'verify', '--config', 'gate.toml', '--json');
  return JSON.parse(out) as Record<string, unknown>;
};

describe('the end of a gate', () => {
  test('SIGTERM: within two seconds, with everything signed', async () => {
    const lane = await laneFor();
    const gate = new GateProcess(lane);
    await gate.started();
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    const from = performance.now();
    expect(await gate.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(2000 + BUSY_MS);
    expect(gate.text).toEqual([]);
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1, unsigned: 0 });
  });

  test('SIGTERM while a card is in its dialogue: the decision is journalled first', async () => {
    const lane = await laneFor();
    const gate = new GateProcess(lane);
    await gate.started();
    const slow = { ...venue.cards.sato!, faults: [{ atStep: 'sign' as const, answer: 600 }] };
    const inserted = await reader.insert(slow);
    await expect.poll(async () => (await inserted.report()).steps.sign?.commands).toBe(1);
    expect(await gate.stop()).toEqual({ code: 0, signal: null });
    await inserted.remove();
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1, unsigned: 0 });
  });

  test('SIGTERM while a console answers nothing: as fast', async () => {
    const hole = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    onTestFinished(() => void hole.close());
    const url = `http://127.0.0.1:${(hole.address() as { port: number }).port}/`;
    const more = `[console]\nurl = "${url}"\n`;
    const lane = await laneFor({ whitelist: `url = "${url}bundle/"`, more });
    const from = performance.now();
    const gate = new GateProcess(lane);
    await gate.started();
    expect(performance.now() - from).toBeLessThan(5000 + BUSY_MS);
    const stopped = performance.now();
    expect(await gate.stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - stopped).toBeLessThan(2500 + BUSY_MS);
  });

  test('S9 a console that answers nothing, then is gone: taps go on', async () => {
    const hole = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    const url = `http://127.0.0.1:${(hole.address() as { port: number }).port}/`;
    const lane = await laneFor({ more: `[console]\nurl = "${url}"\n` });
    const gate = new GateProcess(lane);
    await gate.started();
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    hole.close();
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('already-admitted');
    expect(await gate.stop()).toEqual({ code: 0, signal: null });
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1 });
  });

  test('kill -9: the journal verifies and the admission is remembered', async () => {
    const lane = await laneFor();
    const first = new GateProcess(lane);
    await first.started();
    expect((await tapCard(first, reader, venue.cards.sato!)).outcome).toBe('admitted');
    expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1 });
    const second = new GateProcess(lane);
    await second.started();
    expect((await tapCard(second, reader, venue.cards.sato!)).outcome).toBe('already-admitted');
    expect(await second.stop()).toEqual({ code: 0, signal: null });
    const killed = await gateCommand(lane, 'journal', 'show', '--config', 'gate.toml', '--json');
    expect(killed.out.match(/ERR_GATE_KILLED/g)).toHaveLength(1);
  });
});

describe('one tap and the next', () => {
  test('a card that is tapped twice: one entry, one opening, the same verdict', async () => {
    const { own, more } = await ownTurnstile();
    const lane = await laneFor({ debounceMs: 10_000, more });
    const gate = new GateProcess(lane);
    const url = await gate.started();
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('repeated');
    const [first, second] = gate.lines.filter(({ tap, steps }) => tap && steps);
    expect([second!.tap, second!.code]).toEqual([first!.tap, first!.code]);
    const metrics = await (await fetch(new URL('metrics', url))).text();
    expect(metrics).toMatch(/^gate_taps_total\{outcome="repeated",reason=""\} 1$/m);
    expect(await gate.stop()).toEqual({ code: 0, signal: null });
    expect(own.openings).toHaveLength(1);
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1, refused: {} });
  });

  test('a turnstile and a printer that never answer keep nobody waiting', async () => {
    const hole = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    onTestFinished(() => void hole.close());
    const { port } = hole.address() as { port: number };
    const more = `[turnstile]\ndriver = "http"\nurl = "http://127.0.0.1:${port}/"\ntimeout_ms = 10000
[printer]\ndriver = "tcp"\nhost = "127.0.0.1"\nport = ${port}\n`;
    const gate = new GateProcess(await laneFor({ more }));
    await gate.started();
    const outcomes = [];
    for (const name of ['sato', 'pulled', 'family', 'stranger']) {
      outcomes.push((await tapCard(gate, reader, venue.cards[name]!)).outcome);
    }
    expect(outcomes).toEqual(['admitted', 'card-removed', 'admitted', 'not-listed']);
    // The next card was decided while the first one's turnstile was still to answer.
    const given = gate.lines.findIndex(({ msg }) => msg === 'turnstile did not open');
    const meanwhile = gate.lines.slice(0, given < 0 ? undefined : given);
    expect(meanwhile.filter(({ tap, steps }) => tap && steps).length).toBeGreaterThan(1);
  });
});

describe('a clock behind the journal', () => {
  const DAY_MS = 86_400_000;

  /** A gate that wrote with a clock that was a day ahead. */
  async function ahead(): Promise<string> {
    const lane = await laneFor();
    const journal = Journal.open(join(lane, 'journal'), fromHex(GATE_ID));
    const at = Date.now() + DAY_MS;
    journal.append({ kind: 'fault', at, monotonicMs: 1, detail: 'ERR_TEST' });
    await journal.close();
    return lane;
  }

  test('the lane is closed and says why; a person who looked at another clock ends that', async () => {
    const lane = await ahead();
    const closed = new GateProcess(lane);
    const url = await closed.started();
    await closed.line(({ code }) => code === 'ERR_CLOCK_BACK');
    const inserted = await reader.insert(venue.cards.sato!);
    const ready = await fetch(new URL('readyz', url));
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/CLOCK_BACK/)]);
    await inserted.remove();
    const doctor = await gateCommand(lane, 'doctor', '--config', 'gate.toml', '--json');
    expect(doctor.out).toContain('ERR_CLOCK_BACK');
    expect(await closed.stop()).toEqual({ code: 0, signal: null });
    expect(closed.lines.filter(({ tap }) => tap !== undefined)).toEqual([]);
    const written = await gateCommand(lane, 'journal', 'export', '--config', 'gate.toml');
    const times = written.out
      .trim()
      .split('\n')
      .map((line) => Date.parse(JSON.parse(line).at));
    expect(Math.min(...times)).toBeGreaterThan(Date.now() + DAY_MS / 2);

    const accept = ['clock', 'accept', '--config', 'gate.toml', '--operator', 'sato'];
    const accepted = await gateCommand(lane, ...accept, '--reason', 'was a day ahead');
    expect(accepted).toMatchObject({ code: 0, err: '' });
    const open = new GateProcess(lane);
    await open.started();
    expect((await tapCard(open, reader, venue.cards.sato!)).outcome).toBe('admitted');
    expect(await open.stop()).toEqual({ code: 0, signal: null });
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 1, entered: 1 });
  });
});

describe('two gates', () => {
  test('on one journal: the second does not start, the first goes on', async () => {
    const lane = await laneFor();
    const first = new GateProcess(lane);
    await first.started();
    const second = new GateProcess(lane);
    await expect(second.started()).rejects.toThrow('ERR_LOCKED');
    expect((await second.ended).code).toBe(1);
    expect(second.text).toHaveLength(2);
    const apply = await gateCommand(lane, 'list', 'apply', venue.bundle, '--config', 'gate.toml');
    expect(apply).toMatchObject({ code: 1, err: expect.stringContaining('[ERR_LOCKED]') });
    expect((await tapCard(first, reader, venue.cards.stranger!)).outcome).toBe('not-listed');
  });
});

describe('a disk that fails', () => {
  test('at fdatasync: nobody is let in, one clear line, and a clean new start', async () => {
    const { own, more } = await ownTurnstile();
    const lane = await laneFor({ more });
    const { LD_PRELOAD, DISK_FAULT } = compileDiskFault(lane);
    const bin = join(import.meta.dirname, '../../../gate-firmware/bin/gate.js');
    const preloaded = ['env', `LD_PRELOAD=${LD_PRELOAD}`, `DISK_FAULT=${DISK_FAULT}`];
    const gate = new GateProcess(lane, [...preloaded, process.execPath, bin]);
    await gate.started();
    expect((await tapCard(gate, reader, venue.cards.family!)).outcome).toBe('admitted');
    await expect.poll(() => own.openings.length).toBe(1);
    await writeFile(DISK_FAULT, 'E');
    const inserted = await reader.insert(venue.cards.sato!);
    expect(await gate.ended).toEqual({ code: 1, signal: null });
    await inserted.remove();
    expect(gate.text[0]).toMatch(/Input\/output error.* \[ERR_JOURNAL_BROKEN\]$/);
    expect(own.openings).toHaveLength(1);
    await rm(DISK_FAULT);
    const next = new GateProcess(lane);
    await next.started();
    expect((await tapCard(next, reader, venue.cards.sato!)).outcome).toBe('admitted');
    expect((await tapCard(next, reader, venue.cards.family!)).outcome).toBe('already-admitted');
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    expect(await verified(lane)).toMatchObject({ verified: true, admitted: 2 });
  });
});

describe('a disk that is full', () => {
  /** The gate sees a small file system of its own at `disk`, the rest of the machine as it is. */
  async function onSmallDisk(mebibytes: number): Promise<{ lane: string; gate: GateProcess }> {
    const lane = await laneFor({ journal: 'disk/journal' });
    mkdirSync(join(lane, 'disk'));
    const script = `mount -t tmpfs -o size=${mebibytes}m tmpfs disk && exec "$@"`;
    const bin = join(import.meta.dirname, '../../../gate-firmware/bin/gate.js');
    const argv = ['unshare', '-m', 'sh', '-c', script, 'sh', process.execPath, bin];
    return { lane, gate: new GateProcess(lane, argv) };
  }

  /** Through the gate's own view of its disk. */
  const fill = (gate: GateProcess, lane: string) =>
    writeFile(`/proc/${gate.child.pid}/root${lane}/disk/fill`, Buffer.alloc(2 ** 25)).catch(
      ({ code }: NodeJS.ErrnoException) => code,
    );

  test('while it serves: nobody is let in without an entry, and it ends with one clear line', async () => {
    const { gate, lane } = await onSmallDisk(8);
    await gate.started();
    expect((await tapCard(gate, reader, venue.cards.family!)).outcome).toBe('admitted');
    await expect.poll(() => turnstile.openings.length).toBeGreaterThan(0);
    const opened = turnstile.openings.length;
    expect(await fill(gate, lane)).toBe('ENOSPC');
    const inserted = await reader.insert(venue.cards.sato!);
    expect(await gate.ended).toEqual({ code: 1, signal: null });
    await inserted.remove();
    expect(turnstile.openings).toHaveLength(opened);
    expect(gate.text).toHaveLength(2);
    expect(gate.text[0]).toMatch(
      /^gate run: cannot append: no space left on the disk.* \[ERR_JOURNAL_BROKEN\]$/,
    );
    expect(gate.lines.filter(({ level }) => level === 60)).toMatchObject([
      { code: 'ERR_JOURNAL_BROKEN' },
    ]);
  });

  test('from the beginning: it does not start, and says why', async () => {
    const { gate } = await onSmallDisk(1);
    await expect(gate.started()).rejects.toThrow('gate ended');
    expect(await gate.ended).toEqual({ code: 1, signal: null });
    expect(gate.text[0]).toMatch(/^gate run: no space left on the disk.* \[ERR_STORAGE_FULL\]$/);
  });
});

describe('lists', () => {
  /** A copy of the bundle that a test may spoil, and what makes the next version of it. */
  async function ownBundle(): Promise<{ bundle: string; publishNext(): Promise<string> }> {
    const bundle = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'b');
    onTestFinished(() => rmSync(join(bundle, '..'), { recursive: true }));
    await cp(venue.bundle, bundle, { recursive: true });
    const made = join(venue.bundle, '..');
    return {
      bundle,
      publishNext: async () => {
        const argv = ['--feed', 'purchases.ndjson', '--event', 'event.toml', '--out', bundle];
        const built = await run('whitelist', ['build', ...argv, '--json'], made);
        return (JSON.parse(built) as { fingerprint: string }).fingerprint;
      },
    };
  }

  const version = (lane: string) =>
    gateCommand(lane, 'list', 'show', '--config', 'gate.toml', '--json').then(
      ({ out }) => (JSON.parse(out) as { version: number }).version,
    );

  test('a new version is taken between two taps', async () => {
    const { bundle, publishNext } = await ownBundle();
    const lane = await laneFor({ whitelist: `source = "${bundle}"` });
    const gate = new GateProcess(lane);
    await gate.started();
    const isList = ({ msg }: { msg?: string }) => msg === 'list';
    const first = (await gate.line(isList)) as { version?: number };
    await publishNext();
    const second = (await gate.line(isList)) as { version?: number };
    expect(second.version).toBe(first.version! + 1);
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
  });

  test('a flipped octet: the list stays, the alarm is told once and ends when it is mended', async () => {
    const { bundle, publishNext } = await ownBundle();
    const lane = await laneFor({ whitelist: `source = "${bundle}"` });
    const gate = new GateProcess(lane);
    const url = await gate.started();
    await gate.line(({ msg }) => msg === 'list');
    const before = await version(lane);
    const old = new Set(await readdir(bundle));
    const latest = await readFile(join(bundle, 'latest'));
    await publishNext();
    const fresh = await readFile(join(bundle, 'latest'));
    await writeFile(join(bundle, 'latest'), latest);
    const bucket = (await readdir(bundle)).find(
      (name) => !old.has(name) && name.length === 64 && !fresh.includes(name),
    )!;
    const whole = await readFile(join(bundle, bucket));
    const flipped = Buffer.from(whole);
    flipped[20] = flipped[20]! ^ 1;
    await writeFile(join(bundle, bucket), flipped);
    await writeFile(join(bundle, 'latest'), fresh);
    const alarm = await gate.line(({ code }) => code === 'ERR_BUNDLE_HASH');
    expect(alarm.msg).toMatch(/^list: bucket \d+ differs from its hash$/);
    expect((await tapCard(gate, reader, venue.cards.sato!)).outcome).toBe('admitted');
    const metrics = async () => (await fetch(new URL('metrics', url))).text();
    const again = /^gate_list_errors_total\{code="ERR_BUNDLE_HASH"\} (?:[2-9]|\d{2})/m;
    await expect.poll(metrics).toMatch(again);
    expect(gate.lines.filter(({ code }) => code === 'ERR_BUNDLE_HASH')).toHaveLength(1);
    expect(await version(lane)).toBe(before);
    await writeFile(join(bundle, bucket), whole);
    await gate.line(({ msg }) => msg === 'list: well again');
    expect(await version(lane)).toBe(before + 1);
  });
});
