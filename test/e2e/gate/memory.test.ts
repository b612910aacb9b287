import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { program as hsm } from '@pinless-gate/hsm/cli/program';
import type { HsmConfig } from '@pinless-gate/hsm/config';
import { openKeyStore } from '@pinless-gate/hsm/isolated';
import type { Program } from '@pinless-gate/runtime/program';
import { secretsIn } from '@pinless-gate/test/memory/search';
import type { CardFile } from '@pinless-gate/test/sandbox/card/card-file';
import { EVENT_ID, GATE_ID } from '@pinless-gate/test/sandbox/demo/material';
import { run as start } from '@pinless-gate/test/sandbox/demo/program';
import { sandbox } from '@pinless-gate/test/sandbox/program';
import { type SandboxReader, startReader } from '@pinless-gate/test/sandbox/reader';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { run } from '../../unit/run.ts';
import { type FaultyModule, interpose, makeToken, type TestToken } from '../hsm/token.ts';
import { GateProcess, makeLane, makeVenue, readerLines, tapCard, type Venue } from './fixture.ts';

// The commands of a ceremony and a gate that serves, with keys that we know in their modules. No process of ours but
// those that hold a module may have an octet of them, while the keys cross, in the middle of a tap, or afterwards.

const HSM = fileURLToPath(new URL('../../../hsm/bin/hsm.js', import.meta.url));
/** A command that is about to end waits to be looked at, with all that it ever had in its memory. */
const LAST_LOOK =
  "data:text/javascript,if(process.argv[1].endsWith('/hsm.js'))" +
  "process.on('exit',()=>process.kill(process.pid,'SIGSTOP'))";
const eventKey = randomBytes(64);
const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  format: 'jwk',
});
const part = (name: 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi' | 'n') =>
  Buffer.from(jwk[name]!, 'base64url');
/** The modulus is public, and must be found: the search sees what is there. */
const KNOWN = {
  event: eventKey,
  d: part('d'),
  p: part('p'),
  q: part('q'),
  dp: part('dp'),
  dq: part('dq'),
  qi: part('qi'),
  modulus: part('n'),
};

let venue: Venue;
let issuer: TestToken;
let gate: TestToken;
let reader: SandboxReader;
let directory: string;
/** Each token's configuration, through a module whose signatures and HMACs take a while. */
let slow: Readonly<Record<'issuer' | 'gate', Slow>>;

interface Slow {
  readonly module: FaultyModule;
  readonly config: string;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'memory-'));
  [venue, reader, issuer, gate] = await Promise.all([
    makeVenue(),
    startReader({ directory }),
    makeToken('pinless-gate'),
    makeToken('pinless-gate'),
  ]);
  await issuer.createObject(`event-${EVENT_ID}`, `movable:${eventKey.toString('hex')}`);
  const text = Buffer.from(JSON.stringify(jwk)).toString('base64');
  await issuer.createObject('institution', `movable-rsa:${text}`);
  await generated(issuer, 'publisher');
  await generated(gate, 'device', 'transport');
  slow = { issuer: await slowed(issuer), gate: await slowed(gate) };
}, 120_000);
afterAll(async () => {
  await reader?.close();
  await Promise.all([issuer?.remove(), gate?.remove()]);
  await rm(directory, { recursive: true });
});

async function generated(token: TestToken, ...kinds: ('publisher' | 'device' | 'transport')[]) {
  const store = await openKeyStore(token.config);
  for (const kind of kinds) await store.generate(kind, kind);
  if (token === issuer) {
    const key = Buffer.from(await store.publicKey('publisher'));
    const pem = createPublicKey({ key, format: 'der', type: 'spki' }).export({
      format: 'pem',
      type: 'spki',
    });
    await Promise.all(
      [issuer, gate].map((one) => writeFile(join(one.directory, 'publisher.pem'), pem)),
    );
  }
  await store.close();
}

async function slowed(token: TestToken): Promise<Slow> {
  const module = await interpose(token);
  const config = join(dirname(token.configFile), 'slow.toml');
  await writeFile(config, toml(module.config));
  await module.fail('C_Sign', 'slow:300', 99_999);
  return { module, config };
}

const toml = ({ module, tokenLabel, pinFile, environment }: HsmConfig) => `[hsm]
module = "${module}"
token_label = "${tokenLabel}"
pin_file = "${pinFile}"
[hsm.environment]
${Object.entries(environment)
  .map(([name, value]) => `${name} = "${value}"`)
  .join('\n')}
[ceremony]
approvals = 0
[gate]
id = "${GATE_ID}"
[event]
id = "${EVENT_ID}"
[whitelist]
publishers = ["../publisher.pem"]
`;

/** Of a process and of all below it but those that hold a module: the command lines, and what is known in any of them. */
function look(pid: number, lines: string[] = [], found = new Set<string>()) {
  for (const name of secretsIn(pid, KNOWN)) found.add(name);
  for (const child of childrenOf(pid)) {
    try {
      const line = commandOf(child);
      lines.push(line);
      if (!isModule(line)) look(child, lines, found);
    } catch (error) {
      // The scrub has read its list meanwhile; those that must be there are asked for by name.
      if (!isGone(error)) throw error;
    }
  }
  return { lines, found: [...found].sort() };
}

const isGone = (error: unknown) =>
  ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
const isModule = (command: string) => command.includes('/hsm/dist/child.js');

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

