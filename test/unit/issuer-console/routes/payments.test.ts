import { createHmac } from 'node:crypto';
import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newCa } from '../../whitelist-builder/fixture.ts';
import { newVendor, signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { SALE_AT, TestShop } from '../selling.ts';
import { revoked, TestCard } from '../visiting.ts';

let shop: TestShop;
let card: TestCard;
let other: TestCard;
let secret: { readonly id: string; readonly secret: string };
const links = new Map<string, string>();
const HOUR = 3_600_000;

beforeAll(async () => {
  shop = await TestShop.open({
    serialLink: {
      link: async ({ serial }) => {
        const now = links.get(serial);
        return now === undefined ? undefined : { serial: now, issuer: 'jpki-auth' };
      },
    },
  });
  const ca = await newCa();
  [card, other] = [await TestCard.issue(ca, '0705d990'), await TestCard.issue(ca, '0705d991')];
  secret = await newSecret();
}, 60_000);
beforeEach(() => {
  shop.started.now = SALE_AT;
});
afterAll(() => shop.started.close());

async function newSecret() {
  const [status, given] = await shop.ask('POST', '/api/v1/payment-secrets', {
    vendorId: shop.vendorId,
  });
  expect(status).toBe(201);
  return given as unknown as typeof secret;
}

let last = 0;
const payment = (slip: string, more: object = {}) => ({
  paymentId: `pay-${++last}`,
  slip,
  amountYen: 8000,
  paidAt: new Date(shop.started.now).toISOString(),
  ...more,
});

interface Signing {
  readonly by?: { readonly id: string; readonly secret: string };
  readonly at?: number;
  readonly signed?: string;
}

async function tell(payment: object, { by = secret, at, signed }: Signing = {}) {
  const body = JSON.stringify(payment);
  const t = Math.floor((at ?? shop.started.now) / 1000);
  const key = Buffer.from(by.secret, 'hex');
  const mark = createHmac('sha256', key)
    .update(`${t}.${signed ?? body}`)
    .digest('hex');
  const response = await shop.started.app.request('/api/public/payments', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'pinless-gate-signature': `k=${by.id},t=${t},v1=${mark}`,
    },
    body,
  });
  return [response.status, (await response.json()) as Record<string, unknown>] as const;
}

/** An application with a card; its slip is to be paid. */
async function applied(holder = card) {
  const eventId = await shop.newEvent();
  const code = await shop.apply(eventId, await shop.offer(eventId));
  await shop.present(code, holder);
  const { slip, purchaseId, checkCode } = (await shop.standing(code)) as Record<string, string>;
  return { eventId, code, slip: slip!, purchaseId: purchaseId!, checkCode: checkCode! };
}

const actions = async (limit: number) =>
  (await shop.started.stores.audit.entries(commandLine(0).scope, { before: undefined, limit })).map(
    ({ entry }) => entry.action,
  );

