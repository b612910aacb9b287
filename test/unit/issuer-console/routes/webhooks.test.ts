import { KEY_SCOPES } from '@pinless-gate/issuer-console/domain/permission';
import type { Attempt } from '@pinless-gate/issuer-console/domain/webhook-message';
import { webhookSender } from '@pinless-gate/issuer-console/webhooks/sender';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newVendor, type SignedIn, signedIn } from '../accounts.ts';
import { ask, submit, whither } from '../browsing.ts';
import { newEvent } from '../events.ts';
import { startConsole, type TestConsole } from '../fixture.ts';
import { type Receiver, startReceiver } from '../webhooks/receiver.ts';

let started: TestConsole;
let receiver: Receiver;
let [a, b] = ['', ''];
let own: SignedIn;
let stranger: SignedIn;
let auditor: SignedIn;
const sender = webhookSender({ allow: ['127.0.0.1'], version: '0', now: () => started.now });

beforeAll(async () => {
  started = await startConsole({ delivery: { sender, keepMs: 86_400_000 } });
  receiver = await startReceiver();
  const { stores } = started;
  [a, b] = [await newVendor(stores, 'A'), await newVendor(stores, 'B')];
  own = await signedIn(stores, { name: 'own', role: 'vendor', vendorId: a });
  stranger = await signedIn(stores, { name: 'stranger', role: 'vendor', vendorId: b });
  auditor = await signedIn(stores, { name: 'auditor', role: 'auditor', vendorId: a });
  started.app.start();
}, 60_000);
afterAll(async () => {
  await started.app.settled();
  await started.close();
  await receiver.close();
});

interface Shown {
  readonly id: string;
  readonly url: string;
  readonly revision: number;
  readonly enabled: boolean;
  readonly types: readonly string[];
}

const wanted = () => ({ vendorId: a, url: receiver.url, types: ['event.added'] });
const add = async () => {
  const response = await ask(started, own, 'POST', '/api/v1/webhooks', wanted());
  expect(response.status).toBe(201);
  return (await response.json()) as { id: string; secret: string };
};
const codeOf = async (response: Response) => {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
};
const see = async (path: string, { cookie } = own) =>
  started.app.request(path, { headers: { cookie, accept: 'text/html' } });

