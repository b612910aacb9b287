import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from '@pinless-gate/hsm/cli/program';
import type { Program } from '@pinless-gate/runtime/program';
import { Jlis } from '@pinless-gate/test/sandbox/jlis/jlis';
import { sandbox } from '@pinless-gate/test/sandbox/program';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../unit/run.ts';

// A ceremony day as people type it: operators with tokens of their own, approvals, the institution key's certificates.

const HSM = fileURLToPath(new URL('../../../hsm/bin/hsm.js', import.meta.url));
const KILLED = fileURLToPath(new URL('./fixtures/killed-step.mjs', import.meta.url));
const CONFIG = ['--config', 'token/hsm.toml'];
const DIR = ['--dir', 'ceremony'];
const PINS = { sato: '1357-sato', suzuki: '2468-suzuki', tanaka: '9999-tanaka' } as const;
type Name = keyof typeof PINS;

let directory: string;

/** In this process, whose directory it is: each still starts the module's own. */
async function typed(of: Program, argv: readonly string[]) {
  const { code, out, err } = await run(of, ...argv);
  return { exit: code, out: out.join('\n'), err: err.join('\n') };
}
const hsm = (...argv: readonly string[]) => typed(program, argv);
const jlis = (...argv: readonly string[]) => typed(sandbox, ['jlis', ...argv]);

const operatorNew = (name: Name) =>
  hsm('operator', 'new', name, '--softhsm', `op-${name}`, '--pin-file', `${name}.pin`);
const approve = (step: string, name: Name, pinFile = `${name}.pin`, token: Name = name) =>
  hsm(
    ...['ceremony', 'approve', step, '--operator', name, '--token', `op-${token}/hsm.toml`],
    ...['--pin-file', pinFile, ...DIR],
  );
const waiting = async () => readdir(join(directory, 'ceremony', 'steps'));
const read = (name: string) => readFile(join(directory, name), 'utf8');
const imported = (...files: readonly string[]) =>
  hsm(
    ...['institution', 'import', '--layout', 'jpki', '--anchor', 'jlis/terminal-ca.json'],
    ...files.map((file) => `cvc/${file}.cvc`),
    ...CONFIG,
  );
const importChain = () => imported('intermediate', 'institution');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ceremony-e2e-'));
  process.chdir(directory);
  for (const [name, pin] of Object.entries(PINS)) {
    await writeFile(join(directory, `${name}.pin`), `${pin}\n`, { mode: 0o600 });
  }
  const made = await Promise.all([
    hsm('init', '--softhsm', 'token').then(() => hsm('institution', 'new', ...CONFIG)),
    operatorNew('sato'),
    operatorNew('suzuki'),
    Jlis.create(join(directory, 'jlis')).then(() => ({ exit: 0 })),
  ]);
  expect(made.map(({ exit }) => exit)).toEqual([0, 0, 0, 0]);
  const operators = ['sato', 'suzuki'].flatMap((n) => ['--operator', `${n}=op-${n}/${n}.pem`]);
  expect(await hsm('ceremony', 'init', ...DIR, ...operators)).toMatchObject({ exit: 0 });
  const request = ['--layout', 'jpki', '--out', 'institution.request'];
  expect(await hsm('institution', 'request', ...request, ...CONFIG)).toMatchObject({ exit: 0 });
  const answer = ['--jlis', 'jlis', '--request', 'institution.request', '--out', 'cvc'];
  expect(await jlis('cvc', ...answer)).toMatchObject({ exit: 0 });
}, 60_000);
afterAll(() => {
  process.chdir(tmpdir());
  return rm(directory, { recursive: true, force: true });
});