const isStopped = (pid: number) => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** A command of `hsm`: looked at whenever its module signs or computes a MAC, and as it ends. Returns what it had at each look. */
async function watched({ module, config }: Slow, ...argv: readonly string[]): Promise<string[][]> {
  const command = ['--import', LAST_LOOK, HSM, ...argv, '--config', config];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  const found: string[][] = [];
  let calls = await module.calls('C_Sign');
  while (!isStopped(child.pid!)) {
    const now = await module.calls('C_Sign');
    if (now > calls) found.push(lookAtStopped(child));
    else await delay(5);
    calls = now;
  }
  found.push(look(child.pid!).found);
  child.kill('SIGCONT');
  expect([argv, (await ended)[0]]).toEqual([argv, 0]);
  for (const one of found)
    expect([argv, one.filter((name) => name !== 'modulus')]).toEqual([argv, []]);
  return found;
}

function lookAtStopped(child: ChildProcess): string[] {
  child.kill('SIGSTOP');
  try {
    return look(child.pid!).found;
  } finally {
    child.kill('SIGCONT');
  }
}

async function typed(of: Program, ...argv: readonly string[]): Promise<void> {
  const { code, err } = await run(of, ...argv);
  expect([code, code === 0 ? [] : err]).toEqual([0, []]);
}

test('the commands of a ceremony, while keys cross and as they end', async () => {
  const gateKey = join(issuer.directory, 'gate.key');
  await typed(
    hsm,
    'transport',
    'export',
    '--out',
    gateKey,
    '--config',
    gate.configFile,
    '--gate',
    GATE_ID,
  );
  const out = join(issuer.directory, 'envelopes');
  const officer = ['--so-pin-file', join(dirname(issuer.configFile), 'so-pin')];
  const to = ['--gate-key', gateKey, '--out', out, ...officer];
  const looks = [
    await watched(slow.issuer, 'event-key', 'wrap', '--event', EVENT_ID, ...to),
    await watched(slow.issuer, 'institution', 'wrap', ...to),
    await watched(
      slow.gate,
      'event-key',
      'unwrap',
      join(out, `${GATE_ID}.event-${EVENT_ID}.envelope`),
    ),
    await watched(slow.gate, 'institution', 'unwrap', join(out, `${GATE_ID}.institution.envelope`)),
  ];
  // The module is called at least once while each of the first three has its key on the way.
  expect(looks.slice(0, 3).every(({ length }) => length >= 2)).toBe(true);
  // The search sees what is there: whoever wraps the institution key reads its public half.
  expect(looks[1]!.flat()).toContain('modulus');
});

/** What the gate that received the keys needs besides: certificates for its key, and a list made with the event key. */
async function makeOwnVenue(): Promise<Venue> {
  const kept = gate.directory;
  const request = join(kept, 'institution.request');
  const cvc = join(kept, 'token', 'cvc', 'jpki');
  const layout = ['--layout', 'jpki', '--out', request];
  await typed(hsm, 'institution', 'request', ...layout, '--config', gate.configFile);
  await mkdir(dirname(cvc), { recursive: true });
  const answer = ['--request', request, '--out', cvc];
  await typed(sandbox, 'jlis', 'cvc', '--jlis', join(venue.kept, 'jlis'), ...answer);
  await cp(join(venue.kept, 'jlis', 'ca.pem'), join(kept, 'jlis', 'ca.pem'));
  const made = dirname(venue.bundle);
  const event = await readFile(join(made, 'event.toml'), 'utf8');
  const own = event
    .replaceAll(/"[./]*\/kept\/issuer/g, `"${join(issuer.directory, 'token')}`)
    .replaceAll('"../kept/', `"${kept}/`);
  await writeFile(join(kept, 'event.toml'), own);
  const feed = ['--feed', join(made, 'purchases.ndjson'), '--event', 'event.toml'];
  await start('whitelist', ['build', ...feed, '--out', 'bundle'], kept);
  return { kept, bundle: join(kept, 'bundle'), cards: venue.cards };
}

test('a gate that serves, all through a tap and after it', async () => {
  const own = await makeOwnVenue();
  const lane = await makeLane(own, { reader: readerLines(reader) });
  const file = join(lane, 'gate.toml');
  const text = await readFile(file, 'utf8');
  // The card answers out of this process, which is busy looking: it gets all the time there is.
  const patient = '[reader]\ncommand_timeout_ms = 30000\ntap_timeout_ms = 60000';
  await writeFile(file, text.replace(/^iso = .*$/m, '').replace('[reader]', patient));
  const running = new GateProcess(lane);
  await running.started();
  const pid = running.child.pid!;
  const card: CardFile = {
    ...venue.cards.sato!,
    faults: [{ atStep: 'external-authenticate', answer: 500 }],
  };
  const looks: ReturnType<typeof look>[] = [];
  let tapping = true;
  const tap = tapCard(running, reader, card).finally(() => {
    tapping = false;
  });
  while (tapping) {
    looks.push(look(pid));
    await delay(1);
  }
  expect((await tap).outcome).toBe('admitted');
  looks.push(look(pid));
  for (const { found, lines } of looks) {
    expect(found).toEqual(['modulus']);
    for (const child of ['reader-child.js', 'apply-child.js', 'hsm/dist/child.js']) {
      expect(lines.some((line) => line.includes(child))).toBe(true);
    }
  }
  const module = childrenOf(pid).find((child) => isModule(commandOf(child)))!;
  // SoftHSM keeps what is secret masked, and the rest as it is: this process can be read like the others.
  expect(secretsIn(module, KNOWN)).toContain('modulus');
});
