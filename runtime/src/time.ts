import { UsageError } from './program.ts';

const ISO_8601 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const UNIX_SECONDS = /^\d{1,12}$/;

/** Unix milliseconds of an argument: ISO 8601 with its zone, or Unix seconds. */
export function parseTime(text: string, option: string): number {
  if (UNIX_SECONDS.test(text)) return 1000 * Number(text);
  const day = ISO_8601.exec(text)?.[1];
  const time = Date.parse(text);
  if (day === undefined || Number.isNaN(time) || !isDay(day)) {
    throw new UsageError(
      `${option} is neither ISO 8601 with a zone nor Unix seconds`,
      `for instance: ${option} 2026-12-20T18:00:00+09:00`,
    );
  }
  return time;
}

/** The time of that argument, or now. Unix milliseconds. */
export function timeOrNow(text: string | undefined, option: string): number {
  return text === undefined ? Date.now() : parseTime(text, option);
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}
