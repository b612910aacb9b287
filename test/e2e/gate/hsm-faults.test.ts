import { rmSync } from 'node:fs';
import { cp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHsmConfig } from '@pinless-gate/hsm/config';
import { beforeEach, describe, expect, test } from 'vitest';
import { BUSY_MS } from '../../busy.ts';
import { type FaultAction, type FaultyModule, interpose } from '../hsm/token.ts';
import { GateProcess, type LogLine, makeLane, readerLines, tapCard } from './fixture.ts';
import { stand } from './stand.ts';

// Faults of the HSM at a lane that serves (faults.md H1 to H12): what the display says, and that it comes back.

const BACK = 'lane is back in service';

const { venue, reader, directory } = await stand();
// A copy of the token: it is damaged and taken away here.
const store = join(directory, 'tokens');
await cp(join(venue.kept, 'token', 'tokens'), store, { recursive: true });
await cp(join(venue.kept, 'token', 'pin'), join(directory, 'pin'));
await writeFile(join(directory, 'softhsm2.conf'), `directories.tokendir = ${store}\n`);
await writeFile(join(directory, 'hsm.toml'), `[hsm]\n${lines()}`);
const config = await readHsmConfig(join(directory, 'hsm.toml'));
const module = await interpose({ directory, config });

beforeEach(() => module.heal());

/** `[hsm]` for the copied token, through the module that fails on demand where there is one. */
function lines(faulty?: FaultyModule): string {
  const environment = faulty?.config.environment ?? {
    SOFTHSM2_CONF: join(directory, 'softhsm2.conf'),
  };
  return `module = "${faulty?.config.module ?? '/usr/lib/softhsm/libsofthsm2.so'}"
token_label = "pinless-gate"
pin_file = "${join(directory, 'pin')}"
[hsm.environment]
${Object.entries(environment)
  .map(([name, value]) => `${name} = "${value}"`)
  .join('\n')}`;
}

interface Lane {
  readonly gate: GateProcess;
  readonly url: string;
}

async function startLane(): Promise<Lane> {
  const lane = await makeLane(venue, {
    hsm: lines(module),
    reader: readerLines(reader),
    // No look for a new list, which asks the module too, in the middle of a fault.
    pollSeconds: 3600,
  });
  const gate = new GateProcess(lane);
  return { gate, url: await gate.started() };
}

/** `idle`, or the code that stands under "Out of service". */
async function shown({ url }: Lane): Promise<string> {
  const page = await (await fetch(url)).text();
  const state = /data-state="([a-z-]+)"/.exec(page)![1]!;
  return state === 'out-of-service' ? /<b>(ERR_[A-Z0-9_]+)<\/b>/.exec(page)![1]! : state;
}

const stranger = async ({ gate }: Lane) => tapCard(gate, reader, venue.cards.stranger!);

interface Fault {
  readonly name: string;
  readonly cause: (lane: Lane) => Promise<unknown>;
  readonly code: RegExp;
  readonly lasting?: boolean;
  readonly heal?: () => Promise<unknown>;
}

/** The module does so at the next `count` calls. */
const does =
  (pkcs11Function: string, action: FaultAction, count = 1) =>
  () =>
    module.fail(pkcs11Function, action, count);
const FOR_EVER = 99_999;

/** A tap under the fault is refused, the display closes the lane and says why; healed, it comes back by itself. */
async function expectClosedThenBack(lane: Lane, { name, cause, code, lasting, heal }: Fault) {
  await cause(lane);
  expect([name, (await stranger(lane)).outcome]).toEqual([name, 'gate-fault']);
  // The lane's own words; the display shows them until the next look, which may find everything well again.
  const closed = ({ level, code: said }: LogLine) => level === 50 && code.test(said ?? '');
  await expect.poll(() => lane.gate.lines.some(closed), { interval: 20 }).toBe(true);
  if (lasting) await expect.poll(() => shown(lane), { interval: 20 }).toMatch(code);
  await (heal ?? module.heal)();
  await lane.gate.line(({ msg }) => msg === BACK);
  // Whoever was refused can still read it, for the rest of its four seconds.
  expect(await shown(lane)).toMatch(code.test('ERR_HSM_RESULT') ? /^refused$/ : /^(refused|idle)$/);
  expect([name, (await stranger(lane)).outcome]).toEqual([name, 'not-listed']);
}

/** The process that holds the module. */
async function modulePid({ gate }: Lane): Promise<number> {
  const { pid } = gate.child;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  for (const child of children) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8');
    if (command.includes('hsm/dist/child.js')) return Number(child);
  }
  throw new Error(`no HSM process among ${children}`);
}

/** Files of the token's objects, and something done to each. */
async function eachObject(change: (path: string) => Promise<void>): Promise<void> {
  for (const token of await readdir(store)) {
    const names = await readdir(join(store, token));
    const objects = names.filter((name) => name.endsWith('.object') && name !== 'token.object');
    for (const name of objects) await change(join(store, token, name));
  }
}

async function flipBit(path: string): Promise<void> {
  const octets = await readFile(path);
  octets[octets.length >> 1]! ^= 1;
  await writeFile(path, octets);
}

