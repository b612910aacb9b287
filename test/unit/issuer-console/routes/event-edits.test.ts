import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import { Format } from '@pinless-gate/issuer-console/views/language';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { feedOf, purchase } from '../../whitelist-builder/fixture.ts';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit, whither } from '../browsing.ts';
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

interface Shown {
  readonly name: string;
  readonly revision: number;
  readonly gates: readonly string[];
  readonly archivedAt?: string;
}

const patch = async (id: string, body: object, by = own) => {
  const response = await ask(started, by, 'PATCH', `/api/v1/events/${id}`, body);
  return [
    response.status,
    (await response.json()) as Shown & { code?: string; title?: string },
  ] as const;
};
const lastAction = async () =>
  (await started.stores.audit.entries(Scope.everything, { before: undefined, limit: 1 }))[0]!.entry
    .action;

describe('an event is changed', () => {
  test('as far as one says, and noted', async () => {
    const id = await newEvent(started, vendorId, own);
    const edit = { revision: 1, name: '夏の音楽祭', gates: ['A', 'B', 'C'] };
    expect(await patch(id, edit)).toMatchObject([
      200,
      { name: '夏の音楽祭', revision: 2, gates: ['A', 'B', 'C'], issuers: ['jpki-auth'] },
    ]);
    expect(await lastAction()).toBe('event.changed');
  });

  test.each([
    ['of a revision that is gone', { revision: 7, name: 'x' }, 409, 'ERR_EDIT_CONFLICT'],
    ['to no gates', { revision: 1, gates: [] }, 422, 'ERR_EVENT_FORM'],
    [
      'to an admission that ends before it begins',
      {
        revision: 1,
        admission: { from: '2026-12-20T21:00:00Z', until: '2026-12-20T15:00:00Z' },
      },
      422,
      'ERR_EVENT_FORM',
    ],
    ['to another vendor', { revision: 1, vendorId: 'f'.repeat(32) }, 400, 'ERR_HTTP_FORM'],
  ])('not %s', async (_, edit, status, code) => {
    const id = await newEvent(started, vendorId, own);
    expect(await patch(id, edit)).toMatchObject([status, { code }]);
  });

  test('S4 by nobody of another vendor', async () => {
    const id = await newEvent(started, vendorId, own);
    const edit = { revision: 1, name: 'mine now' };
    expect(await patch(id, edit, stranger)).toMatchObject([404, { code: 'ERR_EVENT_UNKNOWN' }]);
  });
});

describe('what takes something away', () => {
  let id: string;
  beforeAll(async () => {
    id = await newEvent(started, vendorId, own);
    // Tickets for B.
    await imported(started, own, id, feedOf(purchase(1), purchase(2)));
  });

  test.each([
    ['a gate', { gates: ['A'] }],
    ['an issuer', { issuers: ['other'] }],
  ])('%s that purchases need is refused, and tells how many', async (_, edit) => {
    const [status, problem] = await patch(id, { revision: 1, ...edit });
    expect([status, problem.code]).toEqual([409, 'ERR_EVENT_ROWS']);
    expect(problem.title).toContain('2 purchases, first P-1');
  });

  test('that no purchase needs goes', async () => {
    const other = await newEvent(started, vendorId, own);
    await imported(started, own, other, feedOf(purchase(1)));
    expect(await patch(other, { revision: 1, gates: ['B'] })).toMatchObject([200, {}]);
  });

  test('and is wanted all the same', async () => {
    const edit = { revision: 1, gates: ['A'], anyway: true };
    expect(await patch(id, edit)).toMatchObject([200, { gates: ['A'], revision: 2 }]);
    const back = { revision: 2, gates: ['A', 'B'] };
    expect(await patch(id, back)).toMatchObject([200, { revision: 3 }]);
  });

  test('waits for an import that is under way', async () => {
    const other = await newEvent(started, vendorId, own);
    let end = () => {};
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(feedOf(purchase(1))));
        end = () => controller.close();
      },
    });
    const importing = upload(started, own, other, slow);
    const event = (await started.stores.events.find(Scope.everything, other))!;
    await expect
      .poll(async () => (await started.stores.imports.list(event, 1))[0]?.state)
      .toBe('running');
    const narrower = { revision: 1, gates: ['B'] };
    expect(await patch(other, narrower)).toMatchObject([409, { code: 'ERR_IMPORT_RUNNING' }]);
    expect(await patch(other, { revision: 1, gates: ['A', 'B', 'C'] })).toMatchObject([200, {}]);
    end();
    expect((await importing).status).toBe(202);
  });
});

describe('the archive', () => {
  test('takes no imports, and gives back', async () => {
    const id = await newEvent(started, vendorId, own);
    const [, archived] = await patch(id, { revision: 1, archived: true });
    expect(archived.archivedAt).toBeDefined();
    expect(await lastAction()).toBe('event.archived');
    const refused = await upload(started, own, id, feedOf(purchase(1)));
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { code: 'ERR_EVENT_ARCHIVED' },
    ]);
    const [, restored] = await patch(id, { revision: 2, archived: false });
    expect(restored.archivedAt).toBeUndefined();
    expect(await lastAction()).toBe('event.restored');
    await imported(started, own, id, feedOf(purchase(1)));
  });
});

describe('the page', () => {
  const see = async (path: string) =>
    (await started.app.request(path, { headers: { cookie: own.cookie } })).text();

  test('shows what there is, and changes and archives it', async () => {
    const id = await newEvent(started, vendorId, own);
    const path = `/events/${id}`;
    const page = await see(`${path}?lang=en`);
    expect(page).toContain('value="2026-12-20T18:00:00+09:00"');
    const fields = {
      revision: '1',
      name: 'Renamed',
      starts: '2026-12-20T19:00:00+09:00',
      from: '2026-12-20T15:00:00+09:00',
      until: '2026-12-20T21:00:00+09:00',
      gates: 'A、B，C',
      issuers: 'jpki-auth',
    };
    const act = (more: Record<string, string>) => submit(started, `${path}?lang=en`, more, own);
    expect(whither(await act(fields))).toEqual([303, `${path}?lang=en`]);
    expect(await see(`${path}?lang=en`)).toContain('gates A, B, C');
    const stale = await act(fields);
    expect(whither(stale)).toEqual([303, '/events?lang=en&refused=ERR_EDIT_CONFLICT']);
    await act({ revision: '2', archived: 'yes' });
    expect(await see(`${path}?lang=en`)).toContain('Take out of the archive');
    expect(await see('/events?lang=en')).toContain('Archive (');
    expect(await see(`${path}?lang=ja`)).not.toContain('購入を取り込む');
  });
});

test.each([
  ['Asia/Tokyo', '2026-12-20T18:00:00+09:00'],
  ['UTC', '2026-12-20T09:00:00+00:00'],
  ['America/New_York', '2026-12-20T04:00:00-05:00'],
  ['Asia/Kolkata', '2026-12-20T14:30:00+05:30'],
])('a moment in %s as a field takes it back', (zone, text) => {
  const at = Date.parse('2026-12-20T09:00:00Z');
  expect(new Format('en', zone).stamp(at)).toBe(text);
  expect(Date.parse(text)).toBe(at);
});
