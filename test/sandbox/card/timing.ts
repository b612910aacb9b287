import { UsageError } from '@pinless-gate/runtime/program';
import type { Work } from './virtual-card.ts';

/** How long a chip and the air take. `none` answers as fast as this machine can. */
export interface Timing {
  /** RSA-2048 with the private key. */
  readonly rsaMs: number;
  readonly ecdsaMs: number;
  /** One check with a public key: a CV certificate or an EXTERNAL AUTHENTICATE. */
  readonly verifyMs: number;
  /** Every command, whatever it does. */
  readonly commandMs: number;
  /** One octet on the air, either way: 10 elementary time units. 0 is a wire without duration. */
  readonly octetMs: number;
}

export const NO_TIMING: Timing = { rsaMs: 0, ecdsaMs: 0, verifyMs: 0, commandMs: 0, octetMs: 0 };

const DURATIONS = {
  rsa: 'rsaMs',
  ecdsa: 'ecdsaMs',
  verify: 'verifyMs',
  command: 'commandMs',
} as const;

/** `none`, or parts such as `rsa=197ms,verify=15ms,rate=424k`; what is not named takes no time. */
export function parseTiming(spec: string): Timing {
  if (spec === 'none') return NO_TIMING;
  const timing: { -readonly [Key in keyof Timing]: number } = { ...NO_TIMING };
  const seen = new Set<string>();
  for (const part of spec.split(',')) {
    const [name = '', value = ''] = part.split('=', 2);
    if (seen.has(name)) throw timingError(spec, `${name} is given twice`);
    seen.add(name);
    if (name === 'rate') {
      timing.octetMs = 10_000 / parseRate(spec, value);
    } else if (Object.hasOwn(DURATIONS, name)) {
      timing[DURATIONS[name as keyof typeof DURATIONS]] = parseMilliseconds(spec, value);
    } else {
      throw timingError(spec, `unknown part "${name}"`);
    }
  }
  return timing;
}

/** `3s`, `250ms`, `1.5s`. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text);
  return match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : undefined;
}

function parseMilliseconds(spec: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > 60_000)
    throw timingError(spec, `"${text}" is no duration up to 60s`);
  return ms;
}

/** Bits per second: `424k`. */
function parseRate(spec: string, text: string): number {
  const match = /^([1-9]\d{0,4})k$/.exec(text);
  if (!match) throw timingError(spec, `"${text}" is no rate such as 424k`);
  return Number(match[1]) * 1000;
}

function timingError(spec: string, why: string): UsageError {
  return new UsageError(`timing "${spec}": ${why}`, 'for instance rsa=197ms,verify=15ms,rate=424k');
}

/** Milliseconds that card and air take for one command. */
export function modelledMs(
  timing: Timing,
  commandOctets: number,
  responseOctets: number,
  work: Work | undefined,
): number {
  const chip = work === undefined ? 0 : timing[DURATIONS[work]];
  return timing.commandMs + chip + (commandOctets + responseOctets) * timing.octetMs;
}

/** Timers are a millisecond or more late: the rest is slept off exactly. */
const TIMER_SLACK_MS = 1.5;
const SPIN_MS = 0.08;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Waits until `performance.now()` is `deadlineMs`, to about 0.02 ms. */
export async function waitUntil(deadlineMs: number): Promise<void> {
  const coarse = deadlineMs - performance.now() - TIMER_SLACK_MS;
  if (coarse >= 1) await new Promise((resolve) => setTimeout(resolve, Math.floor(coarse)));
  const rest = deadlineMs - performance.now() - SPIN_MS;
  if (rest > 0) Atomics.wait(sleeper, 0, 0, rest);
  while (performance.now() < deadlineMs);
}
