import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { eventDesk } from '@pinless-gate/issuer-console/domain/event';
import { KEY_SCOPES } from '@pinless-gate/issuer-console/domain/permission';
import { feedDesk } from '@pinless-gate/issuer-console/purchases/export';
import { Importer } from '@pinless-gate/issuer-console/purchases/importer';
import { linesOfArray } from '@pinless-gate/issuer-console/purchases/json-array';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { feedOf, line, purchase } from '../../whitelist-builder/fixture.ts';
import { NO_RATES, newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { ended, imported, newEvent, type Outcome, upload } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';

let started: TestConsole;
let person: SignedIn;
let vendorId: string;
let key: { readonly key: string };

beforeAll(async () => {
  started = await startConsole({
    rates: { ...NO_RATES, upload: { burst: 30, everyMs: 3_600_000 } },
  });
  vendorId = await newVendor(started.stores, 'tickets');
  person = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
  const wanted = { vendorId, name: 'shop', scopes: KEY_SCOPES, days: 30 };
  const given = await ask(started, person, 'POST', '/api/v1/api-keys', wanted);
  key = (await given.json()) as { key: string };
}, 60_000);
afterAll(() => started.close());

const random = (length: number) => new Uint8Array(length);
const newOne = () => newEvent(started, vendorId, person);
const take = async (eventId: string, body: string, type?: string): Promise<Outcome> =>
  ended(started, key, await imported(started, key, eventId, body, type));
const counts = ({ accepted, changed, unchanged, rejected }: Outcome) => [
  accepted,
  changed,
  unchanged,
  rejected,
];
const json = async (path: string) => (await ask(started, key, 'GET', path)).json();

const HEADER =
  'purchaseId,status,holder.serial,holder.issuer,enrolment.evidenceId,enrolment.method,enrolment.at,ticketNo,seat.gate,seat.block,seat.row,seat.number';
const CSV = `${HEADER}\nP-1,paid,7000001,jpki-auth,E-1,pin,2026-11-01T09:00:00+09:00,T-1-1,B,112,7,15\n`;

describe('an import', () => {
  test('the same purchase as NDJSON, CSV and JSON is one purchase', async () => {
    const eventId = await newOne();
    expect(counts(await take(eventId, feedOf(purchase(1))))).toEqual([1, 0, 0, 0]);
    expect(counts(await take(eventId, CSV, 'text/csv'))).toEqual([0, 0, 1, 0]);
    const array = JSON.stringify([purchase(1), purchase(2)], undefined, 2);
    expect(counts(await take(eventId, array, 'application/json'))).toEqual([1, 0, 1, 0]);
    const done = await take(eventId, feedOf(purchase(1), purchase(2)));
    expect(done).toMatchObject({ state: 'done', progress: 100, unchanged: 2 });
  });

  test('a change of state leaves the one before, and waits for the next export', async () => {
    const eventId = await newOne();
    const at = `/api/v1/events/${eventId}/purchases/P-1`;
    await take(eventId, feedOf(purchase(1, { status: 'pending' })));
    expect(await json(at)).toMatchObject({ state: 'pending', paid: false, listed: 'no' });
    expect(counts(await take(eventId, feedOf(purchase(1))))).toEqual([0, 1, 0, 0]);
    const shown = await json(at);
    expect(shown).toMatchObject({ paid: true, linked: true, listed: 'waiting', tickets: 1 });
    expect(shown).toMatchObject({ history: [{ state: 'pending' }] });
    expect(JSON.stringify(shown)).not.toContain('7000001');
    expect((await exported(eventId)).rows).toBe(1);
    expect(await json(at)).toMatchObject({ listed: 'exported' });
    await take(eventId, feedOf(purchase(1)));
    expect(await json(at)).toMatchObject({ listed: 'exported' });
    await take(eventId, feedOf(purchase(1, { language: 'en' })));
    expect(await json(at)).toMatchObject({ listed: 'waiting', history: [{}] });
  });

  test('rejects tell line, field and reason, and never what stands there', async () => {
    const eventId = await newOne();
    const foreign = { serial: '7000009', issuer: 'SECRET-ISSUER' };
    const rows = [
      line(purchase(1)),
      '{"SECRET": \n',
      line(purchase(2, { status: 'SECRET' })),
      line(purchase(3, { holder: foreign })),
      line(purchase(4, { tickets: [{ ticketNo: 'T', seat: { gate: 'SECRET' } }] })),
      line(purchase(5)),
    ];
    const done = await take(eventId, rows.join(''));
    expect(counts(done)).toEqual([2, 0, 0, 4]);
    const { rejects } = (await json(`/api/v1/imports/${done.id}/rejects`)) as { rejects: object[] };
    expect(rejects).toMatchObject([
      { line: 2, field: '', reason: 'not JSON' },
      { line: 3, field: 'status' },
      { line: 4, field: 'holder.issuer' },
      { line: 5, field: 'tickets[0].seat.gate' },
    ]);
    expect(JSON.stringify(rejects)).not.toContain('SECRET');
    const later = await json(`/api/v1/imports/${done.id}/rejects?after=3&limit=1`);
    expect(later).toMatchObject({ rejects: [{ line: 4 }] });
  });

  test('a column of any name is told, and stops nothing', async () => {
    const eventId = await newOne();
    const done = await take(eventId, feedOf(purchase(1, { 'a\u0000b\ud800': 1 }), purchase(2)));
    expect(counts(done)).toEqual([1, 0, 0, 1]);
    const { rejects } = (await json(`/api/v1/imports/${done.id}/rejects`)) as { rejects: object[] };
    expect(rejects).toEqual([{ line: 1, field: 'a\ufffdb\ufffd', reason: 'unknown column' }]);
  });

  test('of a purchase twice in one file the later holds', async () => {
    const eventId = await newOne();
    const twice = feedOf(purchase(1), purchase(1, { status: 'cancelled' }));
    expect(counts(await take(eventId, twice))).toEqual([1, 1, 0, 0]);
    expect(await json(`/api/v1/events/${eventId}/purchases/P-1`)).toMatchObject({
      state: 'cancelled',
    });
  });

  test.each([
    ['text/csv', 'no,header,of,ours\n', 'ERR_FEED_HEADER'],
    ['text/csv', `${CSV}"`, 'ERR_FEED_CSV'],
    ['application/json', '{"purchaseId": "P-1"}', 'ERR_FEED_JSON'],
    ['application/json', '[{}', 'ERR_FEED_JSON'],
    ['application/x-ndjson', '', 'ERR_FEED_EMPTY'],
  ])('a file that cannot be read: %s %s', async (type, body, code) => {
    const eventId = await newOne();
    const response = await upload(started, key, eventId, body, type);
    expect(response.status).toBe(422);
    const problem = await response.text();
    expect(JSON.parse(problem)).toMatchObject({ code });
    expect(problem).not.toContain(tmpdir());
    expect(problem).not.toContain('no,header');
    const { imports } = (await json(`/api/v1/events/${eventId}/imports`)) as { imports: Outcome[] };
    expect(imports).toMatchObject([{ state: 'failed', failure: code }]);
  });

  test('an upload that breaks off takes nothing, and the next one goes', async () => {
    const eventId = await newOne();
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(feedOf(purchase(1))));
        controller.error(new Error('gone'));
      },
    });
    expect((await upload(started, key, eventId, broken)).status).toBe(408);
    expect(counts(await take(eventId, feedOf(purchase(1))))).toEqual([1, 0, 0, 0]);
    // Other tests have theirs, for a moment each.
    const left = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('console-import-'));
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
  });

  test('one of an event at a time; other types and too many are refused', async () => {
    const eventId = await newOne();
    let end = () => {};
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(feedOf(purchase(1))));
        end = () => controller.close();
      },
    });
    const first = upload(started, key, eventId, slow);
    const begun = async () =>
      ((await json(`/api/v1/events/${eventId}/imports`)) as { imports: Outcome[] }).imports[0]
        ?.state;
    await expect.poll(begun, { timeout: 30_000 }).toBe('running');
    const second = await upload(started, key, eventId, feedOf(purchase(1)));
    expect([second.status, await second.json()]).toMatchObject([
      409,
      { code: 'ERR_IMPORT_RUNNING' },
    ]);
    end();
    const { id } = (await (await first).json()) as Outcome;
    expect(counts(await ended(started, key, id))).toEqual([1, 0, 0, 0]);
    expect((await upload(started, key, eventId, 'x', 'text/plain')).status).toBe(415);
    const answers: number[] = [];
    for (let i = 0; i < 31; i++) {
      answers.push((await upload(started, person, eventId, '', 'application/json')).status);
    }
    expect(answers.at(-1)).toBe(429);
  });
});

