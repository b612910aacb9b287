import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { expect, test } from 'vitest';
import { newVendor, type SignedIn, signedIn } from './accounts.ts';
import { ask } from './browsing.ts';
import { newEvent } from './events.ts';
import { NOW, startConsole, type TestConsole } from './fixture.ts';
import { plainStatements, type TestCard, visit } from './visiting.ts';

/** Two days before the event: there is time to pay. */
export const SALE_AT = NOW - 10 * 86_400_000;
const iso = (at: number) => new Date(at).toISOString();

/** A console with a vendor who sells, and their event. */
export class TestShop {
  readonly started: TestConsole;
  readonly seller: SignedIn;
  readonly vendorId: string;

  private constructor(started: TestConsole, seller: SignedIn, vendorId: string) {
    this.started = started;
    this.seller = seller;
    this.vendorId = vendorId;
  }

  static async open(more: Parameters<typeof startConsole>[0] = {}): Promise<TestShop> {
    const started = await startConsole({ statements: plainStatements, ...more });
    started.now = SALE_AT;
    const vendorId = await newVendor(started.stores, 'tickets');
    const seller = await signedIn(started.stores, { name: 'seller', role: 'vendor', vendorId });
    return new TestShop(started, seller, vendorId);
  }

  newEvent(): Promise<string> {
    return newEvent(this.started, this.vendorId, this.seller);
  }

  async event(id: string) {
    return requireEvent(this.started.stores.events, commandLine(0).scope, id);
  }

  async offer(eventId: string, more: object = {}): Promise<string> {
    const [status, body] = await this.addOffer(eventId, more);
    expect([status, body]).toMatchObject([201, {}]);
    return body.id as string;
  }

  addOffer(eventId: string, more: object) {
    return this.ask('POST', `/api/v1/events/${eventId}/offers`, {
      category: 'adult',
      priceYen: 8000,
      perCard: 4,
      method: 'signature',
      sale: { from: iso(SALE_AT - 1000), until: iso(NOW) },
      seats: [{ gate: 'B', block: '112', row: '7', first: 1, places: 10 }],
      ...more,
    });
  }

  async ask(
    method: string,
    path: string,
    body?: object,
  ): Promise<[number, Record<string, unknown>]> {
    const response = await ask(this.started, this.seller, method, path, body);
    const text = await response.text();
    return [response.status, text === '' ? {} : JSON.parse(text)];
  }

  async visit(path: string, body: object): Promise<[number, Record<string, unknown>]> {
    const response = await visit(this.started, `/api/public/${path}`, body);
    return [response.status, (await response.json()) as Record<string, unknown>];
  }

  async apply(eventId: string, offerId: string, count = 1): Promise<string> {
    const wanted = { eventId, picks: [{ offerId, count }], language: 'en' };
    const [status, body] = await this.visit('applications', wanted);
    expect([status, body.code]).toEqual([201, expect.any(String)]);
    return body.code as string;
  }

  /** What comes of this card's statement. */
  async present(code: string, card: TestCard, method?: 'read' | 'signature' | 'authentication') {
    const answer = await this.visit('requests', { code });
    const [status, asked] = answer;
    if (status !== 200) return answer;
    const wanted = method ?? (asked.methods as 'signature'[])[0]!;
    const statement = card.state(asked.request as string, wanted);
    return this.visit('statements', { code, statement });
  }

  /** Into the archive, or out of it. */
  async archive(eventId: string, archived = true): Promise<void> {
    const { revision } = await this.event(eventId);
    const edit = { revision, archived };
    expect(await this.ask('PATCH', `/api/v1/events/${eventId}`, edit)).toMatchObject([200, {}]);
  }

  async standing(code: string): Promise<Record<string, unknown>> {
    return (await this.visit('applications/standing', { code }))[1];
  }
}

interface Selling {
  readonly shop: TestShop;
  readonly card: TestCard;
  readonly other: TestCard;
}

/** What holds however many come at once: run on either engine. */
export function soldOnce(given: () => Selling): void {
  test('however many apply at once, none is sold twice', async () => {
    const { shop } = given();
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId, { perCard: 10 });
    const picks = [{ offerId, count: 3 }];
    const all = await Promise.all(
      Array.from({ length: 12 }, () => shop.visit('applications', { eventId, picks })),
    );
    const sold = all.filter(([status]) => status === 201);
    expect(sold).toHaveLength(3);
    const refused = all.filter(([status]) => status !== 201);
    for (const [status, { code }] of refused) {
      expect([status, code]).toEqual([409, 'ERR_OFFER_SOLD_OUT']);
    }
    const seats = await Promise.all(
      sold.map(async ([, { code }]) => (await shop.standing(code as string)).seats as object[]),
    );
    const numbers = seats.flat().map((seat) => JSON.stringify(seat));
    expect(new Set(numbers).size).toBe(9);
    const event = await shop.event(eventId);
    expect((await shop.started.stores.offers.list(event))[0]!.free).toBe(1);
  });

  test('of an event that is archived meanwhile none is sold any more, once that is answered', async () => {
    const { shop } = given();
    const eventId = await shop.newEvent();
    const picks = [{ offerId: await shop.offer(eventId), count: 1 }];
    const event = await shop.event(eventId);
    const free = async () => (await shop.started.stores.offers.list(event))[0]!.free;
    const applying = Array.from({ length: 10 }, () =>
      shop.visit('applications', { eventId, picks }),
    );
    await shop.archive(eventId);
    const left = await free();
    const all = await Promise.all(applying);
    expect(await free()).toBe(left);
    expect(all.filter(([status]) => status === 201)).toHaveLength(10 - left);
    expect(await shop.visit('applications', { eventId, picks })).toMatchObject([409, {}]);
  });

  test('a card has no more of an offer than one card may, however they are applied for', async () => {
    const { shop, card, other } = given();
    const eventId = await shop.newEvent();
    const offerId = await shop.offer(eventId);
    const codes = [await shop.apply(eventId, offerId, 3), await shop.apply(eventId, offerId, 3)];
    const both = await Promise.all(codes.map((code) => shop.present(code, card)));
    expect(both.map(([status]) => status).sort()).toEqual([200, 409]);
    expect(both.find(([status]) => status === 409)![1].code).toBe('ERR_APPLICATION_LIMIT');
    const left = codes[both.findIndex(([status]) => status === 409)]!;
    expect(await shop.present(left, other)).toMatchObject([200, { state: 'pending' }]);
    expect(await shop.present(await shop.apply(eventId, offerId), card)).toMatchObject([200, {}]);
  });
}
