/**
 * Days and hours where the event is, from the zone's name alone: the zone of the machine never matters.
 * Times in Unix milliseconds within what a `Date` holds.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No zone changes its clocks but on a quarter of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;
const MOST_REMEMBERED = 4096;
/** Of an event, the day before and some that a clock may have strayed to. */
const DAYS_REMEMBERED = 8;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** Offset by quarter of an hour: what is asked is nearly always what was asked before. */
  readonly offsets: Map<number, number>;
  /** Days that were asked for lately, by the minute at which they begin. */
  readonly days: Map<number, Day[]>;
}

/** From `begins` until `ends`, which is the next day's. */
interface Day {
  readonly date: string;
  readonly begins: number;
  readonly ends: number;
}

const zones = new Map<string, Zone>();

export function isTimeZone(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** `2026-12-20`. The day begins at a minute of the local clock, for events that end after midnight. */
export function localDay(at: number, timeZone: string, beginsAtMinute = 0): string {
  const { days } = zoneOf(timeZone);
  const lately = days.get(beginsAtMinute) ?? [];
  const known = lately.find(({ begins, ends }) => at >= begins && at < ends);
  if (known) return known.date;
  const day = dayAt(at, timeZone, beginsAtMinute);
  days.set(beginsAtMinute, [day, ...lately.slice(0, DAYS_REMEMBERED - 1)]);
  return day.date;
}

function dayAt(at: number, timeZone: string, beginsAtMinute: number): Day {
  const begin = (date: string) => dayBegin(date, timeZone, beginsAtMinute);
  const today = isoDate(wallClock(at, timeZone));
  const date = at < begin(today) ? isoDate(Date.parse(today) - DAY_MS) : today;
  const next = isoDate(Date.parse(date) + DAY_MS);
  return { date, begins: begin(date), ends: begin(next) };
}

/** `20:05`, and with the date before it where wanted. */
export function localTime(at: number, timeZone: string): { date: string; time: string } {
  const [date, time] = new Date(wallClock(at, timeZone)).toISOString().split('T') as [
    string,
    string,
  ];
  return { date, time: time.slice(0, 5) };
}

/**
 * The instant at which the local clock shows that minute of that day: the first where it shows it twice;
 * where it leaps over it, as much later as it leaps.
 */
function dayBegin(date: string, timeZone: string, minute: number): number {
  const wall = Date.parse(date) + minute * MINUTE_MS;
  const [before, after] = [wall - DAY_MS, wall + DAY_MS].map((at) => offsetAt(at, timeZone));
  const [first, second] = [wall - before!, wall - after!];
  if (wallClock(first, timeZone) === wall || wallClock(second, timeZone) !== wall) return first;
  return second;
}

/** What the local clock shows, as if it were UTC. */
function wallClock(at: number, timeZone: string): number {
  return at + offsetAt(at, timeZone);
}

function offsetAt(at: number, timeZone: string): number {
  const { format, offsets } = zoneOf(timeZone);
  const quarter = Math.floor(at / QUARTER_MS);
  const known = offsets.get(quarter);
  if (known !== undefined) return known;
  const offset = readOffset(format, quarter * QUARTER_MS);
  if (offsets.size >= MOST_REMEMBERED) offsets.clear();
  offsets.set(quarter, offset);
  return offset;
}

function readOffset(format: Intl.DateTimeFormat, at: number): number {
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const [year, month, day] = [Number(part.year), Number(part.month) - 1, Number(part.day)];
  const wall = Date.UTC(
    year,
    month,
    day,
    Number(part.hour),
    Number(part.minute),
    Number(part.second),
  );
  return wall - at;
}

function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (!zone) {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    zone = { format, offsets: new Map(), days: new Map() };
    zones.set(name, zone);
  }
  return zone;
}

function isoDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
