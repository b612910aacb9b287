import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import type { Whitelist } from '@pinless-gate/gate-firmware/whitelist/store';
import { bundleOf, openListGate } from './gate.ts';
import { markedEntries, markOf, Press } from './press.ts';

const ENTRIES = 500;
const BUCKET_BITS = 2;
/** At once, and looks of each: a tap looks several times, and others come between. */
const TAPS = 4;
const LOOKS = 50;

export interface SwapReport {
  readonly swaps: number;
  readonly lookups: number;
  /** Taps that began with one list and ended when another was in force. */
  readonly overtaken: number;
}

/**
 * Looks cards up while lists are swapped (faults.md W11). Throws where a tap gets an answer of another version than
 * the one it began with.
 */
export async function swapWhileLooking(
  root: string,
  { swaps, lookups }: { swaps: number; lookups: number },
): Promise<SwapReport> {
  const press = new Press();
  const { journal, parts } = openListGate(root, press.trust);
  const { lists } = await openLists(parts(bundleOf(root, 1)));
  const swapTo = async (version: number) => {
    const entries = markedEntries(ENTRIES, version);
    const printed = { version, entries, bucketBits: BUCKET_BITS };
    press.print(join(root, 'bundles', String(version)), printed);
    await update(parts(bundleOf(root, version)), lists);
  };
  const keys = markedEntries(ENTRIES, 0).map(({ conversionValue }) => conversionValue);
  const report = { swaps: 0, lookups: 0, overtaken: 0 };
  let next = 0;
  const look = async (list: Whitelist | undefined) => {
    const { version } = list!.passport;
    for (let i = 0; i < LOOKS; i++) {
      const sealed = list!.find(keys[next++ % keys.length]!);
      if (!sealed || markOf(sealed) !== version) {
        throw new Error(`a tap of version ${version} got ${sealed && markOf(sealed)}`);
      }
      report.lookups++;
      await setImmediate();
    }
    if (lists.current !== list) report.overtaken++;
  };
  const done = () => report.swaps >= swaps && report.lookups >= lookups;
  const lane = async () => {
    while (!done()) await lists.use(look);
  };
  try {
    await swapTo(1);
    const swapping = async () => {
      for (; report.swaps < swaps; report.swaps++) await swapTo(report.swaps + 2);
    };
    await Promise.all([swapping(), ...Array.from({ length: TAPS }, lane)]);
    return report;
  } finally {
    await lists.close();
    await journal.close();
  }
}