describe('a ceremony', () => {
  test('without one in the configuration, or without approval, nothing is imported', async () => {
    expect((await importChain()).err).toContain('[ERR_CEREMONY_NONE]');
    const config = await read('token/hsm.toml');
    const table = '\n[ceremony]\ndirectory = "../ceremony"\n';
    await writeFile(join(directory, 'token/hsm.toml'), config + table);
    const { exit, out, err } = await importChain();
    expect({ exit, out }).toEqual({ exit: 1, out: '' });
    expect(err).toContain('[ERR_CEREMONY_APPROVAL]');
    const [step] = await waiting();
    expect(err).toContain(`hsm ceremony approve ${step} --operator NAME`);
    expect(await readdir(join(directory, 'token'))).not.toContain('cvc');
  });

  test('what is approved stands on the screen first; a wrong PIN ends it', async () => {
    const [step] = await waiting();
    const { out, err, exit } = await approve(step!, 'sato', 'suzuki.pin');
    expect(exit).toBe(1);
    expect(err.match(/ERR_HSM_PIN/g)).toHaveLength(1);
    expect(out).toContain('import the CV certificates of the institution key');
    expect(out).toMatch(/certificates +intermediate\.cvc [0-9a-f]{64}/);
    expect(await readdir(join(directory, 'ceremony/steps', step!))).toEqual(['step.json']);
  });

  test('with the token of another: refused before anything is signed', async () => {
    const [step] = await waiting();
    const { err } = await approve(step!, 'suzuki', 'sato.pin', 'sato');
    expect(err).toContain('[ERR_HSM_KEY_MISSING]');
    expect(await readdir(join(directory, 'ceremony/steps', step!))).toEqual(['step.json']);
  });

  test('a PIN file that others can read is not tried', async () => {
    const [step] = await waiting();
    await copyFile(join(directory, 'sato.pin'), join(directory, 'open.pin'));
    await chmod(join(directory, 'open.pin'), 0o644);
    expect((await approve(step!, 'sato', 'open.pin')).err).toContain('[ERR_HSM_PIN_FILE]');
  });

  test('two approvals: done once, and the log tells who, what and when', async () => {
    const [step] = await waiting();
    expect(await approve(step!, 'sato')).toMatchObject({ exit: 0 });
    expect((await approve(step!, 'sato')).err).toContain('[ERR_CEREMONY_OPERATOR_TWICE]');
    expect((await importChain()).err).toContain('and has that of sato [ERR_CEREMONY_APPROVAL]');
    expect(await approve(step!, 'suzuki')).toMatchObject({ exit: 0 });
    const { exit, out } = await importChain();
    expect(exit).toBe(0);
    expect(out).toContain('["cvc/jpki/intermediate.cvc", "cvc/jpki/institution.cvc"]');
    for (const name of ['intermediate.cvc', 'institution.cvc']) {
      expect(await read(`token/cvc/jpki/${name}`)).toBe(await read(`cvc/${name}`));
    }
    const log = await hsm('ceremony', 'log', 'show', ...DIR);
    expect(log.out).toContain('approved by sato, suzuki');
    expect((await importChain()).err).toContain('[ERR_CEREMONY_APPROVAL]');
  });

  test('status knows what was imported; the JPKI layout has no dates', async () => {
    const { exit, out } = await hsm('status', ...CONFIG);
    expect(exit).toBe(0);
    expect(out).toMatch(/^cvc {5}jpki {2}99\d{5} {2}no dates in this layout$/m);
    expect(out).toContain('approve 2 of 2 operators');
  });

  test('chains that are wrong do not even ask for approval', async () => {
    const before = await waiting();
    expect((await imported('institution', 'intermediate')).err).toContain('ERR_INSTITUTION_ORDER');
    expect((await imported('intermediate')).err).toContain('ERR_INSTITUTION_KEY');
    const whole = await readFile(join(directory, 'cvc/institution.cvc'));
    await writeFile(join(directory, 'cvc/longer.cvc'), Buffer.concat([whole, Buffer.of(0)]));
    expect((await imported('intermediate', 'longer')).err).toContain('ERR_INSTITUTION_TRAILING');
    await copyFile(join(directory, 'institution.request'), join(directory, 'cvc/request.cvc'));
    expect((await imported('intermediate', 'request')).err).toContain('ERR_INSTITUTION_LAYOUT');
    expect(await waiting()).toEqual(before);
  });

  test('a third operator, with the approval of the two', async () => {
    expect(await operatorNew('tanaka')).toMatchObject({ exit: 0 });
    const add = () => hsm('operator', 'add', 'tanaka=op-tanaka/tanaka.pem', ...DIR);
    const known = await waiting();
    expect((await add()).err).toContain('[ERR_CEREMONY_APPROVAL]');
    const step = (await waiting()).find((id) => !known.includes(id))!;
    await approve(step, 'sato');
    await approve(step, 'suzuki');
    expect(await add()).toMatchObject({ exit: 0 });
    expect((await add()).err).toContain('[ERR_CEREMONY_OPERATOR_EXISTS]');
    expect((await hsm('ceremony', 'show', ...DIR)).out).toContain('operator tanaka');
  });

  test('a PIN typed at a terminal is not shown', async () => {
    const known = await waiting();
    await hsm('operator', 'remove', 'tanaka', ...DIR);
    const step = (await waiting()).find((id) => !known.includes(id))!;
    const token = '--operator suzuki --token op-suzuki/hsm.toml --dir ceremony';
    const command = `${process.execPath} ${HSM} ceremony approve ${step} ${token}`;
    const terminal = spawn('script', ['-qec', command, '/dev/null']);
    let seen = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      if (text.includes('PIN of suzuki: ')) terminal.stdin.write(`${PINS.suzuki}x\x7f\r`);
    });
    const [exit] = await once(terminal, 'close');
    expect(seen).toContain('approved; the log stands at line');
    expect(exit).toBe(0);
    expect(seen).not.toContain(PINS.suzuki);
  });

  test('killed within the step: the log shows the intent, status says it, the approval is gone', async () => {
    const act = () =>
      spawn(process.execPath, [KILLED, 'token/hsm.toml'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const known = await waiting();
    expect(await once(act(), 'exit')).toEqual([1, null]);
    const step = (await waiting()).find((id) => !known.includes(id))!;
    await approve(step, 'sato');
    await approve(step, 'tanaka');
    const child = act();
    // It says so from within the step, which it never ends.
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const verified = await hsm('ceremony', 'log', 'verify', ...DIR);
    expect(verified).toMatchObject({ exit: 0 });
    expect(verified.err).toContain(`step ${step} was begun, and nothing says how it ended`);
    expect((await hsm('status', ...CONFIG)).out).toContain(`step ${step} was begun`);
    expect(await once(act(), 'exit')).toEqual([1, null]);
  });

  test('the log: whole; edited; cut, for who remembers its head', async () => {
    const path = join(directory, 'ceremony', 'log.ndjson');
    const whole = await readFile(path, 'utf8');
    const { head } = JSON.parse((await hsm('ceremony', 'log', 'verify', '--json', ...DIR)).out);
    const verify = (...argv: string[]) => hsm('ceremony', 'log', 'verify', ...argv, ...DIR);
    expect(await verify('--head', head)).toMatchObject({ exit: 0 });
    await writeFile(path, whole.replace('suzuki', 'suzukj'));
    expect((await verify()).err).toMatch(/\[ERR_CEREMONY_/);
    // A step that waits was proposed after the last line: it shows the cut even without the head.
    await writeFile(path, `${whole.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
    expect((await verify()).err).toContain('[ERR_CEREMONY_LOG_CUT]');
    expect((await verify('--head', head)).err).toContain('[ERR_CEREMONY_LOG_CUT]');
    await writeFile(path, whole);
    expect(await verify()).toMatchObject({ exit: 0 });
  });

  test('without dual control, by the configuration: done at once, and status calls it a weakness', async () => {
    const config = await read('token/hsm.toml');
    const waived = config.replace('directory = "../ceremony"', 'approvals = 0');
    await writeFile(join(directory, 'token/hsm.toml'), waived);
    expect(await importChain()).toMatchObject({ exit: 0 });
    expect((await hsm('status', ...CONFIG)).out).toContain('approve NOT ASKED (approvals = 0)');
    await writeFile(join(directory, 'token/hsm.toml'), config);
  });

  test('no PIN in anything that was written', async () => {
    const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
      const args = ['-rlE', Object.values(PINS).join('|'), '.'];
      execFile('grep', args, { cwd: directory }, (_, stdout) => resolve({ stdout }));
    });
    expect(stdout.trim().split('\n').sort()).toEqual([
      './open.pin',
      './sato.pin',
      './suzuki.pin',
      './tanaka.pin',
    ]);
  });
});
