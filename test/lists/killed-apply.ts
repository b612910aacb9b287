import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openLists, update } from '@pinless-gate/gate-firmware/whitelist/follow';
import { Random } from '../fuzz/random.ts';
import { bundleOf, openListGate } from './gate.ts';
import { runAndKill } from './kill.ts';
import { markedEntries, markOf, Press } from './press.ts';

const ENTRIES = 1500;
const BUCKET_BITS = 2;
/** More than one process applies before it is killed. */
const AHEAD = 30;
/** From the first line of the program to well into its work. */
const LONGEST_MS = 250;

export interface KillReport {
  readonly kills: number;
  /** Versions applied by processes that were killed. */
  readonly applied: number;
  /** Kills after which the newest list was one that the process had not told of any more. */
  readonly untold: number;
  /** Kills that left a list behind which was being built. */
  readonly unfinished: number;
}

/**
 * Kills a gate that applies lists at random moments (faults.md W10). Throws where it does not start again with the
 * old list or the new one, whole; or with a lower version than it had ever told.
 */
export async function killApplies(
  root: string,
  { times, seed }: { times: number; seed: number },
): Promise<KillReport> {
  const random = new Random(seed);
  const press = new Press();
  let printed = 0;
  const printTo = (last: number) => {
    while (printed < last) {
      const version = ++printed;
      const entries = markedEntries(ENTRIES, version);
      press.print(join(root, 'bundles', String(version)), {
        ...{ version, entries, bucketBits: BUCKET_BITS },
      });
    }
  };
  printTo(1);
  let version = await restart(root, press, 1);
  const report = { kills: 0, applied: 0, untold: 0, unfinished: 0 };
  for (; report.kills < times; report.kills++) {
    printTo(version + AHEAD);
    const afterMs = random.below(LONGEST_MS);
    const start = { root, trust: press.trust, first: version + 1, last: printed };
    const entry = new URL('./apply-loop.js', import.meta.url);
    const told = Math.max(version, await runAndKill(entry, start, afterMs));
    const names = readdirSync(join(root, 'lists'));
    if (names.some((name) => name.endsWith('.building'))) report.unfinished++;
    const next = await restart(root, press);
    if (next < told || next > told + 1) {
      throw new Error(`killed after ${afterMs} ms at version ${told}: started with ${next}`);
    }
    report.applied += next - version;
    if (next > told) report.untold++;
    version = next;
  }
  printTo(version + 1);
  await restart(root, press, version + 1);
  const left = readdirSync(join(root, 'lists')).length;
  if (left > 3) throw new Error(`${left} files and lists are left`);
  return report;
}

/** As a gate starts: every entry must be of the version that is in force. Then takes `next`, where it is given. */
async function restart(root: string, press: Press, next?: number): Promise<number> {
  const { journal, parts } = openListGate(root, press.trust);
  const { lists, error } = await openLists(parts(bundleOf(root, next ?? 1)));
  try {
    if (error) throw error;
    if (next !== undefined) await update(parts(bundleOf(root, next)), lists);
    const { version } = lists.current!.passport;
    for (const { conversionValue } of markedEntries(ENTRIES, version)) {
      const sealed = lists.current!.find(conversionValue);
      if (!sealed || markOf(sealed) !== version) throw new Error(`version ${version} is not whole`);
    }
    const floor = journal.listFloor(press.trust.eventId);
    if (floor !== version) throw new Error(`version ${version} with floor ${floor}`);
    return version;
  } finally {
    await lists.close();
    await journal.close();
  }
}
