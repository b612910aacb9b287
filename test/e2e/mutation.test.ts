import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, '..', 'dist', 'mutation', 'main.js');
const mutation = (...argv: readonly string[]) =>
  promisify(execFile)(process.execPath, [PROGRAM, ...argv]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );

// A slice of `npm run mutation`, so that neither the campaign nor these tests come to tell nothing.
test('changes of the TLV reader are told by its tests', async () => {
  const { code, stdout } = await mutation('tlv', '--json');
  const { ok, parts, total } = JSON.parse(stdout);
  expect([code, ok]).toEqual([0, true]);
  expect(Object.keys(parts)).toEqual(['tlv']);
  expect(total).toMatchObject({ errors: 0, ignored: 0 });
  expect(total.killed).toBeGreaterThan(100);
  expect(total.score).toBeGreaterThanOrEqual(90);
});

test('a part that is not there', async () => {
  expect(await mutation('record')).toMatchObject({ code: 2, stdout: '' });
});
