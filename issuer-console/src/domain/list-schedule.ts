/** When lists are built without anybody asking. */
export interface ListSchedule {
  /** Minutes after midnight, by the clocks of the venue. */
  readonly daily: number | undefined;
  /** On the day; Unix milliseconds, both ends included. */
  readonly window: ScheduleWindow | undefined;
}

export interface ScheduleWindow {
  readonly everyMs: number;
  readonly from: number;
  readonly until: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** `04:30`: minutes after midnight; undefined where it is no time of day. */
export function parseClock(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined;
}

/** The first time after `after`; undefined where there is none any more. Unix milliseconds. */
export function nextTime(
  { daily, window }: ListSchedule,
  after: number,
  timeZone: string,
): number | undefined {
  const times = [
    ...(daily === undefined ? [] : [nextDaily(daily, after, timeZone)]),
    ...(window ? nextInWindow(window, after) : []),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

/** The last time that is not after `now`, and after `since`: what was missed is made up for once. */
export function isDue(
  schedule: ListSchedule,
  since: number,
  { now, timeZone }: { readonly now: number; readonly timeZone: string },
): boolean {
  const next = nextTime(schedule, since, timeZone);
  return next !== undefined && next <= now;
}

function nextInWindow({ everyMs, from, until }: ScheduleWindow, after: number): number[] {
  const steps = after < from ? 0 : Math.floor((after - from) / everyMs) + 1;
  const next = from + steps * everyMs;
  return next <= until ? [next] : [];
}

/**
 * Once on each day of the zone. Where clocks are put forward over that time it is the moment they jump at; where they
 * are put back and show it twice it is the first.
 */
function nextDaily(daily: number, after: number, timeZone: string): number {
  const clock = clockIn(timeZone);
  for (let days = 0; ; days++) {
    const { year, month, day } = clock(after);
    const at = firstAt(clock, Date.UTC(year, month - 1, day + days) + daily * MINUTE_MS);
    if (at > after) return at;
  }
}

type Clock = (at: number) => { year: number; month: number; day: number; wall: number };

/** `wall`: what the clocks of the zone show, as if they showed UTC. */
function clockIn(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  return (at) => {
    const parts = Object.fromEntries(
      format.formatToParts(at).map(({ type, value }) => [type, Number(value)]),
    ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
    const { year, month, day, hour, minute, second } = parts;
    return { year, month, day, wall: Date.UTC(year, month - 1, day, hour, minute, second) };
  };
}

/** No zone is further ahead of UTC. */
const EAST_MS = 14 * HOUR_MS;
/** No clock is put back or forward by more at once, but over a whole day. */
const CHANGE_MS = 2 * HOUR_MS;
/** Offsets are whole quarters of an hour, and change by such. */
const QUARTER_MS = 15 * MINUTE_MS;

/** The first moment at which the clocks show `wall` or, where they skip it, more. */
function firstAt(clock: Clock, wall: number): number {
  let at = wall - EAST_MS;
  for (let left = wall - clock(at).wall; left > 0; left = wall - clock(at).wall) {
    at += Math.max(QUARTER_MS, left - CHANGE_MS);
  }
  while (clock(at - MINUTE_MS).wall >= wall) at -= MINUTE_MS;
  return at;
}