describe('the API', () => {
  test('adds, shows, changes and removes; the secret is told once', async () => {
    const { id, secret } = await add();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const path = `/api/v1/webhooks/${id}`;
    const read = async () => (await (await ask(started, own, 'GET', path)).json()) as Shown;
    expect(await read()).toMatchObject({ ...wanted(), enabled: true, revision: 1, attempts: 0 });
    const edit = { revision: 1, types: ['event.added', 'list.published'], enabled: false };
    const edited = (await (await ask(started, own, 'PATCH', path, edit)).json()) as Shown;
    expect(edited).toMatchObject({ enabled: false, revision: 2 });
    expect(edited.types).toHaveLength(2);
    expect(await codeOf(await ask(started, own, 'PATCH', path, edit))).toEqual([
      409,
      'ERR_EDIT_CONFLICT',
    ]);
    const rotated = await ask(started, own, 'POST', `${path}/rotate`);
    expect(rotated.status).toBe(201);
    const all = await (await ask(started, own, 'GET', '/api/v1/webhooks')).text();
    expect(all).not.toContain('whsec_');
    expect((await ask(started, own, 'DELETE', path)).status).toBe(204);
    expect(await codeOf(await ask(started, own, 'GET', path))).toEqual([
      404,
      'ERR_WEBHOOK_UNKNOWN',
    ]);
  });

  test('tells what happened, and what became of it', async () => {
    const { id } = await add();
    const before = receiver.received.length;
    const eventId = await newEvent(started, a, own);
    await vi.waitUntil(() => receiver.received.length > before, { timeout: 30_000 });
    expect(JSON.parse(receiver.received.at(-1)!.body)).toMatchObject({
      type: 'event.added',
      data: { subjects: [eventId] },
    });
    const path = `/api/v1/webhooks/${id}/deliveries`;
    const deliveries = async () => {
      const page = await (await ask(started, own, 'GET', path)).json();
      return (page as { deliveries: (Attempt & { messageId: string; number: number })[] })
        .deliveries;
    };
    const [first] = await vi.waitUntil(async () => {
      const all = await deliveries();
      return all.length > 0 && all;
    });
    expect(first).toMatchObject({ kind: 'live', type: 'event.added', status: 204 });
    const again = { messageId: first!.messageId };
    const replayed = await ask(started, own, 'POST', `/api/v1/webhooks/${id}/replays`, again);
    expect(replayed.status).toBe(202);
    await vi.waitUntil(async () => (await deliveries()).length > 1, { timeout: 30_000 });
    const older = await ask(started, own, 'GET', `${path}?before=${first!.number}&limit=1`);
    expect(await older.json()).toEqual({ deliveries: [] });
    await ask(started, own, 'DELETE', `/api/v1/webhooks/${id}`);
  });

  test('sends a test and tells what came back', async () => {
    const { id } = await add();
    receiver.answer = () => 418;
    const path = `/api/v1/webhooks/${id}/test`;
    const tried = await ask(started, own, 'POST', path);
    expect(await tried.json()).toMatchObject({ status: 418, durationMs: expect.any(Number) });
    const soon = await ask(started, own, 'POST', path);
    expect([soon.headers.get('retry-after'), ...(await codeOf(soon))]).toEqual([
      '5',
      429,
      'ERR_WEBHOOK_WAIT',
    ]);
    receiver.answer = () => 204;
    const resumed = await ask(started, own, 'POST', `/api/v1/webhooks/${id}/resume`);
    expect(resumed.status).toBe(200);
    await ask(started, own, 'DELETE', `/api/v1/webhooks/${id}`);
  });

  test.each([
    ['an address inside', { url: 'https://10.0.0.1/' }, 'ERR_WEBHOOK_URL'],
    ['no https', { url: 'http://shop.example.jp/' }, 'ERR_WEBHOOK_URL'],
    ['a long one', { url: `https://shop.example.jp/${'x'.repeat(500)}` }, 'ERR_WEBHOOK_URL'],
    ['no type', { types: [] }, 'ERR_WEBHOOK_TYPES'],
    ['another vendor', { vendorId: 'b' }, 'ERR_VENDOR_UNKNOWN'],
  ])('%s is refused', async (_, more, code) => {
    const body = { ...wanted(), ...more };
    if (body.vendorId === 'b') body.vendorId = b;
    const response = await ask(started, own, 'POST', '/api/v1/webhooks', body);
    expect((await codeOf(response))[1]).toBe(code);
  });

  test('ten of a vendor', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) ids.push((await add()).id);
    const eleventh = await ask(started, own, 'POST', '/api/v1/webhooks', wanted());
    expect(await codeOf(eleventh)).toEqual([409, 'ERR_WEBHOOK_COUNT']);
    for (const id of ids) await ask(started, own, 'DELETE', `/api/v1/webhooks/${id}`);
  });

  test('a key is told of nothing that it may not see, and sends nothing of it elsewhere', async () => {
    const { id } = await add();
    const scopes = ['webhook.read', 'webhook.write', 'purchase.read'];
    const key = { vendorId: a, name: 'k', scopes, days: 1 };
    const given = (await (await ask(started, own, 'POST', '/api/v1/api-keys', key)).json()) as {
      key: string;
    };
    const other = await ask(started, given, 'POST', '/api/v1/webhooks', wanted());
    expect(await codeOf(other)).toEqual([422, 'ERR_WEBHOOK_TYPES']);
    const path = `/api/v1/webhooks/${id}`;
    const elsewhere = { revision: 1, url: `${receiver.url}/mine` };
    const moved = await ask(started, given, 'PATCH', path, elsewhere);
    expect(await codeOf(moved)).toEqual([422, 'ERR_WEBHOOK_TYPES']);
    expect((await ask(started, given, 'PATCH', path, { revision: 1, enabled: false })).status).toBe(
      200,
    );
    await ask(started, own, 'DELETE', path);
  });

  test('S4 of another vendor nothing is there', async () => {
    const { id } = await add();
    const path = `/api/v1/webhooks/${id}`;
    const acts: [string, string, object?][] = [
      ['GET', path],
      ['PATCH', path, { revision: 1, enabled: false }],
      ['DELETE', path],
      ['POST', `${path}/rotate`],
      ['POST', `${path}/test`],
      ['POST', `${path}/resume`],
      ['POST', `${path}/replays`, { messageId: 'msg_1' }],
      ['GET', `${path}/deliveries`],
    ];
    for (const [method, to, body] of acts) {
      const response = await ask(started, stranger, method, to, body);
      expect([method, to, ...(await codeOf(response))]).toEqual([
        method,
        to,
        404,
        'ERR_WEBHOOK_UNKNOWN',
      ]);
    }
    expect((await ask(started, auditor, 'PATCH', path, { revision: 1 })).status).toBe(403);
    await ask(started, own, 'DELETE', path);
  });
});