describe('what is kept', () => {
  test('nothing of the card stands in database, log or audit in the clear', async () => {
    const eventId = await newOne();
    await take(eventId, feedOf(purchase(0xabcd)));
    const { db } = started.database;
    const rows = await db.execute(
      `select (select string_agg(p::text || encode(p.sealed, 'escape'), '') from purchases p) ||
        (select string_agg(encode(raw, 'escape'), '') from audit_entries) as everything`,
    );
    const everything = JSON.stringify(rows) + started.logged.join();
    expect(everything).toContain(`P-${0xabcd}`);
    expect(everything).not.toContain('700abcd');
    expect(everything).not.toContain(`E-${0xabcd}`);
    expect(everything).not.toContain(Buffer.from('700abcd').toString('hex'));
  });

  test('a console without a seal key takes neither events nor purchases', async () => {
    const none = { ...started.stores, seal: undefined, now: () => started.now, random };
    const instant = { startsAt: 1, admission: { from: 1, until: 2 } };
    const named = { id: 'a'.repeat(32), vendorId, name: 'x', gates: ['A'], issuers: ['i'] };
    const refused = { code: 'ERR_IMPORT_SEAL' };
    const asker = commandLine(0);
    await expect(eventDesk(none).add(asker, { ...named, ...instant })).rejects.toMatchObject(
      refused,
    );
    const event = (await started.stores.events.list(asker.scope))[0]!;
    const importer = new Importer({ ...none, log: { warn: () => undefined } as never });
    const body = new Blob([feedOf(purchase(1))]).stream();
    const taken = importer.take(asker, event, 'ndjson', body as AsyncIterable<Uint8Array>);
    await expect(taken).rejects.toMatchObject(refused);
  });

  test('the export is the feed again, for its owner only; another key opens nothing', async () => {
    const eventId = await newOne();
    await take(eventId, feedOf(purchase(1), purchase(2, { status: 'cancelled' })));
    const { text, mode, rows } = await exported(eventId);
    expect([rows, mode]).toEqual([2, 0o600]);
    expect(
      text
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row)),
    ).toEqual([purchase(1), purchase(2, { status: 'cancelled' })]);
    const other = exported(eventId, new Uint8Array(32).fill(8));
    await expect(other).rejects.toMatchObject({ code: 'ERR_STORE_SEALED' });
  });
});

