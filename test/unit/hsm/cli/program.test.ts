import { program } from '@pinless-gate/hsm/cli/program';
import { type Io, runProgram } from '@pinless-gate/runtime/program';
import { describe, expect, test } from 'vitest';

async function hsm(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env: {},
    signal: new AbortController().signal,
    interactive: false,
  };
  return { exit: await runProgram(program, argv, io), out, err: err.join('\n') };
}

describe('hsm', () => {
  test('--help ends in examples', async () => {
    const { exit, out } = await hsm('--help');
    expect(exit).toBe(0);
    expect(out.join('\n').split('\n').at(-1)).toMatch(/^ {2}hsm /);
  });

  test.each([
    ['no command', [], 'no command given'],
    ['an unknown command', ['wrap'], 'unknown command "wrap"'],
    ['half a command', ['institution'], 'unknown command "institution"'],
    ['no configuration', ['status'], '--config FILE is needed'],
    ['an unknown option', ['status', '--pin', '1234'], "Unknown option '--pin'"],
    ['no event', ['event-key', 'new', '--config', 'x.toml'], '--event ID is needed'],
    ['an event of 31 digits', ['event-key', 'new', '--event', 'f'.repeat(31)], 'is 32 hex digits'],
    ['an event of 33 digits', ['event-key', 'new', '--event', 'f'.repeat(33)], 'is 32 hex digits'],
    ['an event of other letters', ['event-key', 'new', '--event', 'g'.repeat(32)], '32 hex digits'],
    ['init without a place', ['init'], '--softhsm DIR, or --module FILE and --out DIR, are needed'],
    ['init with half a place', ['init', '--out', 'x'], 'are needed'],
    ['init with two places', ['init', '--softhsm', 'x', '--out', 'y'], 'is for other modules'],
    ['no label', ['public-key', '--config', 'x.toml'], 'one key label is needed'],
    ['two labels', ['public-key', 'a', 'b', '--config', 'x.toml'], 'one key label is needed'],
  ])('%s is wrong usage', async (_, argv, message) => {
    const { exit, out, err } = await hsm(...argv);
    expect(exit).toBe(2);
    expect(err).toContain(message);
    expect(out).toEqual([]);
  });

  test.each([
    [
      'a configuration that is not there',
      ['status', '--config', '/nowhere.toml'],
      'ERR_CONFIG_FILE',
    ],
    [
      'a token label of 33 characters',
      ['init', '--softhsm', '/nowhere/x', '--label', 'x'.repeat(33)],
      'ERR_HSM_LABEL',
    ],
    [
      'a token label that is not ASCII',
      ['init', '--softhsm', '/nowhere/x', '--label', '鍵'],
      'ERR_HSM_LABEL',
    ],
  ])('%s is refused', async (_, argv, code) => {
    const { exit, out, err } = await hsm(...argv);
    expect(exit).toBe(1);
    expect(err).toContain(`[${code}]`);
    expect(out).toEqual([]);
  });
});