describe('a module that fails under a lane', () => {
  test('closed while it lasts, with the reason on the display, and back by itself', async () => {
    const lane = await startLane();
    const faults: Fault[] = [
      {
        name: 'H1 device gone',
        cause: does('C_SignInit', 0x32, FOR_EVER),
        code: /^ERR_HSM_DEVICE$/,
        lasting: true,
      },
      {
        name: 'H1 no token',
        cause: does('C_Sign', 0xe0, FOR_EVER),
        code: /^ERR_HSM_DEVICE$/,
        lasting: true,
      },
      { name: 'H4 hangs', cause: does('C_Sign:rsa', 'hang'), code: /^ERR_ISOLATED_TIMEOUT$/ },
      { name: 'H5 crashes', cause: does('C_Sign:mac', 'crash'), code: /^ERR_ISOLATED_DOWN$/ },
      {
        name: 'H8 no session left',
        cause: async () => {
          await module.fail('C_OpenSession', 0xb1, FOR_EVER);
          process.kill(await modulePid(lane), 'SIGKILL');
        },
        code: /^ERR_ISOLATED_DOWN$/,
        lasting: true,
      },
      { name: 'H9 signature flipped', cause: does('C_Sign:rsa', 'flip'), code: /^ERR_HSM_RESULT$/ },
      { name: 'H9 HMAC flipped', cause: does('C_Sign:mac', 'flip'), code: /^ERR_HSM_RESULT$/ },
      { name: 'H9 HMAC short', cause: does('C_Sign:mac', 'short'), code: /^ERR_HSM_RESULT$/ },
    ];
    for (const fault of faults) await expectClosedThenBack(lane, fault);
  });

  test('H2, H1 once: nobody notices', async () => {
    const lane = await startLane();
    for (const [pkcs11Function, ckr] of [
      ['C_SignInit', 0x101],
      ['C_SignInit', 0xb3],
      ['C_Sign', 0x30],
    ] as const) {
      await module.fail(pkcs11Function, ckr);
      expect([ckr, (await stranger(lane)).outcome]).toEqual([ckr, 'not-listed']);
    }
    expect(lane.gate.lines.filter(({ code }) => code?.startsWith('ERR_'))).toEqual([]);
  });

  test('H5: the process is back within two seconds', async () => {
    const lane = await startLane();
    await module.fail('C_Sign:mac', 'crash');
    expect((await stranger(lane)).outcome).toBe('gate-fault');
    const up = await lane.gate.line(({ msg }) => msg === 'hsm is up');
    const down = lane.gate.lines.find(({ msg }) => msg === 'hsm is down')!;
    expect(Date.parse(up.time) - Date.parse(down.time)).toBeLessThan(2000 + BUSY_MS);
  });

  test('H12 half a second a call: slow, and served within the budget of a tap', async () => {
    const lane = await startLane();
    await module.fail('C_Sign', 'slow:500', FOR_EVER);
    const { outcome } = await tapCard(lane.gate, reader, venue.cards.tourist!);
    expect(outcome).toBe('admitted');
    const [line] = lane.gate.lines.filter(({ tap }) => tap);
    expect(line!.tapMs).toBeGreaterThan(1000);
    expect(line!.tapMs).toBeLessThan(3000);
    // Throughput for whoever watches: each tap's time is counted.
    const metrics = await (await fetch(new URL('metrics', lane.url))).text();
    expect(metrics).toMatch(/^gate_tap_milliseconds_sum \d{4}/m);
  });

  test('H3 the token locks the PIN: closed for good, and the PIN is not tried again', async () => {
    const lane = await startLane();
    const before = await module.calls('C_Login');
    await module.fail('C_Login', 0xa4, FOR_EVER);
    process.kill(await modulePid(lane), 'SIGKILL');
    expect((await stranger(lane)).outcome).toBe('gate-fault');
    await expect.poll(() => shown(lane), { interval: 20 }).toBe('ERR_HSM_PIN');
    // Three looks of the lane at its own health.
    await new Promise((resolve) => setTimeout(resolve, 1600));
    expect(await shown(lane)).toBe('ERR_HSM_PIN');
    expect(await module.calls('C_Login')).toBe(before + 1);
  });
});

describe('H6 the files of a token', () => {
  test('vanish: closed, no new token is made, and back with them', async () => {
    const lane = await startLane();
    await expectClosedThenBack(lane, {
      name: 'vanish',
      cause: () => rename(store, `${store}-away`),
      code: /^ERR_HSM_(MODULE|TOKEN_MISSING)$/,
      lasting: true,
      heal: async () => {
        expect(await readdir(store).catch(() => [])).toEqual([]);
        rmSync(store, { recursive: true, force: true });
        await rename(`${store}-away`, store);
      },
    });
  });

  test('have a bit flipped each: no lane opens with them, and none of them is replaced', async () => {
    await cp(store, `${store}-whole`, { recursive: true });
    await eachObject(flipBit);
    const before = await readdir(store, { recursive: true });
    const lane = await makeLane(venue, { hsm: lines(module), reader: readerLines(reader) });
    const gate = new GateProcess(lane);
    await expect(gate.started()).rejects.toThrow('gate ended');
    expect((await gate.ended).code).toBe(1);
    expect(gate.text[0]).toMatch(/^gate run: .* \[ERR_[A-Z_]+\]$/);
    expect(await readdir(store, { recursive: true })).toEqual(before);
    rmSync(store, { recursive: true });
    await rename(`${store}-whole`, store);
  });
});