async function exported(eventId: string, sealKey = new Uint8Array(32).fill(7)) {
  const directory = await mkdtemp(join(tmpdir(), 'console-export-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const out = join(directory, 'feed.ndjson');
  const seal = async () => sealWith(sealKey);
  const asker = commandLine(0);
  const desk = feedDesk({ ...started.stores, seal, now: () => started.now, asker });
  const { rows } = await desk.exportFeed(eventId, out);
  return { rows, text: await readFile(out, 'utf8'), mode: (await stat(out)).mode & 0o777 };
}

describe('the lines of an array', () => {
  const lines = async (text: string, size: number) => {
    const octets = Buffer.from(text);
    const chunks = async function* () {
      for (let i = 0; i < octets.length; i += size) yield octets.subarray(i, i + size);
    };
    const found: Uint8Array[] = [];
    for await (const chunk of linesOfArray(chunks())) found.push(chunk);
    return Buffer.concat(found).toString('utf8');
  };

  test.each([1, 2, 7, 1000])('in chunks of %d octets', async (size) => {
    const items = [{ a: ',"[]{}\\' }, [1, [2]], 'あ\\"', 3, { 'b]': { c: [] } }];
    for (const space of [0, 2]) {
      const text = await lines(` ${JSON.stringify(items, undefined, space)}\n`, size);
      const read = text
        .trimEnd()
        .split('\n')
        .map((one) => JSON.parse(one));
      expect(read).toEqual(items);
    }
    expect((await lines('[]', size)).trim()).toBe('');
    expect((await lines('[1,]', size)).split('\n').map((one) => one.trim())).toEqual(['1', '', '']);
  });

  test.each(['', '[', '{}', '[1] 2', '[[1]', '["a]'])('%s is none', async (text) => {
    await expect(lines(text, 3)).rejects.toMatchObject({ code: 'ERR_FEED_JSON' });
  });
});
