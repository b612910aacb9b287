import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCa, type TestCa } from '../../whitelist-builder/fixture.ts';
import { signedIn } from '../accounts.ts';
import { ask } from '../browsing.ts';
import { SALE_AT, soldOnce, TestShop } from '../selling.ts';
import { readRequest, TestCard } from '../visiting.ts';

let shop: TestShop;
let ca: TestCa;
let card: TestCard;
let other: TestCard;

beforeAll(async () => {
  shop = await TestShop.open();
  ca = await newCa();
  [card, other] = [await TestCard.issue(ca, '0705d990'), await TestCard.issue(ca, '0705d991')];
}, 60_000);
afterAll(() => shop.started.close());

const { scope } = commandLine(0);
const audit = async (limit = 1) =>
  (await shop.started.stores.audit.entries(scope, { before: undefined, limit })).map(
    ({ entry }) => entry,
  );
const free = async (eventId: string) => {
  const event = await shop.event(eventId);
  return (await shop.started.stores.offers.list(event)).map((offer) => offer.free);
};

describe('a purchase with the card', () => {
  test('from the choice to the slip', async () => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const [, shown] = await shop.visit(`applications`, { eventId, picks: [{ offerId, count: 2 }] });
    expect(shown).toMatchObject({ totalYen: 16_000 });
    const code = shown.code as string;
    expect(await shop.standing(code)).toMatchObject({ state: 'open', listed: false });
    expect(await free(eventId)).toEqual([8]);

    const [, asked] = await shop.visit('requests', { code });
    expect(asked).toMatchObject({ kind: 'purchase', methods: ['signature'], kazashi: false });
    const { lines, subject } = readRequest(asked.request as string);
    expect(lines).toEqual(['冬の音楽祭 2026', 'adult × 2', '合計 16,000 円']);
    expect(subject).toBe(shown.purchaseId);

    const [status, linked] = await shop.present(code, card);
    expect([status, linked]).toMatchObject([200, { state: 'pending' }]);
    const standing = await shop.standing(code);
    expect(standing).toMatchObject({
      state: 'pending',
      slip: expect.stringMatching(/^\d{12}$/),
      checkCode: expect.any(String),
      seats: [{ number: '1' }, { number: '2' }],
    });
    const [note] = await audit();
    expect(note).toMatchObject({
      action: 'purchase.applied',
      by: { kind: 'console', id: 'application' },
      vendorId: shop.vendorId,
      facts: { tickets: 2, method: 'signature', yen: 16_000 },
    });
    const [, purchase] = await shop.ask(
      'GET',
      `/api/v1/events/${eventId}/purchases/${shown.purchaseId as string}`,
    );
    expect(purchase).toMatchObject({ state: 'pending', linked: true, tickets: 2, listed: 'no' });
  });

  test('a statement that comes again is answered again; another card is not taken', async () => {
    const eventId = await shop.newEvent();
    const code = await shop.apply(eventId, await shop.offer(eventId));
    const [, asked] = await shop.visit('requests', { code });
    const statement = card.state(asked.request as string, 'signature');
    const first = await shop.visit('statements', { code, statement });
    expect(first).toMatchObject([200, { state: 'pending' }]);
    expect(await shop.visit('statements', { code, statement })).toEqual(first);
    expect(await shop.present(code, other)).toMatchObject([409, { code: 'ERR_APPLICATION_STATE' }]);
  });

  test('what is free of charge is paid at once', async () => {
    const eventId = await shop.newEvent();
    const code = await shop.apply(eventId, await shop.offer(eventId, { priceYen: 0 }));
    expect(await shop.present(code, card)).toMatchObject([200, { state: 'paid' }]);
    expect((await shop.standing(code)).slip).toBeUndefined();
    expect((await audit(2)).map(({ action }) => action)).toEqual([
      'purchase.paid',
      'purchase.applied',
    ]);
  });

  test('by another method, or without the chip where it is wanted, is not taken', async () => {
    const eventId = await shop.newEvent();
    const signing = await shop.apply(eventId, await shop.offer(eventId));
    const wrong = { code: 'ERR_VISITOR_METHOD' };
    expect(await shop.present(signing, card, 'authentication')).toMatchObject([422, wrong]);
    expect(await shop.present(signing, card, 'read')).toMatchObject([422, wrong]);
    const kazashi = { kazashi: true, method: 'authentication', category: 'child' };
    const chip = await shop.apply(eventId, await shop.offer(eventId, kazashi));
    const lacking = { code: 'ERR_VISITOR_KAZASHI' };
    expect(await shop.present(chip, card)).toMatchObject([422, lacking]);
    expect(await shop.standing(chip)).toMatchObject({ state: 'open' });
  });
});

