import {
  isDue,
  type ListSchedule,
  nextTime,
  parseClock,
} from '@pinless-gate/issuer-console/domain/list-schedule';
import { describe, expect, test } from 'vitest';

const at = (text: string) => Date.parse(text);
const iso = (time: number | undefined) => time && new Date(time).toISOString();
const daily = (clock: string): ListSchedule => ({ daily: parseClock(clock), window: undefined });

test.each([
  ['00:00', 0],
  ['04:30', 270],
  ['23:59', 1439],
])('%s is a time of day', (text, minutes) => expect(parseClock(text)).toBe(minutes));

test.each(['24:00', '4:30', '04:60', '0430', ''])('%j is none', (text) => {
  expect(parseClock(text)).toBeUndefined();
});

describe('once a day', () => {
  test.each([
    ['2026-12-19T00:00:00+09:00', '2026-12-18T19:30:00.000Z'],
    ['2026-12-19T04:29:59.999+09:00', '2026-12-18T19:30:00.000Z'],
    ['2026-12-19T04:30:00+09:00', '2026-12-19T19:30:00.000Z'],
    ['2026-12-31T23:59:00+09:00', '2026-12-31T19:30:00.000Z'],
    ['2028-02-28T12:00:00+09:00', '2028-02-28T19:30:00.000Z'],
  ])('in Tokyo, whose clocks never change, after %s', (after, next) => {
    expect(iso(nextTime(daily('04:30'), at(after), 'Asia/Tokyo'))).toBe(next);
  });

  test.each([
    // Berlin is an hour ahead of UTC in winter, two in summer.
    ['02:30', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z', 'the moment clocks jump over it'],
    ['02:30', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00.000Z', 'the day after'],
    ['02:30', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z', 'the first of two'],
    ['02:30', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00.000Z', 'not the second of two'],
    ['03:00', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00.000Z', 'three o’clock comes early'],
    ['12:00', '2026-03-28T12:00:00Z', '2026-03-29T10:00:00.000Z', 'a day of 23 hours'],
    ['12:00', '2026-10-24T12:00:00Z', '2026-10-25T11:00:00.000Z', 'a day of 25 hours'],
  ])('in Berlin at %s, after %s: %s, %s', (clock, after, next) => {
    expect(iso(nextTime(daily(clock), at(after), 'Europe/Berlin'))).toBe(next);
  });

  test.each([
    ['Pacific/Kiritimati', '2026-12-18T14:30:00.000Z'],
    ['Pacific/Pago_Pago', '2026-12-19T15:30:00.000Z'],
    ['Asia/Kathmandu', '2026-12-18T22:45:00.000Z'],
    ['Australia/Lord_Howe', '2026-12-18T17:30:00.000Z'],
  ])('at the ends of the world: %s', (zone, next) => {
    const after = at(next) - 86_400_000;
    expect(iso(nextTime(daily('04:30'), after, zone))).toBe(next);
  });

  test('every day of a year has one, whatever the clocks do', () => {
    for (const zone of ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York']) {
      let time = at('2026-01-01T00:00:00Z');
      const days = new Set<string>();
      const day = new Intl.DateTimeFormat('en', { timeZone: zone, dateStyle: 'short' });
      for (let i = 0; i < 365; i++) {
        time = nextTime(daily('02:30'), time, zone)!;
        days.add(day.format(time));
      }
      expect([zone, days.size]).toEqual([zone, 365]);
    }
  });
});

describe('every ten minutes on the day', () => {
  const window = {
    everyMs: 600_000,
    from: at('2026-12-20T15:00:00+09:00'),
    until: at('2026-12-20T15:25:00+09:00'),
  };
  const schedule: ListSchedule = { daily: undefined, window };

  test.each([
    ['2026-12-01T00:00:00Z', '2026-12-20T06:00:00.000Z'],
    ['2026-12-20T06:00:00Z', '2026-12-20T06:10:00.000Z'],
    ['2026-12-20T06:09:59.999Z', '2026-12-20T06:10:00.000Z'],
    ['2026-12-20T06:20:00Z', undefined],
    ['2026-12-21T06:20:00Z', undefined],
  ])('after %s: %s', (after, next) => {
    expect(iso(nextTime(schedule, at(after), 'Asia/Tokyo'))).toBe(next);
  });

  test('with a daily time, the earlier of the two', () => {
    const both: ListSchedule = { daily: parseClock('15:05'), window };
    const times: (string | undefined | 0)[] = [];
    let after = at('2026-12-20T14:59:00+09:00');
    for (let i = 0; i < 5; i++) {
      after = nextTime(both, after, 'Asia/Tokyo')!;
      times.push(iso(after));
    }
    expect(times).toEqual([
      '2026-12-20T06:00:00.000Z',
      '2026-12-20T06:05:00.000Z',
      '2026-12-20T06:10:00.000Z',
      '2026-12-20T06:20:00.000Z',
      '2026-12-21T06:05:00.000Z',
    ]);
  });

  test('what was missed is due, once it was seen no more', () => {
    const now = at('2026-12-20T15:13:00+09:00');
    const zone = { now, timeZone: 'Asia/Tokyo' };
    expect(isDue(schedule, at('2026-12-20T14:00:00+09:00'), zone)).toBe(true);
    expect(isDue(schedule, now, zone)).toBe(false);
    expect(isDue(schedule, at('2026-12-20T15:11:00+09:00'), zone)).toBe(false);
  });

  test('without times nothing is ever due', () => {
    expect(nextTime({ daily: undefined, window: undefined }, 0, 'Asia/Tokyo')).toBeUndefined();
  });
});
