import { createHmac, randomBytes } from 'node:crypto';
import { sealWith } from '@pinless-gate/issuer-console/credentials/seal';
import { type Asker, commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { Scope } from '@pinless-gate/issuer-console/domain/permission';
import type { Webhook } from '@pinless-gate/issuer-console/domain/webhook';
import {
  type WebhookDesk,
  type WebhookSender,
  webhookDesk,
} from '@pinless-gate/issuer-console/domain/webhook-desk';
import { GIVE_UP_MS } from '@pinless-gate/issuer-console/domain/webhook-retry';
import { change } from '@pinless-gate/issuer-console/store/audit';
import type { OpenDatabase } from '@pinless-gate/issuer-console/store/database';
import { type Stores, storesOn } from '@pinless-gate/issuer-console/store/stores';
import { WebhookDispatcher } from '@pinless-gate/issuer-console/webhooks/dispatcher';
import { webhookSender } from '@pinless-gate/issuer-console/webhooks/sender';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { newVendor } from '../accounts.ts';
import { openTestDatabase } from '../database.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const ALL = Scope.everything;
const ASKER: Asker = commandLine(0);
const TYPES = ['event.added', 'event.changed'] as const;
const seal = sealWith(new Uint8Array(32).fill(7));
const random = (length: number) => new Uint8Array(randomBytes(length));
const sender = webhookSender({ allow: ['127.0.0.1'], version: '0', now: () => now });
let now = Date.parse('2026-12-20T18:04:05+09:00');

let database: OpenDatabase;
let stores: Stores;
let desk: WebhookDesk;
let vendorId: string;
let receiver: Receiver;
const running: WebhookDispatcher[] = [];
const logged: unknown[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  stores = storesOn(database.db);
  desk = webhookDesk({ ...stores, sender, seal, random, now: () => now });
}, 60_000);
afterAll(() => database.close());
beforeEach(async () => {
  vendorId = await newVendor(stores, 'A');
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
  await receiver.close();
  await database.db.execute('delete from webhooks');
});

/** What somebody did, as it stands in the audit log. */
const note = (action: string, subject = 'e', of = vendorId) =>
  change(database.db, 'test', { by: ASKER.by, at: now }, async (_, tell) =>
    tell({ action, subjects: [subject], vendorId: of, facts: { n: 1 } }),
  );

function dispatcher(more: { sender?: WebhookSender; seal?: typeof seal } = {}): WebhookDispatcher {
  const made = new WebhookDispatcher({
    ...{ ...stores, queue: stores.webhookQueue, sender, seal, keepMs: 86_400_000, random },
    now: () => now,
    log: { warn: (...line: unknown[]) => void logged.push(line) } as never,
    ...more,
  });
  running.push(made);
  return made;
}

/** One look, until nothing can be delivered now. */
async function deliver(by = dispatcher()): Promise<void> {
  by.wake();
  await by.idle();
}

const add = async (url = receiver.url, types: readonly string[] = TYPES) =>
  desk.add(ASKER, { vendorId, url, types }, TYPES);
const read = async (id: string): Promise<Webhook> => (await stores.webhooks.find(ALL, id))!;
const deliveriesOf = async (id: string) =>
  stores.webhooks.deliveries(await read(id), { before: undefined, limit: 100 });
const subjects = () =>
  receiver.received
    .map(({ body }) => (JSON.parse(body) as { data: { subjects: string[] } }).data)
    .map(({ subjects: [first] }) => first);

