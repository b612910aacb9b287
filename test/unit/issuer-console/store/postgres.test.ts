import { startPostgres } from '@pinless-gate/test/postgres';
import { afterAll, describe, expect, test } from 'vitest';

// The other engine: a server of its own, on which the tests of what the two might do differently run once more.
const server = await startPostgres({ sync: false });
if (!server) throw new Error('PostgreSQL is not installed: npm test installs it');
process.env.CONSOLE_DATABASE = server.url;
afterAll(() => server.close());

describe('on a PostgreSQL server', async () => {
  const { openTestDatabase } = await import('../database.ts');

  test('the same migrations, and none of them is pending afterwards', async () => {
    const opened = await openTestDatabase();
    try {
      expect([opened.embedded, await opened.pending()]).toEqual([false, 0]);
    } finally {
      await opened.close();
    }
  });

  describe('counts', async () => void (await import('./purchase-counts.test.ts')));
  describe('lists', async () => void (await import('../routes/purchase-list.test.ts')));
  describe('imports', async () => void (await import('../routes/imports.test.ts')));
  describe('sales', async () => void (await import('./sold-once.ts')));
  describe('purchases', async () => void (await import('../purchases/book.test.ts')));
});