describe('a payment', () => {
  test('makes the purchase paid, once, however often it is told of', async () => {
    const { eventId, code, slip, purchaseId } = await applied();
    const paid = payment(slip);
    expect(await tell(paid)).toEqual([200, { outcome: 'paid' }]);
    expect(await actions(2)).toEqual(['purchase.paid', 'payment.received']);
    expect(await tell(paid)).toEqual([200, { outcome: 'paid' }]);
    expect(await actions(1)).toEqual(['purchase.paid']);
    expect(await shop.standing(code)).toMatchObject({ state: 'paid', listed: false });
    const at = `/api/v1/events/${eventId}/purchases/${purchaseId}`;
    expect((await shop.ask('GET', at))[1]).toMatchObject({ paid: true, listed: 'waiting' });
    const otherwise = await tell({ ...paid, amountYen: 1 });
    expect(otherwise).toMatchObject([409, { code: 'ERR_PAYMENT_CONFLICT' }]);
  });

  test('told of many times at once is one; two of one slip are one and one too many', async () => {
    const { slip } = await applied();
    const paid = payment(slip);
    const same = await Promise.all(Array.from({ length: 6 }, () => tell(paid)));
    expect(same.map(([, { outcome }]) => outcome)).toEqual(Array(6).fill('paid'));
    const { slip: second } = await applied(other);
    const two = await Promise.all([tell(payment(second)), tell(payment(second))]);
    expect(two.map(([, { outcome }]) => outcome).sort()).toEqual(['double', 'paid']);
  });

  test('that a program cannot settle waits for a person', async () => {
    const { slip, code } = await applied();
    const unknown = '000000000000';
    expect(await tell(payment(slip, { amountYen: 7999 }))).toEqual([
      200,
      { outcome: 'wrong-amount' },
    ]);
    expect(await tell(payment(unknown))).toEqual([200, { outcome: 'unknown-slip' }]);
    shop.started.now += 73 * HOUR;
    expect(await tell(payment(slip))).toEqual([200, { outcome: 'late' }]);
    expect(await shop.standing(code)).toMatchObject({ state: 'pending' });
    const inTime = payment(slip, { paidAt: new Date(SALE_AT + HOUR).toISOString() });
    expect(await tell(inTime)).toEqual([200, { outcome: 'paid' }]);

    const [, { payments }] = await shop.ask('GET', '/api/v1/payments');
    const open = payments as { id: string; outcome: string }[];
    expect(open.map(({ outcome }) => outcome)).toEqual(
      expect.arrayContaining(['wrong-amount', 'unknown-slip', 'late', 'double']),
    );
    for (const { id } of open) {
      const settled = await shop.ask('POST', `/api/v1/payments/${id}/settled`, { how: 'refunded' });
      expect(settled[0]).toBe(204);
    }
    expect((await shop.ask('GET', '/api/v1/payments'))[1]).toEqual({ payments: [] });
    expect(await actions(1)).toEqual(['payment.settled']);
    const nobody = await shop.ask('POST', `/api/v1/payments/${'f'.repeat(32)}/settled`, {
      how: 'other',
    });
    expect(nobody).toMatchObject([404, { code: 'ERR_PAYMENT_UNKNOWN' }]);
  });

  test('is not taken without a signature of now', async () => {
    const { slip } = await applied();
    const wrong = [403, { code: 'ERR_PAYMENT_SIGNATURE' }];
    const { now } = shop.started;
    expect(await tell(payment(slip), { by: { ...secret, secret: '00' } })).toMatchObject(wrong);
    expect(await tell(payment(slip), { by: { ...secret, id: 'pgs_00000000' } })).toMatchObject(
      wrong,
    );
    expect(await tell(payment(slip), { by: { ...secret, id: 'x' } })).toMatchObject(wrong);
    expect(await tell(payment(slip), { at: now - 301_000 })).toMatchObject(wrong);
    expect(await tell(payment(slip), { at: now + 301_000 })).toMatchObject(wrong);
    expect(await tell(payment(slip), { signed: '{}' })).toMatchObject(wrong);
    expect((await tell(payment(slip), { at: now - 299_000 }))[0]).toBe(200);
  });

  test.each<[string, object, number]>([
    ['of nothing', { amountYen: 0 }, 422],
    ['of less than nothing', { amountYen: -8000 }, 422],
    ['in the future', { paidAt: '2100-01-01T00:00:00Z' }, 422],
    ['without an id', { paymentId: '' }, 422],
    ['with a long id', { paymentId: 'x'.repeat(65) }, 422],
    ['with a name in its id', { paymentId: '山田 太郎' }, 422],
    ['at no time', { paidAt: 'yesterday' }, 400],
    ['with more than is asked for', { name: 'Yamada' }, 400],
  ])('%s is not taken', async (_, more, status) => {
    expect((await tell(payment('123456789012', more)))[0]).toBe(status);
  });

  test('of another vendor’s slip is of an unknown one', async () => {
    const { slip } = await applied();
    const vendorId = await newVendor(shop.started.stores, 'others');
    const person = await signedIn(shop.started.stores, {
      name: 'others',
      role: 'vendor',
      vendorId,
    });
    const given = await ask(shop.started, person, 'POST', '/api/v1/payment-secrets', { vendorId });
    const by = (await given.json()) as typeof secret;
    expect(await tell(payment(slip), { by })).toEqual([200, { outcome: 'unknown-slip' }]);
    const theirs = await ask(shop.started, person, 'GET', '/api/v1/payments');
    expect(((await theirs.json()) as { payments: object[] }).payments).toHaveLength(1);
  });

  test('two secrets are good at once, never three, and none that was revoked', async () => {
    const wrong = [403, {}];
    const told = () => payment('000000000000');
    const second = await newSecret();
    expect((await tell(told()))[0]).toBe(200);
    const third = await newSecret();
    expect(await tell(told())).toMatchObject(wrong);
    expect((await tell(told(), { by: second }))[0]).toBe(200);
    expect((await tell(told(), { by: third }))[0]).toBe(200);
    shop.started.now += 8 * 24 * HOUR;
    expect(await tell(told(), { by: second })).toMatchObject(wrong);
    const [, { secrets }] = await shop.ask('GET', '/api/v1/payment-secrets');
    expect(secrets).toMatchObject([{ id: third.id }]);
    expect((await shop.ask('DELETE', `/api/v1/payment-secrets/${third.id}`))[0]).toBe(204);
    expect(await actions(1)).toEqual(['payment-secret.revoked']);
    expect(await tell(told(), { by: third })).toMatchObject(wrong);
    expect((await shop.ask('DELETE', `/api/v1/payment-secrets/${third.id}`))[0]).toBe(404);
    shop.started.now = SALE_AT;
    secret = await newSecret();
  });
});

