import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Random } from '../fuzz/random.ts';
import type { LoopStart } from './gate-loop.ts';
import { compareLedgers, type Ledger, openingsOf } from './ledger.ts';
import type { Venue } from './venue.ts';

/** From the first word of a gate to well into its taps. */
const LONGEST_MS = 150;

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
      const afterMs = random.below(1000 * LONGEST_MS) / 1000;
      await runAndKill(start, afterMs);
      ledger = await compareLedgers(venue);
      if (ledger.lost + ledger.doubled > 0) {
        throw new Error(`killed after ${afterMs} ms: ${JSON.stringify({ cycle, ...ledger })}`);
      }
      if (cycle % 20 === 0) progress(`${cycle} killed, ${ledger.admitted} admitted`);
    }
    if (!ledger || ledger.opened === 0) throw new Error('nothing was opened: nothing was tried');
    return { cycles, ...ledger };
  } finally {
    await ended(turnstile);
  }
}

async function runAndKill(start: LoopStart, afterMs: number): Promise<void> {
  const child = fork(new URL('./gate-loop.js', import.meta.url), { serialization: 'advanced' });
  const closed = once(child, 'close');
  child.send(start);
  await Promise.race([once(child, 'message'), closed]);
  await setTimeout(afterMs);
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
