import type { Event } from '@pinless-gate/issuer-console/domain/event';
import type { Publication } from '@pinless-gate/issuer-console/domain/list-publication';
import { Scheduler } from '@pinless-gate/issuer-console/publishing/scheduler';
import { expect, test } from 'vitest';
import { builtOf, planOf } from '../publishing.ts';

// The clock and the alarm are the test's: nothing here waits.

const EVENT = 'a'.repeat(32);
const MINUTE = 60_000;
const FROM = Date.parse('2026-12-20T15:00:00+09:00');
const schedule = {
  daily: undefined,
  window: { everyMs: 10 * MINUTE, from: FROM, until: FROM + 60 * MINUTE },
};

interface Given {
  now: number;
  changeNo: number;
  open: Partial<Publication>[];
  last: Partial<Publication> | undefined;
  archivedAt?: number | undefined;
}

function stand(given: Given, more: object = {}) {
  const asked: number[] = [];
  let ring = () => {};
  let waiting = 0;
  const scheduler = new Scheduler({
    plans: [planOf(EVENT, { schedule, ...more })],
    desk: { request: async () => String(asked.push(given.now)) },
    events: { find: async () => ({ id: EVENT, archivedAt: given.archivedAt }) as Event } as never,
    publications: {
      list: async () => (given.last ? [given.last] : []),
      open: async () => given.open,
      lastPublished: async () => given.last,
      changeNo: async () => given.changeNo,
    } as never,
    timeZone: 'Asia/Tokyo',
    now: () => given.now,
    alarm: (milliseconds, then) => {
      [waiting, ring] = [milliseconds, then];
      return () => {};
    },
    onError: (error) => expect.unreachable(String(error)),
  });
  return {
    asked,
    scheduler,
    /** To the time that it waits for, or so much later. */
    async ring(later = 0): Promise<number> {
      given.now += waiting + later;
      ring();
      await scheduler.idle();
      return given.now;
    },
  };
}

const published = (more: Partial<Publication> = {}): Partial<Publication> => ({
  ...{ eventId: EVENT, requestedAt: FROM - 60 * MINUTE, changeNo: 1 },
  list: builtOf(1, { issuedAt: FROM - 60 * MINUTE }),
  ...more,
});

const start = (more: Partial<Given> = {}): Given => ({
  ...{ now: FROM - MINUTE, changeNo: 2, open: [], last: published() },
  ...more,
});

test('asks at each time, and at none between', async () => {
  const at = stand(start());
  at.scheduler.start();
  await at.scheduler.idle();
  expect(at.asked).toEqual([]);
  for (let i = 0; i < 3; i++) await at.ring();
  expect(at.asked).toEqual([FROM, FROM + 10 * MINUTE, FROM + 20 * MINUTE]);
  expect(at.scheduler.next(EVENT)).toBe(FROM + 30 * MINUTE);
});

test('what was missed is made up for once', async () => {
  const given = start({ now: FROM + 35 * MINUTE });
  const at = stand(given);
  at.scheduler.start();
  await at.scheduler.idle();
  expect(at.asked).toEqual([FROM + 35 * MINUTE]);
  await at.ring(15 * MINUTE);
  expect(at.asked).toEqual([FROM + 35 * MINUTE, FROM + 55 * MINUTE]);
});

test('asks for nothing of an archived event, and makes up for nothing afterwards', async () => {
  const given = start({ archivedAt: FROM - 2 * MINUTE });
  const at = stand(given);
  at.scheduler.start();
  await at.scheduler.idle();
  await at.ring();
  await at.ring();
  given.archivedAt = undefined;
  expect(at.asked).toEqual([]);
  await at.ring();
  expect(at.asked).toEqual([FROM + 20 * MINUTE]);
});

test.each<[string, Partial<Given>, object, number]>([
  ['nothing where no purchase changed', { changeNo: 1 }, {}, 0],
  ['where cards are asked about all the same', { changeNo: 1 }, { crls: ['crl.der'] }, 1],
  ['where the list gets old all the same', { changeNo: 1 }, { staleAfterS: 7200 }, 1],
  ['nothing while somebody looks at one', { open: [{ eventId: EVENT, needs: ['review'] }] }, {}, 0],
  [
    'where another event’s waits all the same',
    { open: [{ eventId: 'b', needs: ['review'] }] },
    {},
    1,
  ],
  ['where nothing was ever published', { last: undefined }, {}, 1],
])('builds %s', async (_, given, more, times) => {
  const at = stand(start(given), more);
  at.scheduler.start();
  await at.scheduler.idle();
  await at.ring();
  expect(at.asked).toHaveLength(times);
});

test('rings at least once an hour, since clocks are set', async () => {
  const given = start({ now: FROM - 24 * 60 * MINUTE });
  const at = stand(given);
  at.scheduler.start();
  await at.scheduler.idle();
  expect(await at.ring()).toBe(FROM - 23 * 60 * MINUTE);
  expect(at.asked).toEqual([]);
});