describe('deliveries', () => {
  test('what was subscribed to, in order, signed, and nothing else', async () => {
    await note('event.added', 'before');
    const { id, secret } = await add();
    await note('event.added', 'a');
    await note('import.finished', 'not subscribed');
    await note('event.added', 'of another', await newVendor(stores, 'B'));
    for (const one of ['b', 'c']) await note('event.changed', one);
    await deliver();
    expect(subjects()).toEqual(['a', 'b', 'c']);
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    for (const { id: message, timestamp, signature, body } of receiver.received) {
      const mac = createHmac('sha256', key).update(`${message}.${timestamp}.${body}`);
      expect(signature).toBe(`v1,${mac.digest('base64')}`);
      expect(timestamp).toBe(String(Math.floor(now / 1000)));
    }
    const log = await deliveriesOf(id);
    expect(log.map(({ type, status, kind }) => [type, status, kind])).toEqual([
      ['event.changed', 204, 'live'],
      ['event.changed', 204, 'live'],
      ['event.added', 204, 'live'],
    ]);
    expect(log.at(-1)!.messageId).toBe(receiver.received[0]!.id);
    await deliver();
    expect(receiver.received).toHaveLength(3);
  });

  test('at once after a commit', async () => {
    await add();
    dispatcher().start();
    await note('event.added', 'now');
    await vi.waitUntil(() => receiver.received.length === 1, { timeout: 30_000 });
  });

  test('what another process appended is found too', async () => {
    await add();
    const tell = { onAppended: () => () => undefined };
    const deaf = new WebhookDispatcher({
      ...{ ...stores, audit: tell, queue: stores.webhookQueue, sender, seal, keepMs: 1, random },
      now: () => now,
      log: { warn: () => undefined } as never,
    });
    running.push(deaf);
    deaf.start();
    await deaf.idle();
    await note('event.added', 'elsewhere');
    await vi.waitUntil(() => receiver.received.length === 1, { timeout: 30_000 });
  });

  test('not while it is off; what happened meanwhile comes afterwards', async () => {
    const { id } = await add();
    await desk.edit(ASKER, { id, revision: 1, enabled: false }, TYPES);
    await note('event.added', 'meanwhile');
    await deliver();
    expect(receiver.received).toEqual([]);
    await desk.edit(ASKER, { id, revision: 2, enabled: true }, TYPES);
    await deliver();
    expect(subjects()).toEqual(['meanwhile']);
  });

  test('through more entries than a page holds', async () => {
    await add();
    await change(database.db, 'test', { by: ASKER.by, at: now }, async (_, tell) => {
      for (let i = 0; i < 250; i++) tell({ action: 'api-key.given', subjects: ['x'], vendorId });
      tell({ action: 'event.added', subjects: ['last'], vendorId });
    });
    await deliver();
    expect(subjects()).toEqual(['last']);
  });

  test('by two processes once each, in order', async () => {
    await add();
    for (let i = 0; i < 10; i++) await note('event.added', String(i));
    await Promise.all([deliver(), deliver()]);
    expect(subjects()).toEqual([...Array(10).keys()].map(String));
  });
});

