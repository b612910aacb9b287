import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCeremonyConfig } from '@pinless-gate/hsm/ceremony/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ceremony-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function read(text: string) {
  const path = join(directory, 'hsm.toml');
  await writeFile(path, text);
  return readCeremonyConfig(path);
}

describe('readCeremonyConfig', () => {
  test('a directory beside the file, and two approvals', async () => {
    expect(await read('[ceremony]\ndirectory = "c"\n')).toEqual({
      kind: 'directory',
      directory: join(directory, 'c'),
      approvals: 2,
    });
  });

  test('no table, and a table without a directory: nothing that needs approval is done', async () => {
    for (const text of ['[hsm]\n', '[ceremony]\n', '[ceremony]\napprovals = 3\n']) {
      expect(await read(text)).toMatchObject({ kind: 'absent' });
    }
  });

  test('only the number 0 takes dual control away', async () => {
    expect(await read('[ceremony]\napprovals = 0\n')).toEqual({ kind: 'waived' });
    expect(await read('[ceremony]\ndirectory = "c"\napprovals = 0\n')).toEqual({ kind: 'waived' });
  });

  test.each(['1', '-1', '6', '2.5', '"0"', 'false'])('approvals = %s is refused', async (count) => {
    await expect(read(`[ceremony]\ndirectory = "c"\napprovals = ${count}\n`)).rejects.toMatchObject(
      {
        code: 'ERR_CONFIG_KEY',
      },
    );
  });

  test('a misspelt key is refused', async () => {
    await expect(read('[ceremony]\napproval = 0\n')).rejects.toMatchObject({
      code: 'ERR_CONFIG_KEY',
      message: expect.stringContaining('ceremony.approval: unknown key'),
    });
  });
});
