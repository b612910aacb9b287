import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileDiskFault } from '../../../fakes/disk-fault.ts';
import { temporary } from '../fixture.ts';

// A disk that fails, for real as far as the program can tell (faults.md J1, J9).

/** Three entries on a good disk, then three on the one that the fault makes, then one when it is over. */
const WRITER = `
  import { rmSync, writeFileSync } from 'node:fs';
  import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
  const [directory, letter] = process.argv.slice(1);
  const journal = Journal.open(directory, new Uint8Array(16));
  const told = [];
  const append = () => {
    const from = performance.now();
    try {
      journal.append({ kind: 'fault', at: 1, monotonicMs: 2, detail: 'x' });
      told.push(Math.round(performance.now() - from));
    } catch (error) { told.push(error.code); }
    console.log(JSON.stringify(told));
  };
  for (let i = 0; i < 3; i++) append();
  if (letter) writeFileSync(process.env.DISK_FAULT, letter);
  for (let i = 0; i < 3; i++) append();
  rmSync(process.env.DISK_FAULT, { force: true });
  append();
  console.log(JSON.stringify(told));`;
const READER = `
  import { Journal } from '@pinless-gate/gate-firmware/journal/journal';
  const journal = Journal.open(process.argv[1], new Uint8Array(16));
  console.log(journal.append({ kind: 'fault', at: 1, monotonicMs: 2, detail: 'x' }).sequence);
  await journal.close();`;

function run(script: string, environment: object, ...argv: string[]): string[] {
  const node = ['--input-type=module', '--eval', script, ...argv];
  const env = { ...process.env, ...environment };
  const { stdout } = spawnSync(process.execPath, node, { cwd: import.meta.dirname, env });
  return stdout.toString().trim().split('\n');
}

/** What the writer was told of each append, in milliseconds or as a code, and what the next start finds. */
function appendOn(letter: string) {
  const directory = temporary();
  const environment = compileDiskFault(directory);
  const journal = join(directory, 'journal');
  const told: (number | string)[] = JSON.parse(run(WRITER, environment, journal, letter).at(-1)!);
  return { told, next: Number(run(READER, {}, journal)[0]) };
}

describe('a disk that fails', { timeout: 30_000 }, () => {
  test.each([
    ['at fdatasync', 'E'],
    ['at the write before it', 'W'],
  ])(
    '%s: nothing is believed any more, also when it works again; a new start goes on',
    (_, letter) => {
      const { told, next } = appendOn(letter);
      const written = told.filter((one) => typeof one === 'number');
      expect(written).toHaveLength(3);
      // The store's library may end the process itself: then nothing more was told.
      expect(new Set(told.slice(3))).toEqual(
        new Set(told.length > 3 ? ['ERR_JOURNAL_BROKEN'] : []),
      );
      expect(next).toBe(written.length + 1);
    },
  );

  test('that is slow: each append waits until it is there', () => {
    const { told, next } = appendOn('S');
    expect(told).toHaveLength(7);
    for (const ms of told.slice(3, 6)) expect(ms).toBeGreaterThan(290);
    expect(next).toBe(8);
  });
});