describe('failures', () => {
  test('are tried again later, and what comes behind waits', async () => {
    const { id } = await add();
    receiver.answer = (_, count) => (count <= 2 ? 500 : 200);
    await note('event.added', 'a');
    await note('event.added', 'b');
    await deliver();
    expect(subjects()).toEqual(['a']);
    const { attempts, nextAttemptAt, failedSince } = await read(id);
    expect([attempts, failedSince]).toEqual([1, now]);
    expect(nextAttemptAt - now).toBeGreaterThanOrEqual(3750);
    expect(nextAttemptAt - now).toBeLessThanOrEqual(6250);
    now = nextAttemptAt - 1;
    await deliver();
    expect(subjects()).toEqual(['a']);
    now += 1;
    await deliver();
    expect(subjects()).toEqual(['a', 'a']);
    now = (await read(id)).nextAttemptAt;
    await deliver();
    expect(subjects()).toEqual(['a', 'a', 'a', 'b']);
    expect(new Set(receiver.received.slice(0, 3).map((one) => one.id)).size).toBe(1);
    expect(await read(id)).toMatchObject({ attempts: 0, failedSince: undefined });
  });

  test('for three days: given up, noted, alarmed, and not lost', async () => {
    const { id } = await add();
    receiver.answer = () => 503;
    await note('event.added', 'a');
    await deliver();
    const first = now;
    for (let i = 0; (await read(id)).failingSince === undefined; i++) {
      expect(i).toBeLessThan(200);
      now = (await read(id)).nextAttemptAt;
      await deliver();
    }
    expect(now - first).toBeGreaterThanOrEqual(GIVE_UP_MS);
    expect(now - first).toBeLessThan(GIVE_UP_MS + 3 * 3_600_000);
    expect(await stores.webhooks.failing()).toEqual([
      { vendor: 'A', host: `127.0.0.1:${receiver.port}`, since: now },
    ]);
    const [last] = await stores.audit.entries(ALL, { before: undefined, limit: 1 });
    expect(last!.entry).toMatchObject({
      action: 'webhook.failing',
      by: { kind: 'console', id: 'webhooks' },
      subjects: [id],
    });
    const tried = receiver.received.length;
    await note('event.added', 'b');
    now += GIVE_UP_MS;
    await deliver();
    expect(receiver.received).toHaveLength(tried);
    receiver.answer = () => 200;
    await desk.resume(ASKER, id, false);
    await deliver();
    expect(subjects().slice(tried)).toEqual(['a', 'b']);
    expect(await stores.webhooks.failing()).toEqual([]);
  });

  test('410: the receiver is gone, at once', async () => {
    const { id } = await add();
    receiver.answer = () => 410;
    await note('event.added');
    await deliver();
    expect((await read(id)).failingSince).toBe(now);
  });

  test('of one message: it can be skipped', async () => {
    const { id } = await add();
    receiver.answer = ({ body }) => (body.includes('poison') ? 400 : 200);
    for (const one of ['poison', 'b']) await note('event.added', one);
    await deliver();
    await desk.resume(ASKER, id, true);
    await deliver();
    expect(subjects()).toEqual(['poison', 'b']);
  });

  test('of one webhook hold up no other', async () => {
    await add();
    const other = await startReceiver();
    try {
      await add(other.url);
      receiver.answer = () => 500;
      for (const one of ['a', 'b']) await note('event.added', one);
      await deliver();
      expect([receiver.received.length, other.received.length]).toEqual([1, 2]);
    } finally {
      await other.close();
    }
  });

  test('secrets that do not open are not signed with, and nothing is sent', async () => {
    const { id } = await add();
    await note('event.added');
    await deliver(dispatcher({ seal: sealWith(new Uint8Array(32).fill(8)) }));
    expect(receiver.received).toEqual([]);
    expect((await deliveriesOf(id)).map(({ failure }) => failure)).toEqual(['secret']);
  });
});

describe('a process that is gone', () => {
  test('between delivery and note: delivered twice with one id, never lost', async () => {
    await add();
    for (const one of ['a', 'b']) await note('event.added', one);
    // The first attempt is taken by the receiver, and nobody is left to note it.
    const gone: WebhookSender = {
      ...sender,
      send: async (request) => {
        await sender.send(request);
        throw new Error('killed');
      },
    };
    const dead = dispatcher({ sender: gone });
    await deliver(dead);
    expect(subjects()).toEqual(['a']);
    // Its lease holds for a while, whoever comes.
    await deliver();
    expect(subjects()).toEqual(['a']);
    now += 20_000;
    await deliver();
    expect(subjects()).toEqual(['a', 'a', 'b']);
    expect(receiver.received[0]!.id).toBe(receiver.received[1]!.id);
  });

  test('where there is one opener nobody waits for its lease', async () => {
    await add();
    await note('event.added', 'a');
    const gone = { ...sender, send: () => Promise.reject(new Error('killed')) };
    await deliver(dispatcher({ sender: gone }));
    await stores.webhookQueue.releaseAll();
    await deliver();
    expect(subjects()).toEqual(['a']);
  });

  test('that stops breaks off what is under way, and it counts as no failure', async () => {
    const { id } = await add();
    await note('event.added', 'a');
    const stopping = dispatcher();
    receiver.answer = async () => {
      void stopping.close();
      return new Promise(() => undefined);
    };
    await deliver(stopping);
    expect(await read(id)).toMatchObject({ attempts: 0, failedSince: undefined });
    expect(await deliveriesOf(id)).toEqual([]);
    receiver.answer = () => 200;
    await deliver();
    expect(subjects()).toEqual(['a', 'a']);
  });
});

