import { isTimeZone, localDay, localTime } from '@pinless-gate/protocol/local-time';
import { describe, expect, test } from 'vitest';

const at = (text: string) => Date.parse(text);

describe('localDay', () => {
  test.each([
    ['2026-12-20T14:59:59.999Z', 'Asia/Tokyo', 0, '2026-12-20'],
    ['2026-12-20T15:00:00Z', 'Asia/Tokyo', 0, '2026-12-21'],
    ['2026-12-20T18:59:59.999Z', 'Asia/Tokyo', 240, '2026-12-20'],
    ['2026-12-20T19:00:00Z', 'Asia/Tokyo', 240, '2026-12-21'],
    ['2026-12-20T15:00:00Z', 'UTC', 0, '2026-12-20'],
    ['2026-12-31T23:59:59Z', 'Asia/Kathmandu', 0, '2027-01-01'],
    ['2028-02-29T12:00:00Z', 'Pacific/Kiritimati', 0, '2028-03-01'],
    ['2028-02-29T09:59:59Z', 'Pacific/Niue', 0, '2028-02-28'],
    ['1970-01-01T00:00:00Z', 'Asia/Tokyo', 600, '1969-12-31'],
    ['9999-12-30T00:00:00Z', 'Asia/Tokyo', 0, '9999-12-30'],
  ])('%s in %s, days beginning at minute %i: %s', (text, zone, minute, day) => {
    expect(localDay(at(text), zone, minute)).toBe(day);
  });

  test('only goes on, hour by hour of a year, wherever clocks change', () => {
    for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca']) {
      for (const minute of [0, 90, 150]) {
        let before = '';
        for (let t = at('2026-01-01T00:00:00Z'); t < at('2027-01-01T00:00:00Z'); t += 1_800_000) {
          const day = localDay(t, zone, minute);
          expect(day >= before).toBe(true);
          before = day;
        }
        expect(before >= '2026-12-31').toBe(true);
      }
    }
  });

  test('is the same whatever the zone of the machine', () => {
    const days = ['America/Los_Angeles', 'Pacific/Kiritimati'].map((zone) => {
      process.env.TZ = zone;
      return localDay(at('2026-12-20T15:00:00Z'), 'Asia/Tokyo', 240);
    });
    delete process.env.TZ;
    expect(days).toEqual(['2026-12-20', '2026-12-20']);
  });
});

test('localTime is what the clock on the wall shows', () => {
  expect(localTime(at('2026-12-20T15:04:59Z'), 'Asia/Tokyo')).toEqual({
    date: '2026-12-21',
    time: '00:04',
  });
});

test.each([
  ['Asia/Tokyo', true],
  ['UTC', true],
  ['Asia/Atlantis', false],
  ['', false],
])('isTimeZone: "%s" is %s', (name, known) => expect(isTimeZone(name)).toBe(known));
