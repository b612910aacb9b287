import { commandLine } from '@pinless-gate/issuer-console/domain/asker';
import { requireEvent } from '@pinless-gate/issuer-console/domain/event';
import { expect } from 'vitest';
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
    const [status, asked] = await this.visit('requests', { code });
    expect(status).toBe(200);
    const wanted = method ?? (asked.methods as 'signature'[])[0]!;
    const statement = card.state(asked.request as string, wanted);
    return this.visit('statements', { code, statement });
  }

  async standing(code: string): Promise<Record<string, unknown>> {
    return (await this.visit('applications/standing', { code }))[1];
  }
}
