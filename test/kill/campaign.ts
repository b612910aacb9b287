import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Random } from '../fuzz/random.ts';
import type { LoopStart } from './gate-loop.ts';
import { compareLedgers, type Ledger, openingsOf } from './ledger.ts';
import type { Venue } from './venue.ts';

/** The tap within which a gate is killed, at most; the one before says how long one takes. */
const LAST_TAP = 12;

export interface CampaignOptions {
  readonly cycles: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

/**
 * Kills a gate under taps at random instants, and starts it again (faults.md J5, J6, P1). After every kill its
 * journal is verified whole and held against what the turnstile wrote down for itself.
 */
export async function killGates(
  venue: Venue,
  { cycles, seed, progress }: CampaignOptions,
): Promise<Ledger & { readonly cycles: number }> {
  const random = new Random(seed);
  const turnstile = fork(new URL('./turnstile.js', import.meta.url), [openingsOf(venue)]);
  try {
    const [url] = (await once(turnstile, 'message')) as [string];
    let ledger: Ledger | undefined;
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const start = { venue, turnstile: url, seed: random.uint32() };
      const moment = { tap: 2 + random.below(LAST_TAP - 1), share: random.below(1000) / 1000 };
      await runAndKill(start, moment);
      ledger = await compareLedgers(venue);
      if (ledger.lost + ledger.doubled > 0) {
        throw new Error(JSON.stringify({ killed: moment, cycle, ...ledger }));
      }
      if (cycle % 20 === 0) progress(`${cycle} killed, ${ledger.admitted} admitted`);
    }
    if (!ledger || ledger.opened === 0) throw new Error('nothing was opened: nothing was tried');
    return { cycles, ...ledger };
  } finally {
    await ended(turnstile);
  }
}

interface Moment {
  /** From 2. */
  readonly tap: number;
  /** How far into it, as far as the one before tells: 0 to 1. */
  readonly share: number;
}

/** The gate says when a card comes: so instants are spread over a tap, on fast machines and busy ones. */
async function runAndKill(start: LoopStart, { tap, share }: Moment): Promise<void> {
  const child = fork(new URL('./gate-loop.js', import.meta.url), { serialization: 'advanced' });
  const closed = once(child, 'close');
  const came: number[] = [];
  const reached = new Promise<void>((resolve) => {
    child.on('message', () => {
      if (came.push(performance.now()) === tap) resolve();
    });
  });
  child.send(start);
  await Promise.race([reached, closed]);
  await setTimeout(share * (came.at(-1)! - came.at(-2)!));
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error('the gate that was to be killed ended by itself');
}

/** It ends when nobody listens to it any more. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}
