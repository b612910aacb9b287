import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KIOSK_FLAGS, kioskCommand } from '@pinless-gate/gate-firmware/display/kiosk';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const DIRECTORY = join(ROOT, 'gate-firmware/systemd');
const GATE = join(DIRECTORY, 'pinless-gate.service');
const LANE = join(DIRECTORY, 'pinless-gate@.service');
const DISPLAY = join(DIRECTORY, 'pinless-gate-display.service');

/** Values of a key in the order in which they stand; continued lines are one. */
function values(file: string, key: string): string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/\\\n\s*/g, '');
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value!);
}

/** Newer than Debian 12's systemd, which says so and goes on. */
const NEWER = /Unknown key '(RestartSteps|RestartMaxDelaySec)' in section \[Service\], ignoring/;
/** Of programs that are installed on a lane, not here. */
const ABSENT = /Command \/usr\/bin\/(node|cage|curl|chromium) is not executable/;

describe.each([GATE, LANE, DISPLAY])('%s', (file) => {
  test('systemd understands every line', () => {
    const { stderr, error } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    if (error) throw error;
    const complaints = stderr.split('\n').filter((line) => line !== '');
    expect(complaints.filter((line) => !NEWER.test(line) && !ABSENT.test(line))).toEqual([]);
  });

  test('comes back whatever happens, slower and slower', () => {
    expect(values(file, 'Restart')).toEqual(['always']);
    expect(values(file, 'StartLimitIntervalSec')).toEqual(['0']);
    expect(values(file, 'RestartSteps')).toHaveLength(1);
    expect(values(file, 'RestartMaxDelaySec')).toEqual(['30']);
  });

  test('has no privilege to lose', () => {
    expect(values(file, 'NoNewPrivileges')).toEqual(['yes']);
    expect(values(file, 'ProtectSystem')).toEqual(['strict']);
    expect(values(file, 'CapabilityBoundingSet')).toEqual(['']);
    expect(values(file, 'User')[0]).toMatch(/^pinless-gate/);
  });
});

test.each([
  [GATE, 2],
  [LANE, 2],
  [DISPLAY, 4.5],
])('%s: exposed by %d at most, as systemd counts', (file, most) => {
  const argv = ['security', '--offline=true', `--threshold=${most * 10}`, '--no-pager', file];
  expect(() => execFileSync('systemd-analyze', argv, { stdio: 'pipe' })).not.toThrow();
});

test('the PIN is handed over, never typed into a unit', () => {
  expect(values(GATE, 'LoadCredential')).toEqual(['pin:/etc/pinless-gate/pin']);
  expect(values(GATE, 'Environment')).toEqual([]);
});

test('a lane of several is a gate of its own directories, and nothing else', () => {
  const lines = (file: string) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.startsWith('#'));
  const own = lines(LANE).filter((line) => !lines(GATE).includes(line));
  expect(own.every((line) => line.includes('%i'))).toBe(true);
  expect(lines(LANE)).toHaveLength(lines(GATE).length);
  expect(own.map((line) => line.slice(0, line.indexOf('=')))).toEqual([
    'Description',
    'WorkingDirectory',
    'ExecStart',
    'LoadCredential',
    'StateDirectory',
  ]);
});

test('what the gate’s unit starts is there, and is told what to do', () => {
  const [command] = values(GATE, 'ExecStart');
  const [, program, ...rest] = command!.split(' ');
  expect(existsSync(program!.replace('/opt/pinless-gate', ROOT))).toBe(true);
  expect(rest).toEqual(['run', '--config', '/etc/pinless-gate/gate.toml']);
});

test('the display’s unit starts the browser as gate run says', () => {
  const [command] = values(DISPLAY, 'ExecStart');
  expect(command).toBe(`/usr/bin/cage -- /usr/bin/${kioskCommand('http://127.0.0.1:8460/')}`);
  expect(new Set(KIOSK_FLAGS).size).toBe(KIOSK_FLAGS.length);
});