describe('without a payment', () => {
  test('at the desk somebody says that it is paid', async () => {
    const { eventId, code } = await applied();
    const [, { applications }] = await shop.ask('GET', `/api/v1/events/${eventId}/applications`);
    const [{ id }] = applications as [{ id: string }];
    const path = `/api/v1/applications/${id}/paid`;
    expect((await shop.ask('POST', path, { how: 'cash' }))[0]).toBe(204);
    expect((await shop.ask('POST', path, { how: 'cash' }))[0]).toBe(204);
    expect(await shop.standing(code)).toMatchObject({ state: 'paid' });
    expect(await actions(1)).toEqual(['purchase.paid']);
    expect((await shop.ask('POST', path, { how: 'in kind' }))[0]).toBe(400);
    const none = `/api/v1/applications/${'f'.repeat(32)}/paid`;
    expect((await shop.ask('POST', none, { how: 'cash' }))[0]).toBe(404);
  });

  test('the purchase is cancelled when its time is over, and its seats are free', async () => {
    const { eventId, code, slip, purchaseId } = await applied();
    const event = await shop.event(eventId);
    shop.started.now += 79 * HOUR;
    shop.started.app.start();
    const at = `/api/v1/events/${eventId}/purchases/${purchaseId}`;
    const state = async () => (await shop.ask('GET', at))[1].state;
    await expect.poll(state, { timeout: 30_000 }).toBe('cancelled');
    expect(await shop.standing(code)).toMatchObject({ state: 'cancelled', seats: [] });
    expect((await shop.started.stores.offers.list(event))[0]!.free).toBe(10);
    expect(await actions(20)).toContain('purchase.cancelled');
    expect(await tell(payment(slip))).toEqual([200, { outcome: 'late' }]);
    const [, { applications }] = await shop.ask('GET', `/api/v1/events/${eventId}/applications`);
    const [{ id }] = applications as [{ id: string }];
    const late = await shop.ask('POST', `/api/v1/applications/${id}/paid`, { how: 'cash' });
    expect(late).toMatchObject([409, { code: 'ERR_APPLICATION_STATE' }]);
  });
});

describe('will my card open the gate?', () => {
  const present = async (code: string, by: TestCard) => (await shop.present(code, by))[1].state;

  test('answers whoever has the code', async () => {
    const { checkCode, slip, eventId } = await applied();
    expect(await present(checkCode, other)).toBe('wrong-card');
    expect(await present(checkCode, card)).toBe('not-paid');
    expect((await tell(payment(slip)))[1]).toEqual({ outcome: 'paid' });
    expect(await present(checkCode, card)).toBe('not-listed');
    const origin = { by: commandLine(0).by, at: shop.started.now };
    const event = await shop.event(eventId);
    await shop.started.stores.purchases.exportFeed(event, 0, async () => {}, origin);
    expect(await present(checkCode, card)).toBe('linked');
    links.set('0705d990', '0705d991');
    expect(await present(checkCode, other)).toBe('renewed-card');
    links.clear();
    const [status, standing] = await shop.visit('checks', { code: checkCode });
    expect([status, standing]).toMatchObject([
      200,
      { purchase: 'listed', card: { answer: 'renewed-card' } },
    ]);
    revoked.add(card.certificate).add(other.certificate);
    try {
      expect(await present(checkCode, card)).toBe('revoked');
      // Of a card that is not theirs nobody hears that it was revoked.
      expect(await present(checkCode, other)).toBe('wrong-card');
    } finally {
      revoked.clear();
    }
  });

  test('answers strangers alike', async () => {
    const { code, purchaseId } = await applied();
    const said = new Set<string>();
    for (const guess of [purchaseId, code, 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA', '']) {
      const answer = await shop.visit('checks', { code: guess });
      expect(answer[0]).toBe(404);
      said.add(JSON.stringify(answer));
    }
    expect(said.size).toBe(1);
  });

  test('a vendor gives codes for purchases from elsewhere', async () => {
    const { eventId, purchaseId } = await applied();
    const path = `/api/v1/events/${eventId}/purchases/${purchaseId}/check-code`;
    const [status, { code }] = await shop.ask('POST', path);
    expect(status).toBe(201);
    expect(await present(code as string, card)).toBe('not-paid');
    const none = `/api/v1/events/${eventId}/purchases/P-0/check-code`;
    expect(await shop.ask('POST', none)).toMatchObject([404, { code: 'ERR_PURCHASE_UNKNOWN' }]);
  });
});
