import { randomBytes } from 'node:crypto';
import { type Actor, Scope } from '@pinless-gate/issuer-console/domain/permission';
import { auditLog } from '@pinless-gate/issuer-console/store/audit';
import type { OpenDatabase } from '@pinless-gate/issuer-console/store/database';
import { type Stores, storesOn } from '@pinless-gate/issuer-console/store/stores';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newVendor, TEST_ORIGIN } from '../accounts.ts';
import { openTestDatabase } from '../database.ts';

const ALL = Scope.everything;
const scopeOf = (vendorId: string) =>
  Scope.of({ kind: 'api-key', id: '1', vendorId, scopes: [] } satisfies Actor);

describe('the audit log, followed', () => {
  let database: OpenDatabase;
  let stores: Stores;
  let vendor: string;
  beforeAll(async () => {
    database = await openTestDatabase();
    stores = storesOn(database.db);
    vendor = await newVendor(stores, 'A');
  }, 60_000);
  afterAll(() => database.close());

  const give = async (vendorId: string) => {
    const id = randomBytes(16).toString('hex');
    const key = { id, vendorId, name: 'k', prefix: 'pgk_00000000', scopes: [], expiresAt: 1 };
    const hash = randomBytes(32);
    await stores.apiKeys.add({ ...key, hash, replaces: undefined }, TEST_ORIGIN);
    return id;
  };
  const subjectsSince = async (scope: Scope, after: number, limit = 100) =>
    (await stores.audit.since(scope, { after, limit })).map(({ entry }) => entry.subjects[0]);
  const end = async () => (await stores.audit.verify()).sequence;

  test('from a place on, the oldest first, page by page', async () => {
    const after = await end();
    const ids = [await give(vendor), await give(vendor), await give(vendor)];
    expect(await subjectsSince(ALL, after)).toEqual(ids);
    expect(await subjectsSince(ALL, after, 2)).toEqual(ids.slice(0, 2));
    expect(await subjectsSince(ALL, after + 2)).toEqual(ids.slice(2));
    expect(await subjectsSince(ALL, after + 3)).toEqual([]);
  });

  test('of one vendor nothing of another', async () => {
    const other = await newVendor(stores, 'B');
    const after = await end();
    const [own] = [await give(vendor), await give(other)];
    expect(await subjectsSince(scopeOf(vendor), after)).toEqual([own]);
  });

  test('tells after the commit, and no more once it was let go', async () => {
    const seen: Promise<unknown>[] = [];
    const after = await end();
    const leave = stores.audit.onAppended(() => seen.push(subjectsSince(ALL, after)));
    const id = await give(vendor);
    expect(await Promise.all(seen)).toEqual([[id]]);
    leave();
    await give(vendor);
    expect(seen).toHaveLength(1);
  });

  test('says nothing of a change that was not kept or noted nothing', async () => {
    const told: true[] = [];
    const leave = auditLog(database.db).onAppended(() => void told.push(true));
    await expect(give('0'.repeat(32))).rejects.toMatchObject({ code: 'ERR_STORE_QUERY' });
    await stores.apiKeys.revoke(ALL, '0'.repeat(32), TEST_ORIGIN);
    leave();
    expect(told).toEqual([]);
  });
});