describe('replays', () => {
  test('of one, with the same id', async () => {
    const { id } = await add();
    for (const one of ['a', 'b']) await note('event.added', one);
    await deliver();
    const [first] = receiver.received;
    await desk.replay(ASKER, id, { messageId: first!.id });
    await deliver();
    expect(subjects()).toEqual(['a', 'b', 'a']);
    expect(receiver.received[2]).toMatchObject({ id: first!.id, body: first!.body });
    expect((await deliveriesOf(id))[0]).toMatchObject({ kind: 'replay' });
  });

  test('of a time, behind what is new', async () => {
    const from = now;
    await note('event.added', 'before the webhook was there');
    const { id } = await add();
    await note('event.added', 'a');
    await deliver();
    now += 60_000;
    await note('event.added', 'later');
    await desk.replay(ASKER, id, { from, until: now - 1 });
    await note('event.added', 'newest');
    await deliver();
    expect(subjects()).toEqual(['a', 'later', 'newest', 'before the webhook was there', 'a']);
    await deliver();
    expect(receiver.received).toHaveLength(5);
  });

  test.each([
    ['a message that was never tried', { messageId: `msg_${'0'.repeat(32)}` }],
    ['a time in which nothing was', { from: 5, until: 9 }],
    ['an end before its beginning', { from: 2, until: 1 }],
  ])('%s is refused', async (_, what) => {
    const { id } = await add();
    await expect(desk.replay(ASKER, id, what)).rejects.toMatchObject({
      code: 'ERR_WEBHOOK_REPLAY',
    });
  });

  test('five wait at most', async () => {
    const { id } = await add();
    const what = { from: now - 1, until: now };
    for (let i = 0; i < 5; i++) await desk.replay(ASKER, id, what);
    await expect(desk.replay(ASKER, id, what)).rejects.toMatchObject({
      code: 'ERR_WEBHOOK_REPLAYS',
    });
  });
});

describe('secrets', () => {
  const signaturesOf = (secret: string) => {
    const { id, timestamp, body } = receiver.received.at(-1)!;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  };
  const signed = async () => {
    await note('event.added');
    await deliver();
    return receiver.received.at(-1)!.signature.split(' ');
  };

  test('two sign after a rotation, for a day; of three the first no more', async () => {
    const { id, secret: first } = await add();
    const { secret: second } = await desk.rotate(ASKER, id);
    expect(await signed()).toEqual([second, first].map(signaturesOf));
    const { secret: third } = await desk.rotate(ASKER, id);
    expect(await signed()).toEqual([third, second].map(signaturesOf));
    now += 86_400_000;
    expect(await signed()).toEqual([signaturesOf(third)]);
  });

  test('stand nowhere in the clear', async () => {
    const { secret } = await add();
    const rows = await database.db.execute(
      'select encode(secret, $$base64$$) as kept from webhooks',
    );
    const kept = JSON.stringify(rows);
    expect(kept).toContain('kept');
    expect(kept).not.toContain(secret.replace('whsec_', '').slice(0, 20));
  });
});

describe('tests', () => {
  test('go out at once, once in five seconds, and nothing follows from what they meet', async () => {
    const { id } = await add();
    receiver.answer = () => 500;
    expect(await desk.test(ASKER, id)).toMatchObject({ status: 500 });
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ type: 'webhook.test' });
    await expect(desk.test(ASKER, id)).rejects.toMatchObject({ code: 'ERR_WEBHOOK_WAIT' });
    now += 5000;
    await desk.test(ASKER, id);
    expect(await read(id)).toMatchObject({ attempts: 0, failedSince: undefined });
    expect((await deliveriesOf(id)).map(({ kind }) => kind)).toEqual(['test', 'test']);
  });
});

test('deliveries are forgotten after their time', async () => {
  const { id } = await add();
  await note('event.added');
  await deliver();
  now += 86_400_001;
  await note('event.added');
  await deliver();
  expect(await deliveriesOf(id)).toHaveLength(1);
});

test('nothing of a webhook was logged but its id', () => {
  expect(JSON.stringify(logged)).not.toMatch(/127\.0\.0\.1|whsec|killed/);
  expect(logged.length).toBeGreaterThan(0);
});
