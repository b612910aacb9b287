import { PaceMeter } from '@pinless-gate/issuer-console/domain/import-pace';
import type { Import } from '@pinless-gate/issuer-console/domain/purchase';
import { rejectsCsv } from '@pinless-gate/issuer-console/purchases/rejects-file';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { imported, newEvent, upload } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let vendorId: string;
let own: SignedIn;
let stranger: SignedIn;
beforeAll(async () => {
  started = await startConsole();
  const { stores } = started;
  vendorId = await newVendor(stores, 'A');
  own = await signedIn(stores, { name: 'own', role: 'vendor', vendorId });
  const other = await newVendor(stores, 'B');
  stranger = await signedIn(stores, { name: 'stranger', role: 'vendor', vendorId: other });
}, 60_000);
afterAll(() => started.close());

const see = (path: string, { cookie } = own) =>
  Promise.resolve(started.app.request(path, { headers: { cookie } }));

/** An upload that goes on until it is told to end, and its import. */
async function running() {
  const eventId = await newEvent(started, vendorId, own);
  let end = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from(feedOf(purchase(1), { ...purchase(2), status: 'odd' })));
      end = () => controller.close();
    },
  });
  const answer = upload(started, own, eventId, body);
  const found = async () => {
    const { imports } = (await (
      await ask(started, own, 'GET', `/api/v1/events/${eventId}/imports`)
    ).json()) as { imports: { id: string }[] };
    return imports[0]?.id;
  };
  await expect.poll(found).toBeDefined();
  return { id: (await found())!, end, answer };
}

/** What a live page is sent, as far as it was read. */
async function* partsOf(response: Response): AsyncGenerator<{ event: string; data: string }> {
  let text = '';
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const of = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n');
      yield { event: of('event'), data: of('data') };
    }
  }
}

describe('an import that is watched', () => {
  test('goes on on its page, and ends with its rejects', async () => {
    const { id, end, answer } = await running();
    const page = await (await see(`/imports/${id}?lang=en`)).text();
    expect(page).toContain(`data-source="/imports/${id}/live?lang=en"`);
    expect(page).toContain('See how far it is');
    const seen: string[] = [];
    for await (const { event, data } of partsOf(await see(`/imports/${id}/live?lang=en`))) {
      if (event === 'alive') continue;
      if (seen.length === 0) {
        expect(data).toContain('under way');
        end();
        await answer;
      }
      seen.push(event);
      if (event !== 'rejects') continue;
      expect(data).toContain('Line 2');
      expect(data).toContain(`/imports/${id}/rejects.csv`);
      break;
    }
    expect(seen[0]).toBe('standing');
    expect(await (await see(`/imports/${id}?lang=en`)).text()).not.toContain('data-source');
  });

  test('is waited for by a program, so long and no longer', async () => {
    const { id, end, answer } = await running();
    const state = async (wait: number) => {
      const response = await ask(started, own, 'GET', `/api/v1/imports/${id}?wait=${wait}`);
      return ((await response.json()) as { state: string }).state;
    };
    expect(await state(1)).toBe('running');
    const waiting = state(25);
    end();
    expect(await waiting).toBe('done');
    await answer;
    expect((await ask(started, own, 'GET', `/api/v1/imports/${id}?wait=26`)).status).toBe(400);
  });

  test('S4 by nobody of another vendor', async () => {
    const eventId = await newEvent(started, vendorId, own);
    const id = await imported(started, own, eventId, feedOf(purchase(1)));
    for (const path of ['live', 'rejects.csv', 'rejects.ndjson']) {
      expect((await see(`/imports/${id}/${path}`, stranger)).status).toBe(404);
    }
  });
});

describe('rejects as a file', () => {
  test('all of them, however many pages they fill', async () => {
    const eventId = await newEvent(started, vendorId, own);
    const feed = Array.from({ length: 1001 }, () => 'not JSON\n').join('');
    const id = await imported(started, own, eventId, feed);
    const csv = await see(`/imports/${id}/rejects.csv`);
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(csv.headers.get('content-disposition')).toContain('attachment');
    const lines = (await csv.text()).trimEnd().split('\r\n');
    expect(lines).toHaveLength(1002);
    expect(lines[0]).toMatch(/^\ufeff?"line","field","reason"$/);
    const ndjson = await (await see(`/imports/${id}/rejects.ndjson`)).text();
    const rows = ndjson.trimEnd().split('\n');
    expect(JSON.parse(rows[1000]!)).toMatchObject({ line: 1001, reason: expect.any(String) });
  });

  test('S7 of what a spreadsheet would compute it is text', async () => {
    const eventId = await newEvent(started, vendorId, own);
    const keys = ['=1+1', '+1', '-1', '@SUM(1)', ' =2', '"=3'];
    const row = (key: string) => `${JSON.stringify({ ...purchase(1), [key]: 1 })}\n`;
    const id = await imported(started, own, eventId, keys.map(row).join(''));
    const csv = await (await see(`/imports/${id}/rejects.csv`)).text();
    for (const sign of ['=1+1', '+1', '-1', '@SUM(1)', ' =2']) {
      expect(csv).toContain(`"'${sign}"`);
    }
    expect(csv).toContain('"""=3"');
    expect(csv).not.toMatch(/(^|,)"?\s*[=+@-]/m);
  });

  test('S7 a tab or an end of line before it makes no difference', () => {
    const csv = rejectsCsv([
      { line: 1, field: '\t=1', reason: 'r' },
      { line: 2, field: '\r=1', reason: 'r' },
    ]);
    expect(csv.match(/"'[\t\r]=1"/g)).toHaveLength(2);
  });
});

describe('the pace', () => {
  const found = (rows: number, progress: number) =>
    ({ accepted: rows, changed: 0, unchanged: 0, rejected: 0, progress }) as Import;

  test('is not known before something was seen twice, and leaves out how the file arrived', () => {
    let now = 60_000;
    const meter = new PaceMeter(() => now);
    expect(meter.see(found(0, 0))).toBeUndefined();
    now += 60_000;
    expect(meter.see(found(500, 10))).toBeUndefined();
    now += 2000;
    expect(meter.see(found(1500, 30))).toEqual({ rowsPerSecond: 500, leftMs: 7000 });
  });
});
