import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession } from 'playwright-core';
import type { LoopStart } from '../kill/gate-loop.ts';
import { compareLedgers, openingsOf } from '../kill/ledger.ts';
import type { Venue } from '../kill/venue.ts';
import { launchBrowser } from '../screens/stage.ts';

// A gate that serves one card after the other and the browser that shows it: what leaks shows as a slope.

/** KiB for each thousand taps. */
export interface Slopes {
  /** Resident, of the gate's process; its heap is collected when it likes. */
  readonly gate: number;
  /** JavaScript heap of the display's page after a forced collection. */
  readonly page: number;
}

export interface Soaked {
  readonly taps: number;
  /** Opened for, and not in the journal; the other way round twice. */
  readonly lost: number;
  readonly doubled: number;
  readonly slopes: Slopes;
}

export interface SoakOptions {
  readonly taps: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

interface Look {
  readonly tap: number;
  readonly gate: number;
  readonly page: number;
}

const LOOKS = 40;
/** Caches fill and code is compiled: not part of the slope. */
const WARM_UP = 0.3;

export async function soakTaps(
  venue: Venue,
  { taps, seed, progress }: SoakOptions,
): Promise<Soaked> {
  const turnstile = fork(new URL('../kill/turnstile.js', import.meta.url), [openingsOf(venue)]);
  const gate = fork(new URL('../kill/gate-loop.js', import.meta.url), {
    serialization: 'advanced',
  });
  const browser = await launchBrowser();
  try {
    const [url] = (await once(turnstile, 'message')) as [string];
    gate.send({ venue, turnstile: url, seed, display: true } satisfies LoopStart);
    const [{ display }] = (await once(gate, 'message')) as [{ display: string }];
    const page = await browser.newPage();
    await page.goto(display);
    const cdp = await page.context().newCDPSession(page);
    const served = new Served(gate);
    const looks: Look[] = [];
    for (let look = 1; look <= LOOKS; look++) {
      const tap = Math.round((taps * look) / LOOKS);
      await served.until(tap);
      looks.push({ tap, gate: residentKib(gate.pid!), page: await heapKib(cdp) });
      if (look % 10 === 0) progress(JSON.stringify(looks.at(-1)));
    }
    await killed(gate);
    const { lost, doubled } = await compareLedgers(venue);
    const steady = looks.filter((one) => one.tap > taps * WARM_UP);
    const slopes = { gate: slope(steady, 'gate'), page: slope(steady, 'page') };
    return { taps, lost, doubled, slopes };
  } finally {
    await browser.close();
    await killed(gate);
    turnstile.disconnect();
  }
}

/** Counts the cards that a gate says it has seen. */
class Served {
  #count = 0;
  #meant = 0;
  #reached: (() => void) | undefined;
  readonly #ended: Promise<never>;

  constructor(gate: ChildProcess) {
    gate.on('message', () => {
      this.#count += 1;
      if (this.#count >= this.#meant) this.#reached?.();
    });
    this.#ended = once(gate, 'exit').then(([code]) => {
      throw new Error(`the gate ended with ${code}`);
    });
    // That it is killed at the end is no failure.
    this.#ended.catch(() => undefined);
  }

  async until(count: number): Promise<void> {
    if (this.#count >= count) return;
    const reached = new Promise<void>((resolve) => {
      this.#meant = count;
      this.#reached = resolve;
    });
    await Promise.race([reached, this.#ended]);
  }
}

function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

async function heapKib(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize / 1024;
}

/** Least squares, for each thousand taps. */
function slope(looks: readonly Look[], what: 'gate' | 'page'): number {
  const mean = (of: (look: Look) => number) =>
    looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const x = mean(({ tap }) => tap);
  const y = mean((look) => look[what]);
  const together = mean((look) => (look.tap - x) * (look[what] - y));
  const alone = mean(({ tap }) => (tap - x) ** 2);
  return Math.round((1000 * together) / alone);
}

async function killed(gate: ChildProcess): Promise<void> {
  if (gate.exitCode !== null || gate.signalCode !== null) return;
  const exited = once(gate, 'exit');
  gate.kill('SIGKILL');
  await exited;
}