describe('an archived event', () => {
  const closed = { code: 'ERR_OFFER_CLOSED' };
  const over = [409, closed];

  test('sells nothing, and says so; out of the archive it sells again', async () => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const code = await shop.apply(eventId, offerId);
    const [, asked] = await shop.visit('requests', { code });
    const statement = card.state(asked.request as string, 'signature');
    await shop.archive(eventId);
    const picks = [{ offerId, count: 1 }];
    expect(await shop.visit('applications', { eventId, picks })).toMatchObject(over);
    expect(await shop.visit('requests', { code })).toMatchObject(over);
    expect(await shop.visit('statements', { code, statement })).toMatchObject(over);
    expect(await shop.standing(code)).toMatchObject({ state: 'expired' });
    expect(await free(eventId)).toEqual([9]);
    const onSale = `/api/public/events/${eventId}/offers`;
    const offers = async () => (await shop.started.app.request(onSale)).json();
    expect(await offers()).toEqual({ offers: [] });
    expect(await shop.addOffer(eventId, {})).toMatchObject([409, { code: 'ERR_EVENT_ARCHIVED' }]);
    const page = async (language: string) =>
      (await shop.started.app.request(`/apply/${eventId}?lang=${language}`)).text();
    expect(await page('en')).toContain('The sale of tickets for this event is over.');
    expect(await page('ja')).toContain('この公演のチケットの販売は終了しました。');
    expect(await page('en')).not.toContain('<select');
    await shop.archive(eventId, false);
    expect(await offers()).toMatchObject({ offers: [{ id: offerId }] });
    expect(await shop.visit('statements', { code, statement })).toMatchObject([200, {}]);
  });

  test('sells nothing either where it was archived after somebody looked', async () => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const event = await shop.event(eventId);
    await shop.archive(eventId);
    const wanted = { id: 'a'.repeat(32), picks: [{ offerId, count: 1 }] } as never;
    const { applications } = shop.started.stores;
    await expect(applications.hold(event, wanted, SALE_AT)).rejects.toMatchObject(closed);
    expect(await free(eventId)).toEqual([10]);
  });

  test('takes the money of a slip that was given before', async () => {
    const eventId = await shop.newEvent();
    const code = await shop.apply(eventId, await shop.offer(eventId));
    await shop.present(code, card);
    await shop.archive(eventId);
    const [, { applications }] = await shop.ask('GET', `/api/v1/events/${eventId}/applications`);
    const [{ id }] = applications as [{ id: string }];
    const paid = await shop.ask('POST', `/api/v1/applications/${id}/paid`, { how: 'cash' });
    expect(paid).toEqual([204, {}]);
    expect(await shop.standing(code)).toMatchObject({ state: 'paid' });
  });
});

describe('seats', () => {
  soldOnce(() => ({ shop, card, other }));

  test('of an application without a card come back after twenty minutes', async () => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId, { seats: [{ gate: 'B', places: 1 }] });
    const code = await shop.apply(eventId, offerId);
    const [, asked] = await shop.visit('requests', { code });
    const statement = card.state(asked.request as string, 'signature');
    try {
      shop.started.now += 20 * 60_000;
      await shop.apply(eventId, offerId);
      expect(await shop.standing(code)).toMatchObject({ state: 'expired', seats: [] });
      const late = await shop.visit('statements', { code, statement });
      expect(late).toMatchObject([409, { code: 'ERR_VISITOR_REQUEST' }]);
      expect(await shop.present(code, card)).toMatchObject([
        409,
        { code: 'ERR_APPLICATION_STATE' },
      ]);
    } finally {
      shop.started.now = SALE_AT;
    }
  });

  test.each<[string, object[], number, string]>([
    ['none', [], 422, 'ERR_APPLICATION_PICKS'],
    ['none of one', [{ count: 0 }], 422, 'ERR_APPLICATION_PICKS'],
    ['a half', [{ count: 0.5 }], 400, 'ERR_HTTP_FORM'],
    ['fewer than none', [{ count: -1 }], 422, 'ERR_APPLICATION_PICKS'],
    ['more than a card may have', [{ count: 5 }], 422, 'ERR_OFFER_COUNT'],
    ['far too many', [{ count: 21 }], 422, 'ERR_APPLICATION_PICKS'],
    ['one offer twice', [{ count: 1 }, { count: 1 }], 422, 'ERR_APPLICATION_PICKS'],
    ['of no offer', [{ offerId: 'f'.repeat(32), count: 1 }], 404, 'ERR_OFFER_UNKNOWN'],
  ])('%s are not held', async (_, picks, status, code) => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const wanted = { eventId, picks: picks.map((pick) => ({ offerId, ...pick })) };
    expect(await shop.visit('applications', wanted)).toMatchObject([status, { code }]);
    expect(await free(eventId)).toEqual([10]);
  });

  test('are not held before the sale, after it, of a closed offer or of another event', async () => {
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const wanted = { eventId, picks: [{ offerId, count: 1 }] };
    const closed = [409, { code: 'ERR_OFFER_CLOSED' }];
    try {
      shop.started.now = SALE_AT - 2000;
      expect(await shop.visit('applications', wanted)).toMatchObject(closed);
    } finally {
      shop.started.now = SALE_AT;
    }
    const elsewhere = { ...wanted, eventId: await shop.newEvent() };
    expect(await shop.visit('applications', elsewhere)).toMatchObject([404, {}]);
    expect((await shop.ask('DELETE', `/api/v1/offers/${offerId}`))[0]).toBe(204);
    expect((await audit())[0]).toMatchObject({
      action: 'offer.closed',
      subjects: [offerId, eventId],
    });
    expect(await shop.visit('applications', wanted)).toMatchObject(closed);
  });
});