test('a key may be given whatever is there for keys, by page and API', async () => {
  const page = await (await see('/api-keys?lang=en')).text();
  const document = await (await started.app.request('/api/openapi.json')).text();
  for (const scope of KEY_SCOPES) {
    expect(page).toContain(`value="${scope}"`);
    expect(document).toContain(`"${scope}"`);
  }
  const body = { vendorId: a, name: 'all', scopes: KEY_SCOPES, days: 1 };
  const given = await ask(started, own, 'POST', '/api/v1/api-keys', body);
  const { key, id } = (await given.json()) as { key: string; id: string };
  const me = (await (await ask(started, { key }, 'GET', '/api/v1/me')).json()) as {
    permissions: string[];
  };
  expect(me.permissions).toEqual(KEY_SCOPES);
  const used = await (await ask(started, own, 'GET', `/api/v1/api-keys/${id}`)).json();
  expect(used).toMatchObject({ lastUsedAt: expect.any(String), expiresAt: expect.any(String) });
});

describe('the pages', () => {
  test('add one, show it, and do to it what the API does', async () => {
    const fields = { vendor: a, url: receiver.url, types: 'event.added' };
    const added = await (await submit(started, '/webhooks?lang=en', fields, own)).text();
    expect(added).toContain('whsec_');
    const list = await (await see('/webhooks?lang=en')).text();
    const [, id] = /href="\/webhooks\/([0-9a-f]{32})/.exec(list)!;
    const path = `/webhooks/${id}`;
    expect(list).toContain('takes what it is sent');
    const act = (to: string, more: Record<string, string> = {}) =>
      submit(started, `${path}${to}?lang=en`, more, own);
    const back = [303, `${path}?lang=en`];
    expect(whither(await act('/test'))).toEqual(back);
    expect(await (await see(`${path}?lang=en`)).text()).toContain('answered 204');
    expect(whither(await act('/test'))).toEqual([
      303,
      '/webhooks?lang=en&refused=ERR_WEBHOOK_WAIT',
    ]);
    expect(whither(await act('', { revision: '1', enabled: 'no' }))).toEqual(back);
    expect(await (await see(`${path}?lang=en`)).text()).toContain('Turn on');
    const edit = { revision: '2', url: `${receiver.url}?a=1`, types: 'list.published' };
    expect(whither(await act('', edit))).toEqual(back);
    expect(await (await see(`${path}?lang=ja`)).text()).toContain('hooks?a=1');
    expect(await (await act('/rotate')).text()).toContain('whsec_');
    expect(await (await see(`${path}?lang=en`)).text()).toContain('signs too until');
    expect(whither(await act('/resume'))).toEqual(back);
    expect(whither(await act('/skip'))).toEqual(back);
    const times = { from: '2000-01-01T00:00:00Z', until: '2099-01-01T00:00:00Z' };
    expect(whither(await act('/replays', times))).toEqual(back);
    const noTime = await act('/replays', { from: 'x', until: 'y' });
    expect(whither(noTime)).toEqual([303, '/webhooks?lang=en&refused=ERR_WEBHOOK_REPLAY']);
    expect(whither(await act('/remove'))).toEqual([303, '/webhooks?lang=en']);
  });

  test('an auditor sees them and changes nothing', async () => {
    const { id } = await add();
    const page = await (await see(`/webhooks/${id}?lang=en`, auditor)).text();
    expect(page).toContain('Last deliveries');
    expect(page).not.toContain('Send a test');
    expect((await (await see('/webhooks?lang=en', auditor)).text()).includes('Add a webhook')).toBe(
      false,
    );
    await ask(started, own, 'DELETE', `/api/v1/webhooks/${id}`);
  });

  test('one that was given up is an alarm on the board, in words', async () => {
    const { id } = await add();
    await started.database.db.execute(
      `update webhooks set failing_since = now(), failed_since = now()`,
    );
    const board = await (await started.see('/?lang=en')).text();
    expect(board).toContain('Webhook of A at 127.0.0.1');
    const page = await (await see(`/webhooks/${id}?lang=en`)).text();
    expect(page).toContain('given up after three days');
    expect(page).toContain('Try again now');
    await ask(started, own, 'DELETE', `/api/v1/webhooks/${id}`);
  });
});
