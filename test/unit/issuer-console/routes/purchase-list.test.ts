import { KEY_SCOPES } from '@pinless-gate/issuer-console/domain/permission';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { ended, imported, newEvent } from '../events.ts';
import { NOW, startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let person: SignedIn;
let key: { readonly key: string };
let eventId: string;

const HOUR_MS = 3_600_000;

/** Twelve purchases by three imports, an hour between: 1 to 10 paid, then 11 and 12 pending, then 3 and 7 given back. */
beforeAll(async () => {
  started = await startConsole();
  const vendorId = await newVendor(started.stores, 'tickets');
  person = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  const wanted = { vendorId, name: 'shop', scopes: KEY_SCOPES, days: 30 };
  const given = await ask(started, person, 'POST', '/api/v1/api-keys', wanted);
  key = (await given.json()) as { key: string };
  eventId = await newEvent(started, vendorId, person);
  await take(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  started.now += HOUR_MS;
  await take({ 11: 'pending' }, { 12: 'pending' });
  started.now += HOUR_MS;
  await take({ 3: 'cancelled' }, { 7: 'cancelled' });
}, 60_000);
afterAll(() => started.close());

async function take(...rows: (number | Record<number, string>)[]): Promise<void> {
  const purchases = rows.map((row) => {
    if (typeof row === 'number') return purchase(row);
    const [[number, status] = []] = Object.entries(row);
    return purchase(Number(number), { status });
  });
  await ended(started, key, await imported(started, key, eventId, feedOf(...purchases)));
}

interface Page {
  readonly purchases: readonly { readonly purchaseId: string; readonly change: number }[];
  readonly more: boolean;
  readonly next?: string;
}

const at = (query: string) => `/api/v1/events/${eventId}/purchases?${query}`;
const read = async (query: string): Promise<Page> => {
  const response = await ask(started, key, 'GET', at(query));
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
};
const numbers = ({ purchases }: Page) => purchases.map(({ purchaseId }) => purchaseId.slice(2));

/** Page after page, as many as there are. */
async function all(query: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await read(`${query}&limit=${limit}${cursor}`);
    found.push(...numbers(page));
    expect(page.purchases.length).toBeLessThanOrEqual(limit);
    if (!page.more) return found;
    cursor = `&cursor=${page.next}`;
  }
}

describe('a list of purchases', () => {
  test('goes in the order of changes, on from page to page', async () => {
    const order = ['1', '10', '2', '4', '5', '6', '8', '9', '11', '12', '3', '7'];
    for (const limit of [1, 2, 5, 12, 100]) expect(await all('', limit)).toEqual(order);
    expect(await all('state=pending', 1)).toEqual(['11', '12']);
    expect(await all('state=cancelled', 1)).toEqual(['3', '7']);
  });

  test('is read by an index: the database has looked at what an import brought', async () => {
    const known = await started.database.db.execute(
      `select reltuples::integer as rows from pg_class where relname = 'purchases'`,
    );
    expect((known as unknown as { rows: { rows: number }[] }).rows[0]!.rows).toBeGreaterThan(9);
  });

  test('finds a number and what begins with it, in the order of numbers', async () => {
    for (const limit of [1, 3])
      expect(await all('search=P-1', limit)).toEqual(['1', '10', '11', '12']);
    expect(await all('search=P-12', 1)).toEqual(['12']);
    expect(await all('search=p-1', 1)).toEqual([]);
    expect(await all('search=P-%25', 1)).toEqual([]);
  });

  test('tells what changed since the last page, and nothing twice', async () => {
    const first = await read('limit=1000');
    expect([first.more, numbers(first).length]).toEqual([false, 12]);
    const later = await read(`cursor=${first.next}`);
    expect(later).toMatchObject({ purchases: [], more: false, next: first.next });
    await take({ 12: 'paid' });
    expect(numbers(await read(`cursor=${first.next}`))).toEqual(['12']);
    await take({ 12: 'pending' });
  });

  test.each([
    ['the beginning of time', 0, 12],
    ['the first import', NOW, 12],
    ['after it', NOW + 1, 4],
    ['the second', NOW + HOUR_MS, 4],
    ['the third', NOW + 2 * HOUR_MS, 3],
    ['later than everything', NOW + 3 * HOUR_MS, 0],
  ])('tells what changed since %s', async (_, since, count) => {
    const query = `since=${encodeURIComponent(new Date(since).toISOString())}`;
    expect(await all(query, 2)).toHaveLength(count);
  });

  test('has counts and states, nothing of card or person', async () => {
    const response = await ask(started, key, 'GET', at('search=P-11'));
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({
      eventId,
      purchases: [
        {
          purchaseId: 'P-11',
          state: 'pending',
          tickets: 1,
          listed: 'no',
          change: 2,
          createdAt: new Date(NOW + HOUR_MS).toISOString(),
          changedAt: new Date(NOW + HOUR_MS).toISOString(),
        },
      ],
      more: false,
      next: expect.any(String),
    });
    expect(text).not.toContain('700000b');
  });

  test.each([
    ['search=P-1&state=paid', 400, 'ERR_HTTP_FORM'],
    ['search=P-1&since=2026-12-20T15:00:00Z', 400, 'ERR_HTTP_FORM'],
    ['search=a%20b', 400, 'ERR_HTTP_FORM'],
    ['state=SECRET', 400, 'ERR_HTTP_FORM'],
    ['since=yesterday', 400, 'ERR_HTTP_FORM'],
    ['limit=1001', 400, 'ERR_HTTP_FORM'],
    ['cursor=SECRET', 422, 'ERR_PURCHASE_PLACE'],
    ['cursor=', 422, 'ERR_PURCHASE_PLACE'],
  ])('%s is refused', async (query, status, code) => {
    const response = await ask(started, key, 'GET', at(query));
    const problem = await response.text();
    expect([response.status, JSON.parse(problem)]).toMatchObject([status, { code }]);
    expect(problem).not.toContain('SECRET');
  });

  test('of another vendor is unknown', async () => {
    const vendorId = await newVendor(started.stores, 'others');
    const other = await signedIn(started.stores, { name: 'other', role: 'vendor', vendorId });
    for (const path of [at(''), `/events/${eventId}/purchases?state=paid`]) {
      expect((await ask(started, other, 'GET', path)).status).toBe(404);
    }
  });
});

describe('the page', () => {
  const page = async (query: string) => {
    const response = await ask(
      started,
      person,
      'GET',
      `/events/${eventId}/purchases?lang=en${query}`,
    );
    return [response.status, await response.text()] as const;
  };

  test('lists nothing until somebody asks, and counts without listing', async () => {
    const [status, html] = await page('');
    expect(status).toBe(200);
    expect(html).not.toContain('<table');
    expect(html.replaceAll(/<[^>]+>/g, ' ')).toMatch(
      /paid\s+8\s.*not paid yet\s+2\s.*cancelled\s+2/s,
    );
  });

  test('leads from a number, or how it begins, to the purchase', async () => {
    const [, html] = await page('&search=P-12');
    expect(html).toContain(`href="/events/${eventId}/purchases/P-12?lang=en"`);
    expect((await page('&search=P-1'))[1].match(/<tr>/g)).toHaveLength(1 + 4);
    for (const nothing of ['P-99', 'a b', '%22%3E%3Cscript%3E']) {
      const [status, none] = await page(`&search=${nothing}`);
      expect([status, none.includes('There is none')]).toEqual([200, true]);
      expect(none).not.toContain('"><script>');
    }
  });

  test('lists a state by its latest change, page after page', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({ [100 + i]: 'pending' }));
    await take(...many);
    const [, first] = await page('&state=pending');
    expect(first.match(/<tr>/g)).toHaveLength(1 + 50);
    const more = /href="([^"]*cursor=[^"]*)"/.exec(first)![1]!.replaceAll('&amp;', '&');
    const rest = await (await ask(started, person, 'GET', more)).text();
    expect(rest.match(/<tr>/g)).toHaveLength(1 + 12);
    expect(rest).not.toContain('cursor=');
    expect((await page('&state=pending&cursor=SECRET'))[0]).toBe(422);
  });
});
