import type { Setback, Webhook } from './webhook.ts';
import type { Attempt } from './webhook-message.ts';

const FIRST_MS = 5000;
const LONGEST_MS = 2 * 3_600_000;
/** So long nothing was taken, and somebody has to look. */
export const GIVE_UP_MS = 3 * 86_400_000;
/** The receiver says that it is there no more. */
const GONE = 410;

/** Twice as long each time, a quarter more or less by `chance` (0 to 1), so that not all come back at once. */
export function setbackOf(
  { attempts, failedSince }: Pick<Webhook, 'attempts' | 'failedSince'>,
  { at, status }: Attempt,
  now: number,
  chance: number,
): Setback {
  if (status === GONE || at - (failedSince ?? at) >= GIVE_UP_MS) return { giveUp: true };
  const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempts);
  return { again: Math.round(now + delay * (0.75 + chance / 2)) };
}
