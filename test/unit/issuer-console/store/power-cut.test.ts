import { cpSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDatabase } from '@pinless-gate/issuer-console/store/database';
import { storesOn } from '@pinless-gate/issuer-console/store/stores';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_ORIGIN } from '../accounts.ts';

// What the disk may hold when the power went, the embedded database having synced nothing: anything between what it
// held once and what was written since. `kill -9` leaves what was written: the system has it.

let directory: string;
const at = (name: string) => join(directory, name);
const filesOf = (name: string) => at(join(name, 'pgdata'));
const copy = (from: string, to: string) => cpSync(filesOf(from), filesOf(to), { recursive: true });

/** `before`: closed in order, without the vendor. `after`: as it stood when the vendor had been acknowledged. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'power-cut-'));
  const first = await openEmbeddedDatabase(at('written'));
  await first.migrate();
  await first.close();
  copy('written', 'before');
  const opened = await openEmbeddedDatabase(at('written'));
  await storesOn(opened.db).vendors.add({ id: '1'.repeat(32), name: 'acknowledged' }, TEST_ORIGIN);
  copy('written', 'after');
  await opened.close();
}, 60_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

async function vendors(name: string): Promise<number> {
  const opened = await openEmbeddedDatabase(at(name));
  try {
    const rows = await opened.db.execute('select name from vendors');
    return (rows as unknown as { rows: object[] }).rows.length;
  } finally {
    await opened.close();
  }
}

describe('the embedded database', () => {
  test('has what was acknowledged after kill -9', async () => {
    expect(await vendors('after')).toBe(1);
  });

  test('lacks it after a power cut, where nothing of it came to the disk', async () => {
    expect(await vendors('before')).toBe(0);
  });

  test('does not open where files came to the disk without their content, and says so', async () => {
    const log = join(filesOf('written'), 'pg_wal');
    const written = readdirSync(log).filter((file) => statSync(join(log, file)).isFile());
    expect(written.length).toBeGreaterThan(0);
    for (const file of written) truncateSync(join(log, file), 0);
    const opening = openEmbeddedDatabase(at('written'));
    await expect(opening).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    // The lock is free: whoever brings a copy back can go on.
    await expect(openEmbeddedDatabase(at('written'))).rejects.toMatchObject({
      code: 'ERR_STORE_DAMAGED',
    });
  });
});