test.each<[string, object]>([
  ['a price below nothing', { priceYen: -1 }],
  ['a price that no slip can hold', { priceYen: 1_000_000 }],
  ['none for a card', { perCard: 0 }],
  [
    'a sale that ends before it begins',
    { sale: { from: '2026-12-02T00:00:00Z', until: '2026-12-01T00:00:00Z' } },
  ],
  ['a category without a name', { category: ' ' }],
  ['no seats', { seats: [] }],
  ['a gate that is not of the event', { seats: [{ gate: 'Z', places: 1 }] }],
  ['too many places', { seats: [{ gate: 'A', places: 20_001 }] }],
  [
    'a seat twice',
    {
      seats: [
        { gate: 'A', first: 1, places: 3 },
        { gate: 'A', first: 3, places: 1 },
      ],
    },
  ],
  ['no hour to pay in', { payWithinHours: 0 }],
])('%s is not offered', async (_, more) => {
  const eventId = await shop.newEvent();
  expect(await shop.addOffer(eventId, more)).toMatchObject([422, { code: 'ERR_OFFER_FORM' }]);
});

describe('evidence', () => {
  test('is opened and verified by auditors, holds no certificate, and is noted', async () => {
    const eventId = await shop.newEvent();
    const code = await shop.apply(eventId, await shop.offer(eventId));
    await shop.present(code, card);
    const [, { applications }] = await shop.ask('GET', `/api/v1/events/${eventId}/applications`);
    const [{ evidenceId, purchaseId }] = applications as [Record<string, string>];
    const auditor = await signedIn(shop.started.stores, { name: 'auditor-1', role: 'auditor' });
    const path = `/api/v1/evidence/${evidenceId}`;
    const open = async (certificate?: string) => {
      const response = await ask(
        shop.started,
        auditor,
        'POST',
        path,
        certificate === undefined ? {} : { certificate },
      );
      return [response.status, (await response.json()) as Record<string, unknown>] as const;
    };
    const [status, held] = await open();
    expect([status, held]).toMatchObject([
      200,
      { purchaseId, method: 'signature', certificate: 'not-shown', lines: expect.any(Array) },
    ]);
    expect(JSON.stringify(held)).not.toContain(card.certificate.slice(0, 100));
    expect((await audit())[0]).toMatchObject({ action: 'evidence.opened' });
    expect(await open(card.certificate)).toMatchObject([200, { certificate: 'the-same' }]);
    expect(await open(other.certificate)).toMatchObject([409, { code: 'ERR_EVIDENCE' }]);
    expect((await shop.ask('POST', path, {}))[0]).toBe(403);

    const { db } = shop.started.database;
    const rows = JSON.stringify(await db.execute(`select sealed::text from evidence`));
    expect(rows).not.toContain(
      Buffer.from(card.certificate, 'base64').toString('hex').slice(0, 60),
    );
    await db.execute(
      `update evidence set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where id = '${evidenceId}'`,
    );
    expect(await open()).toMatchObject([409, { code: 'ERR_EVIDENCE' }]);
  });
});
