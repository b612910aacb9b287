import {
  goingAlong,
  linkCompanion,
  partFrom,
  sameCard,
  ticketsOf,
  unlinkCompanion,
} from '@pinless-gate/issuer-console/domain/party';
import { cardsOf } from '@pinless-gate/whitelist-builder/purchase/cards';
import type { Purchase } from '@pinless-gate/whitelist-builder/purchase/schema';
import { describe, expect, test } from 'vitest';
import { holderCertificate, newCa, purchase } from '../../whitelist-builder/fixture.ts';

const card = (serial: string) => ({ serial, issuer: 'jpki-auth' });
const window = (hour: number) => ({
  from: `2026-12-20T${hour}:00:00+09:00`,
  until: `2026-12-20T${hour + 2}:00:00+09:00`,
});
const seat = { gate: 'B' };
const of = (tickets: object[], companions?: object[]): Purchase =>
  purchase(1, { tickets, ...(companions && { companions }) }) as unknown as Purchase;
const RULES = { gates: new Set(['A', 'B']), admission: { from: 1, until: 2 } };

/** What gates would be told of each ticket, wherever it stands. */
function toldOf(...purchases: Purchase[]) {
  const cards = purchases.flatMap((one) => {
    const plan = cardsOf(one, RULES);
    expect(plan.problem).toBeUndefined();
    return plan.problem || one.status !== 'paid' ? [] : plan.cards;
  });
  const tickets = cards.flatMap(({ tickets: all }) => all);
  return Object.fromEntries(tickets.map(({ place: _, ...told }) => [told.ticketNo, told]));
}

describe('tickets that leave', () => {
  const first = { ticketNo: '1', seat: { gate: 'A' }, admission: window(15) };
  const second = { ticketNo: '2', seat, zone: 'Z', entries: 2 };
  const third = { ticketNo: '3', seat, admission: window(18) };
  const fourth = { ticketNo: '4', seat, with: '3' };
  const alone = { ticketNo: '5', holder: card('05'), category: 'child' };
  const whole = of([first, second, third, fourth], [alone, { ticketNo: '2', holder: card('02') }]);

  test.each([['1'], ['2'], ['3'], ['4'], ['5']])(
    '%s: every ticket stays what it was',
    (ticketNo) => {
      const going = goingAlong(whole, ticketNo);
      const { left, tickets } = partFrom(whole, going);
      const made = { ...of([...tickets]), purchaseId: 'made' };
      expect(toldOf(left, made)).toEqual(toldOf(whole));
      expect(ticketsOf(left).map((one) => one.ticketNo)).not.toContain(ticketNo);
    },
  );

  test('the last one leaves a purchase that is cancelled', () => {
    const { left, tickets } = partFrom(of([first]), ['1']);
    expect([left.status, tickets]).toEqual(['cancelled', [first]]);
  });

  test('who enters with whom goes with whom', () => {
    expect(goingAlong(whole, '4')).toEqual(['3', '4']);
    expect(goingAlong(whole, '2')).toEqual(['2']);
    const chain = of([1, 2, 3].map((n) => ({ ticketNo: `${n}`, seat, with: `${(n % 3) + 1}` })));
    expect(goingAlong(chain, '2')).toEqual(['1', '2', '3']);
    expect(() => goingAlong(whole, '9')).toThrow(
      expect.objectContaining({ code: 'ERR_TICKET_UNKNOWN' }),
    );
  });

  test('a companion who is no ticket of the purchase becomes one', () => {
    const back = unlinkCompanion(whole, '5');
    expect(toldOf(back)).toEqual(toldOf(whole));
    expect(ticketsOf(back).find(({ ticketNo }) => ticketNo === '5')).toMatchObject({
      card: 'holder',
    });
    const linked = linkCompanion(back, '5', card('09'));
    expect(ticketsOf(linked).at(-1)).toMatchObject({ card: 'companion' });
    expect(() => unlinkCompanion(whole, '1')).toThrow(
      expect.objectContaining({ code: 'ERR_TICKET_NOT_LINKED' }),
    );
  });
});

test('a card is the same by number, however it is written', async () => {
  const ca = await newCa();
  const certificate = await holderCertificate(ca, { serial: '0705d990' });
  expect(sameCard({ certificate }, card('0705D990'))).toBe(true);
  expect(sameCard({ certificate }, { serial: '705d990', issuer: 'other' })).toBe(true);
  expect(sameCard(card('0a'), card('A'))).toBe(true);
  expect(sameCard(card('0a'), { ...card('0a'), issuer: 'other' })).toBe(false);
  expect(sameCard({ certificate: 'AAAA' }, { certificate: 'AAAA' })).toBe(false);
});
