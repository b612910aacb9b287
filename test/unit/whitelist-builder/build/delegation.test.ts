import type { SeatRecord } from '@pinless-gate/protocol/record';
import { describe, expect, test } from 'vitest';
import { Gate } from '../../../model/gate.ts';
import { OctetMemory } from '../../../model/memory.ts';
import {
  ADMISSION,
  eventWith,
  feedOf,
  issuerOf,
  newCa,
  purchase,
  serialOf,
  workshop,
} from '../fixture.ts';

const SEAT = { gate: 'B', block: '112', row: '7', number: '15' };
const REPRESENTATIVE = 1;
const FRIEND = 2;
const TICKETS = ['T-1-1', 'T-1-2', 'T-1-3'].map((ticketNo) => ({ ticketNo, seat: SEAT }));
const TO_FRIEND = [{ ticketNo: 'T-1-2', holder: purchase(FRIEND).holder }];

/** What the two cards open, by three lists one after another: bought, passed on, and given back. */
interface Lists {
  readonly bought: readonly (SeatRecord | undefined)[];
  readonly passedOn: readonly (SeatRecord | undefined)[];
  readonly givenBack: readonly (SeatRecord | undefined)[];
}

const issuer = issuerOf(await newCa());

async function publishThree(): Promise<Lists> {
  const shop = await workshop(issuer);
  const listed = async (more: object) => {
    const built = await shop.build(feedOf(purchase(REPRESENTATIVE, { tickets: TICKETS, ...more })));
    return Promise.all([REPRESENTATIVE, FRIEND].map((one) => shop.record(built, serialOf(one))));
  };
  return {
    bought: await listed({}),
    passedOn: await listed({ companions: TO_FRIEND }),
    givenBack: await listed({}),
  };
}

const numbers = (record: SeatRecord | undefined) => record?.tickets.map(({ ticketNo }) => ticketNo);

describe('a seat that is passed on to a companion', () => {
  test('leaves the card of the representative with the next list, and comes back', async () => {
    const lists = await publishThree();
    expect(lists.bought.map(numbers)).toEqual([['T-1-1', 'T-1-2', 'T-1-3'], undefined]);
    expect(lists.passedOn.map(numbers)).toEqual([['T-1-1', 'T-1-3'], ['T-1-2']]);
    expect(lists.givenBack.map(numbers)).toEqual(lists.bought.map(numbers));
  });

  test('keeps its place in the party', async () => {
    const { bought, passedOn } = await publishThree();
    const [, friend] = passedOn;
    expect(friend).toMatchObject({ party: bought[0]!.party, tickets: [{ place: 2 }] });
    expect(friend!.party.size).toBe(3);
  });
});

describe('at a gate, whichever list it has', () => {
  /** Cards at gates that do not hear one another, by one of the lists; a minute from tap to tap. */
  async function venue() {
    const lists = await publishThree();
    const { policy } = eventWith([issuer]);
    const gates = [1, 2].map(() => new Gate(new OctetMemory()));
    let at = 1000 * ADMISSION.from;
    return (list: keyof Lists, holder: number, gate = 0): string => {
      const cards = [lists[list][holder - 1]!.tickets];
      const lane = { op: 'tap', card: 0, gates: ['B'], direction: 'in', mode: 'normal' } as const;
      at += 60_000;
      return gates[gate]!.tap({ policy, cards }, { ...lane, sensor: false }, at).words;
    };
  }

  test('each enters with what their card opens', async () => {
    const tap = await venue();
    expect(tap('passedOn', REPRESENTATIVE)).toBe('T-1-1#1 T-1-3#1');
    expect(tap('passedOn', FRIEND)).toBe('T-1-2#1');
    expect(tap('passedOn', FRIEND)).toBe('already-admitted');
  });

  test('the friend entered, and then the old list came back', async () => {
    const tap = await venue();
    expect(tap('passedOn', FRIEND)).toBe('T-1-2#1');
    expect(tap('bought', REPRESENTATIVE)).toBe('T-1-1#1 T-1-3#1');
  });

  test('the old list counted the seat, and the friend comes after', async () => {
    const tap = await venue();
    expect(tap('bought', REPRESENTATIVE)).toBe('T-1-1#1 T-1-2#1 T-1-3#1');
    expect(tap('passedOn', FRIEND)).toBe('already-admitted');
  });

  test('another gate with the old list admits the seat once at most', async () => {
    const tap = await venue();
    expect(tap('passedOn', FRIEND)).toBe('T-1-2#1');
    expect(tap('bought', REPRESENTATIVE, 1)).toBe('T-1-1#1 T-1-2#1 T-1-3#1');
    expect(tap('passedOn', FRIEND, 1)).toBe('already-admitted');
    expect(tap('givenBack', REPRESENTATIVE, 1)).toBe('already-admitted');
  });
});
